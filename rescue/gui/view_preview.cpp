// SPDX-License-Identifier: GPL-2.0-or-later
// Every change that would be written: a list on the left, the chosen entry in full on the right.
#include "gui/views.hpp"

#include "base/text.hpp"
#include "gui/shown.hpp"

#include <algorithm>
#include <map>

namespace lifeboat::gui {

namespace {

using session::FileChangeInfo;
using session::Preview;

// Entry 0 is the summary, then the files, then the blocks.
std::size_t entries_of(const Preview& preview) { return preview.files.size() + 2; }

std::string_view last_part(std::string_view path) {
    const auto slash = path.find_last_of("/\\");
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

void draw_sentences(View& view, const Preview& preview) {
    auto& ui = view.ui;
    for (const auto& repair : preview.repairs) {
        ui.text(shown(repair.title), Tone::normal, Font::bold);
        ui.text(shown(guest_name(view.model, repair.guest)) + "   " + shown(repair.id), Tone::dim);
        for (const auto& sentence : repair.sentences)
            ui.text("-  " + shown(sentence));
        ui.gap(6);
    }
    if (preview.repairs.empty())
        ui.text("No repair is staged.", Tone::dim);
    if (!preview.conflicts.empty())
        ui.text("Left alone", Tone::warning, Font::bold);
    for (const auto& conflict : preview.conflicts)
        ui.text("-  " + shown(conflict.path) + ": " + shown(conflict.why), Tone::warning);
}

// "before -> after" of one registry value, with words for what has no colour.
void draw_value(Ui& ui, const session::RegistryChangeInfo& change) {
    const std::string name = change.value.empty() ? "(the key)" : shown(change.value);
    ui.line("  " + name, Tone::normal);
    if (!change.before.empty())
        for (const auto& line : shown_lines(change.before))
            ui.line("  -  " + line, Tone::removed);
    if (!change.after.empty())
        for (const auto& line : shown_lines(change.after))
            ui.line("  +  " + line, Tone::added);
    if (change.before.empty() && change.after.empty())
        ui.line("     changed", Tone::dim);
}

void draw_registry(Ui& ui, const FileChangeInfo& file) {
    std::string key;
    for (const auto& change : file.registry) {
        const std::string where = shown(change.hive + "\\" + change.key);
        if (where != key) {
            ui.gap(4);
            ui.text(where, Tone::normal, Font::bold);
            key = where;
        }
        draw_value(ui, change);
    }
}

void draw_diff(Ui& ui, const std::string& diff) {
    for (const auto& line : shown_lines(diff)) {
        const bool header = line.starts_with("---") || line.starts_with("+++");
        Tone tone = Tone::normal;
        if (header || line.starts_with("@@"))
            tone = Tone::dim;
        else if (line.starts_with("+"))
            tone = Tone::added;
        else if (line.starts_with("-"))
            tone = Tone::removed;
        ui.line(line, tone);
    }
}

void draw_file(Ui& ui, const FileChangeInfo& file) {
    ui.text(shown(file.path), Tone::normal, Font::bold);
    ui.text(shown(file.volume) + ", " + shown(file.kind) + ", " + human_size(file.before_size) +
                " before, " + human_size(file.after_size) + " after",
            Tone::dim);
    if (!file.from.empty())
        ui.text("It was " + shown(file.from) + " before.");
    if (!file.target.empty())
        ui.text("It is a link to " + shown(file.target) + ".");
    ui.gap(4);
    draw_registry(ui, file);
    draw_diff(ui, file.diff);
    if (file.registry.empty() && file.diff.empty() && file.kind == "changed")
        ui.text("The content is not text; it is replaced as a whole.", Tone::dim);
}

void draw_blocks(Ui& ui, const Preview& preview) {
    ui.text("What is written to the disks", Tone::normal, Font::bold);
    ui.text("Only blocks whose content changes are written. An undo file with their old content is "
            "complete before the first one.",
            Tone::dim);
    ui.gap(4);
    for (const auto& disk : preview.blocks)
        ui.text(shown(disk.disk) + ":  " + count_of(disk.blocks, "block", "blocks") + ", " +
                human_size(disk.bytes));
    if (preview.blocks.empty())
        ui.text("No block changes.");
}

void draw_entry(View& view, const Preview& preview, std::size_t entry) {
    auto& ui = view.ui;
    if (entry == 0)
        draw_sentences(view, preview);
    else if (entry <= preview.files.size())
        draw_file(ui, preview.files[entry - 1]);
    else
        draw_blocks(ui, preview);
}

void draw_list(View& view, const Preview& preview, const Box& box) {
    auto& ui = view.ui;
    ui.begin_panel("entries", box);
    const auto count = entries_of(preview);
    for (std::size_t i = 0; i < count; ++i) {
        std::string title = "What is done";
        std::string detail = count_of(preview.repairs.size(), "repair", "repairs");
        Tone tone = Tone::info;
        if (i > 0 && i <= preview.files.size()) {
            const auto& file = preview.files[i - 1];
            title = shown(last_part(file.path));
            detail = shown(file.kind) + ", " + shown(file.volume);
            tone = Tone::normal;
        } else if (i > 0) {
            title = "Blocks";
            std::uint64_t blocks = 0;
            for (const auto& disk : preview.blocks)
                blocks += disk.blocks;
            detail = count_of(blocks, "block is written", "blocks are written");
        }
        const auto id = "entry." + std::to_string(i);
        const bool clicked = ui.row(id, {{}, tone, title, detail, view.model.entry == i});
        // The page follows the keyboard, so that arrows alone read everything.
        const auto* widget = ui.find(id);
        if ((clicked || (widget && widget->focused)) && view.model.entry != i)
            view.commands.push_back({Do::show_entry, {}, i, false});
    }
    ui.end_panel();
}

void draw_buttons(View& view, const Preview& preview) {
    auto& ui = view.ui;
    ui.place(view.body.x, view.body.y + view.body.height - kButtons + 14);
    if (ui.button("ask-apply", "Apply...", Look::primary, !preview.empty()))
        view.ask(Do::ask_apply);
    ui.beside();
    if (ui.button("back", "Back, change nothing"))
        view.ask(Do::back);
    ui.beside();
    ui.line("   PgUp and PgDn scroll the text", Tone::dim, Font::text);
}

} // namespace

void view_preview(View& view) {
    auto& ui = view.ui;
    const auto& body = view.body;
    if (!view.model.preview)
        return;
    const auto& preview = *view.model.preview;
    const float height = body.height - kButtons;
    const float left = std::clamp(body.width * 0.32F, 240.0F, 330.0F);
    draw_list(view, preview, {body.x, body.y, left, height});
    // One document per entry, so that each keeps its own place.
    ui.begin_document("document." + std::to_string(view.model.entry),
                      {body.x + left + kMargin, body.y, body.width - left - kMargin, height});
    if (preview.empty())
        ui.text("These repairs change nothing.", Tone::normal, Font::bold);
    draw_entry(view, preview, view.model.entry);
    ui.end_document();
    draw_buttons(view, preview);
}

} // namespace lifeboat::gui
