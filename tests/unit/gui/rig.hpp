// SPDX-License-Identifier: GPL-2.0-or-later
// The screen without a display: a made-up guest, a person with keyboard and mouse, and pictures.
#pragma once

#include "gui/app.hpp"
#include "gui/platform.hpp"
#include "session/engine.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::gui::test {

// Two guests, five findings: two critical, one warning, one that could not be checked, one healthy.
[[nodiscard]] session::Inspection broken_guests();
[[nodiscard]] session::Preview sample_preview();

// Answers with what it was given and writes down what it was asked.
class FakeEngine final : public session::Engine {
public:
    std::vector<std::string> disks() const override { return {"/dev/vda"}; }
    Result<session::Inspection> look(Progress& progress) override;
    Result<std::vector<session::KeptInfo>> kept(Progress& progress) override;
    Result<session::Preview> stage(std::span<const session::Choice> choices,
                                   const session::Agreements& agreed, Progress& progress) override;
    Result<session::Preview> stage_restore(const session::RestoreChoice& choice,
                                           const session::Agreements& agreed,
                                           Progress& progress) override;
    void discard() override {}
    Result<session::CommitInfo> commit(Progress& progress) override;
    Result<session::CommitInfo> undo(const std::string& file, Progress& progress) override;
    std::optional<std::string_view> page(std::string_view id) const override;

    [[nodiscard]] std::vector<std::string> calls() const;
    [[nodiscard]] std::size_t count(std::string_view call) const;

    session::Inspection inspection = broken_guests();
    session::Preview preview = sample_preview();
    std::vector<session::KeptInfo> originals; // newest last
    std::optional<Error> look_error, stage_error, commit_error, kept_error;
    bool wait_for_cancel = false; // look() goes on until it is asked to stop

private:
    void note(const std::string& call);
    mutable std::mutex mutex_;
    std::vector<std::string> calls_;
};

class Rig {
public:
    explicit Rig(float width = 1024, float height = 768, bool can_power = true);

    FakeEngine engine;
    std::vector<std::string> marks;
    App app;

    // Starts, and waits until the disks have been looked at.
    void start();
    // Until no job runs, and the page has settled. False when that takes more than five seconds.
    bool settle();
    void frames(int count);
    void press(InputKey key);
    void hold(InputKey key);
    void release(InputKey key);
    // With the mouse, in the middle of the widget. False when there is no such widget to be seen.
    bool click(std::string_view id);
    // Presses Tab until the widget has the keyboard. False when it never gets it.
    bool tab_to(std::string_view id);
    [[nodiscard]] std::string focused();
    [[nodiscard]] const Widget* widget(std::string_view id) { return app.ui().find(id); }
    [[nodiscard]] const Model& model() const { return app.model(); }
    [[nodiscard]] Picture picture();
    // Goes from the overview to the confirmation of a preview.
    void to_confirm();

private:
    float width_, height_;
    std::unique_ptr<Painter> painter_;
};

} // namespace lifeboat::gui::test
