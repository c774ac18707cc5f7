// SPDX-License-Identifier: GPL-2.0-or-later
// The last question before something is written, and before it is undone.
#include "gui/views.hpp"

#include "base/text.hpp"
#include "gui/shown.hpp"

namespace lifeboat::gui {

void view_confirm(View& view) {
    auto& ui = view.ui;
    const auto& model = view.model;
    if (!model.preview)
        return;
    const auto box = card(view);
    ui.begin_panel("question", box, "This is the first moment at which the disk is written.");
    for (const auto& disk : model.preview->blocks)
        ui.text(shown(disk.disk) + ":  " + count_of(disk.blocks, "block", "blocks") + ", " +
                human_size(disk.bytes));
    ui.text(count_of(model.preview->repairs.size(), "repair", "repairs") + " in " +
            count_of(model.preview->files.size(), "file", "files"));
    ui.gap(8);
    ui.text("Before the first block is written, the old content of all of them is kept in an undo "
            "file. Undo works as long as the guest has not been started.");
    if (model.can_power)
        ui.text("The undo file lies in the memory of this rescue system: it is gone after a "
                "restart. Take a snapshot of the disk at your hoster if you want to keep more.",
                Tone::warning);
    ui.gap(10);
    if (ui.checkbox("confirm", "I have read the preview. Write these changes.", model.confirmed))
        view.commands.push_back({Do::confirm, {}, 0, !model.confirmed});
    ui.gap(10);
    if (ui.button("apply", "Apply now", Look::danger, model.confirmed))
        view.ask(Do::apply);
    ui.beside();
    if (ui.button("back", "Back to the preview"))
        view.ask(Do::back);
    ui.end_panel();
}

void view_confirm_undo(View& view) {
    auto& ui = view.ui;
    const auto& files = view.model.undo_files;
    ui.begin_panel("question", card(view), "Put the old content back?");
    if (!files.empty())
        ui.text("From the undo file " + shown(files.back()));
    ui.gap(4);
    ui.text("Every block that the last change wrote gets its old content again. This is refused "
            "when something else has written to these blocks since.");
    ui.gap(10);
    if (ui.button("undo-now", "Undo now", Look::danger, !files.empty()))
        view.ask(Do::undo);
    ui.beside();
    if (ui.button("back", "Back"))
        view.ask(Do::back);
    ui.end_panel();
}

} // namespace lifeboat::gui
