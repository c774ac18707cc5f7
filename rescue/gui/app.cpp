// SPDX-License-Identifier: GPL-2.0-or-later
#include "gui/app.hpp"

#include "base/text.hpp"
#include "gui/views.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace lifeboat::gui {

App::App(session::Engine& engine, std::function<void()> wake, bool can_power, Marks marks)
    : engine_(engine), marks_(std::move(marks)), worker_(engine, std::move(wake)) {
    model_.can_power = can_power;
}

void App::start() { handle({Do::look, {}, 0, false}); }

void App::mark(const std::string& line) const {
    if (marks_)
        marks_(line);
}

void App::handle(const Command& command) {
    const bool was_cancelling = model_.cancelling;
    const auto power = model_.power;
    dirty_ = true;
    if (auto job = update(model_, command))
        worker_.start(std::move(*job));
    if (model_.cancelling && !was_cancelling)
        worker_.cancel();
    if (model_.power != power)
        mark(model_.power == Power::reboot ? "restarting" : "powering off");
}

bool App::collect() {
    if (model_.work == Work::none)
        return false;
    auto status = worker_.status();
    bool news = status.doing != model_.doing || status.fraction != model_.fraction;
    model_.doing = std::move(status.doing);
    model_.fraction = status.fraction;
    if (auto finished = worker_.take()) {
        update(model_, *finished);
        mark_finished(*finished);
        news = true;
    }
    dirty_ = dirty_ || news;
    return news;
}

void App::mark_finished(const Finished& finished) const {
    if (finished.error)
        return mark("failed " + printable(finished.error->text()));
    if (finished.preview)
        mark("staged " + std::to_string(finished.preview->repairs.size()) + " repairs, " +
             std::to_string(finished.preview->files.size()) + " files");
    if (finished.commit)
        mark((finished.work == Work::undo ? "undone " : "applied ") +
             std::to_string(finished.commit->blocks) + " blocks, undo file " +
             printable(finished.commit->undo_file));
    if (finished.inspection) {
        const auto& seen = *finished.inspection;
        const auto trouble =
            std::count_if(seen.findings.begin(), seen.findings.end(),
                          [](const auto& one) { return one.outcome == session::Outcome::trouble; });
        mark("looked at " + std::to_string(seen.disks.size()) + " disks, " +
             std::to_string(seen.guests.size()) + " guests, " + std::to_string(trouble) +
             " problems");
    }
}

// A new page tells the test driver its name, and once it is settled, where its widgets are.
void App::follow_page() {
    const auto name = std::string(page_name(model_)) + "." + model_.open.guest + model_.open.id;
    if (name != page_) {
        page_ = name;
        ui_.new_page(first_focus(model_));
        dirty_ = true;
        mark_page_ = true;
        return;
    }
    if (!mark_page_ || ui_.unsettled())
        return;
    mark_page_ = false;
    if (!marks_)
        return;
    mark("page " + std::string(page_name(model_)));
    for (const auto& widget : ui_.widgets()) {
        if (widget.panel || !widget.visible)
            continue;
        const auto number = [](float value) { return std::to_string(static_cast<int>(value)); };
        mark("widget " + printable(widget.id) + " " + number(widget.x) + " " + number(widget.y) +
             " " + number(widget.width) + " " + number(widget.height) +
             (widget.enabled ? "" : " disabled") + (widget.focused ? " focused" : ""));
    }
}

void App::frame(float width, float height, double seconds) {
    dirty_ = false;
    ui_.begin(width, height, seconds, model_.high_contrast);
    std::vector<Command> commands;
    View view{ui_, model_, commands, [this](std::string_view id) { return engine_.page(id); }, {}};
    draw(view);
    ui_.end();
    for (const auto& command : commands)
        handle(command);
    follow_page();
}

} // namespace lifeboat::gui
