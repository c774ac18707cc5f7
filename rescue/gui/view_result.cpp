// SPDX-License-Identifier: GPL-2.0-or-later
// What became of it: done, failed, and what to do next.
#include "gui/views.hpp"

#include "base/text.hpp"
#include "gui/shown.hpp"

#include <algorithm>

namespace lifeboat::gui {

namespace {

void draw_rest(Ui& ui, const Model& model) {
    if (!model.inspection) {
        ui.text(shown(model.note), Tone::warning);
        return;
    }
    const auto& findings = model.inspection->findings;
    const auto left = std::count_if(findings.begin(), findings.end(), [](const auto& one) {
        return one.outcome == session::Outcome::trouble;
    });
    if (left == 0)
        ui.text("The disks were looked at again: no problem is left.", Tone::good);
    else
        ui.text("The disks were looked at again: " +
                    count_of(static_cast<std::size_t>(left), "problem is", "problems are") +
                    " there now.",
                Tone::warning);
}

std::string_view what_failed(Work work) {
    switch (work) {
    case Work::look: return "The disks could not be looked at.";
    case Work::stage:
    case Work::restore: return "The changes could not be prepared. Nothing was written.";
    case Work::commit: return "The changes were not written completely.";
    case Work::undo: return "The old content could not be put back completely.";
    case Work::none: break;
    }
    return "Something went wrong.";
}

} // namespace

void view_result(View& view) {
    auto& ui = view.ui;
    const auto& model = view.model;
    ui.begin_panel("answer", card(view));
    ui.badge(model.undone ? "UNDONE" : "DONE", Tone::good);
    ui.text(model.undone ? "The old content is back." : "The changes are written.", Tone::normal,
            Font::title);
    if (model.commit)
        ui.text(count_of(model.commit->blocks, "block", "blocks") + ", " +
                human_size(model.commit->bytes));
    if (model.commit && !model.undone)
        ui.text("Undo file: " + shown(model.commit->undo_file), Tone::dim);
    ui.gap(6);
    draw_rest(ui, model);
    ui.gap(10);
    if (ui.button("overview", "To the overview", Look::primary))
        view.ask(Do::back);
    ui.beside();
    if (!model.undo_files.empty()) {
        if (ui.button("undo", "Undo..."))
            view.ask(Do::ask_undo);
        ui.beside();
    }
    if (model.can_power && ui.button("power", "Restart or power off..."))
        view.ask(Do::power_menu);
    ui.end_panel();
}

void view_failure(View& view) {
    auto& ui = view.ui;
    const auto& model = view.model;
    ui.begin_panel("answer", card(view));
    ui.badge("FAILED", Tone::critical);
    ui.text(what_failed(model.failed), Tone::normal, Font::title);
    ui.gap(4);
    if (model.error)
        draw_error(view, *model.error);
    ui.gap(10);
    if (ui.button("look", "Look again", Look::primary))
        view.ask(Do::look);
    ui.beside();
    if (ui.button("back", "To the overview"))
        view.ask(Do::back);
    ui.end_panel();
}

void view_power(View& view) {
    auto& ui = view.ui;
    const auto& model = view.model;
    ui.begin_panel("question", card(view), "Leave the rescue system");
    if (model.preview && !model.preview->empty())
        ui.text("The previewed changes are not written and will be dropped.", Tone::warning);
    if (!model.undo_files.empty())
        ui.text("The undo file is in memory: after this, what was written can not be undone here.",
                Tone::warning);
    ui.text("Detach the rescue medium at your hoster to start the guest from its own disk.");
    ui.gap(10);
    if (ui.button("reboot", "Restart"))
        view.ask(Do::reboot);
    ui.beside();
    if (ui.button("power-off", "Power off"))
        view.ask(Do::power_off);
    ui.beside();
    if (ui.button("back", "Back", Look::primary))
        view.ask(Do::back);
    ui.end_panel();
}

void view_working(View& view) {
    auto& ui = view.ui;
    const auto& model = view.model;
    ui.begin_panel("working", card(view));
    const bool writing = model.work == Work::commit || model.work == Work::undo;
    ui.text(writing ? "Writing to the disk. Do not switch off." : "Reading the disks", Tone::normal,
            Font::title);
    ui.gap(4);
    auto doing = shown(model.doing.empty() ? "Starting" : model.doing);
    if (model.cancelling)
        doing += "  (stopping)";
    if (model.fraction >= 0)
        doing += ":  " + std::to_string(static_cast<int>(model.fraction * 100)) + " %";
    ui.bar("progress", model.fraction, doing);
    if (!writing) {
        ui.gap(6);
        ui.text("Nothing is written in this step. Esc stops it.", Tone::dim);
    }
    ui.end_panel();
}

} // namespace lifeboat::gui
