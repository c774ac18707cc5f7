// SPDX-License-Identifier: GPL-2.0-or-later
// The screen's life, without a screen: model, worker and pages together. A platform (or a test)
// feeds input, asks for frames, and waits.
#pragma once

#include "gui/model.hpp"
#include "gui/ui.hpp"
#include "gui/worker.hpp"
#include "session/engine.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace lifeboat::gui {

// Lines for the log and for the test driver of the rescue medium; may be empty.
using Marks = std::function<void(const std::string& line)>;

class App {
public:
    // `wake` comes from another thread: a frame is wanted. `engine` must outlive the App.
    App(session::Engine& engine, std::function<void()> wake, bool can_power, Marks marks);

    // Starts to look at the disks.
    void start();
    // Takes what the worker has to say. True when there is something new to show.
    bool collect();
    // One frame at this size; `seconds` since the frame before.
    void frame(float width, float height, double seconds);
    // A frame is wanted although no input came.
    [[nodiscard]] bool wants_frame() const { return ui_.unsettled() || dirty_; }

    [[nodiscard]] Ui& ui() { return ui_; }
    [[nodiscard]] const Model& model() const { return model_; }
    void handle(const Command& command);

private:
    void mark(const std::string& line) const;
    void mark_finished(const Finished& finished) const;
    void follow_page();

    session::Engine& engine_;
    Marks marks_;
    Ui ui_;
    Model model_;
    std::string page_;       // of the last frame
    bool dirty_ = true;      // the model changed since the last frame
    bool mark_page_ = false; // widgets are still to be named for the test driver
    Worker worker_;
};

} // namespace lifeboat::gui
