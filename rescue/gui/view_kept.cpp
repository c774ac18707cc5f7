// SPDX-License-Identifier: GPL-2.0-or-later
// Originals that earlier repairs kept in the guests: a list of the repairs on the left, the files
// of the chosen one on the right, each with what became of it since.
#include "gui/views.hpp"

#include "base/text.hpp"
#include "gui/shown.hpp"

#include <algorithm>

namespace lifeboat::gui {

namespace {

using session::KeptFileInfo;
using session::KeptInfo;

Mark state_of(const KeptFileInfo& file) {
    if (!file.copy_is_good)
        return {Tone::critical, "COPY DAMAGED"};
    if (file.state == "as_left")
        return {Tone::good, "UNCHANGED SINCE"};
    if (file.state == "original")
        return {Tone::info, "IS THE ORIGINAL"};
    if (file.state == "changed")
        return {Tone::warning, "CHANGED SINCE"};
    return file.state == "gone" ? Mark{Tone::warning, "GONE"}
                                : Mark{Tone::critical, "CANNOT BE READ"};
}

std::string what_happens(const KeptFileInfo& file) {
    if (file.kind == "created")
        return "is removed again";
    if (file.kind == "removed")
        return "is made again";
    return file.kind == "renamed" ? "gets its name " + shown(file.from) + " again"
                                  : "gets its old content again";
}

// "20261127T080000Z" as a person writes it; anything else as it is.
std::string time_of(const std::string& name) {
    if (name.size() != 16 || name[8] != 'T' || name[15] != 'Z')
        return shown(name);
    return shown(name.substr(0, 4) + "-" + name.substr(4, 2) + "-" + name.substr(6, 2) + " " +
                 name.substr(9, 2) + ":" + name.substr(11, 2) + ":" + name.substr(13, 2) + " UTC");
}

void draw_sets(View& view, const Box& box) {
    auto& ui = view.ui;
    ui.begin_panel("sets", box, "Repairs");
    for (std::size_t i = 0; i < view.model.kept.size(); ++i) {
        const auto& kept = view.model.kept[i];
        const auto id = "kept." + std::to_string(i);
        const auto tone = kept.problem ? Tone::critical : Tone::normal;
        // Not by the arrows alone, as in the preview: Tab leads through this list to the files.
        if (ui.row(id, {{},
                        tone,
                        time_of(kept.time),
                        shown(kept.guest) + ", " + count_of(kept.files.size(), "file", "files"),
                        view.model.open_kept == i}))
            view.commands.push_back({Do::open_kept, {}, i, false});
    }
    ui.end_panel();
}

void draw_files(View& view, const KeptInfo& kept, const Box& box) {
    auto& ui = view.ui;
    ui.begin_panel("files", box, "Originals in " + shown(kept.folder));
    if (!kept.repairs.empty())
        ui.text("Kept by: " + shown(join(kept.repairs, ", ")), Tone::dim);
    if (kept.problem)
        draw_error(view, *kept.problem);
    for (const auto& file : kept.files) {
        const auto mark = state_of(file);
        if (ui.checkbox("file." + file.path, shown(file.path),
                        view.model.put_back.count(file.path) != 0, can_put_back(view.model, file)))
            view.commands.push_back({Do::toggle_file, {}, 0, false, file.path});
        ui.badge(mark.word, mark.tone);
        if (can_put_back(view.model, file)) {
            ui.beside();
            ui.text(what_happens(file), Tone::dim);
        }
        ui.gap(6);
    }
    const bool newer = std::any_of(kept.files.begin(), kept.files.end(), [](const auto& file) {
        return file.state == "changed" || file.state == "gone";
    });
    ui.gap(6);
    if (ui.checkbox("force", "Also files that were changed since; those changes are lost",
                    view.model.force, newer))
        view.ask(Do::toggle_force);
    ui.end_panel();
}

} // namespace

void view_kept(View& view) {
    auto& ui = view.ui;
    const auto& body = view.body;
    const auto* kept = shown_kept(view.model);
    const float height = body.height - kButtons;
    const float left = std::clamp(body.width * 0.28F, 220.0F, 300.0F);
    draw_sets(view, {body.x, body.y, left, height});
    if (kept)
        draw_files(view, *kept,
                   {body.x + left + kMargin, body.y, body.width - left - kMargin, height});
    ui.place(body.x, body.y + body.height - kButtons + 14);
    const auto chosen = view.model.put_back.size();
    const auto label = chosen == 0 ? std::string("Preview")
                                   : "Preview putting back " + count_of(chosen, "file", "files");
    if (ui.button("preview-restore", label, Look::primary, chosen > 0))
        view.ask(Do::preview_restore);
    ui.beside();
    if (ui.button("back", "Back"))
        view.ask(Do::back);
}

} // namespace lifeboat::gui
