// SPDX-License-Identifier: GPL-2.0-or-later
// The one thread beside the screen's: it alone uses the engine, one job at a time.
#pragma once

#include "gui/model.hpp"
#include "session/engine.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace lifeboat::gui {

class Worker {
public:
    // `wake` is called from the worker's thread when there is something new to show, at most about
    // ten times a second. `engine` must outlive the worker.
    Worker(session::Engine& engine, std::function<void()> wake);
    // Asks the job to stop and waits for it.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Only when the job before is taken.
    void start(Job job);
    void cancel();

    struct Status {
        std::string doing;
        double fraction = -1;
    };
    [[nodiscard]] Status status() const;
    // What the job came to, once.
    [[nodiscard]] std::optional<Finished> take();

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Does the job now, in the calling thread.
[[nodiscard]] Finished run(session::Engine& engine, const Job& job, Progress& progress);

} // namespace lifeboat::gui
