// SPDX-License-Identifier: GPL-2.0-or-later
// Disks and operating systems on the left, findings on the right.
#include "gui/views.hpp"

#include "base/text.hpp"
#include "gui/shown.hpp"
#include "session/ways.hpp"

#include <algorithm>

namespace lifeboat::gui {

using session::Outcome;
using session::Verdict;

namespace {

std::string table_name(const std::string& table) {
    if (table == "mbr")
        return "MBR";
    if (table == "gpt")
        return "GPT";
    return table == "none" ? "no partition table" : shown(table);
}

void draw_disk(Ui& ui, const session::DiskInfo& disk, std::size_t number) {
    // A row, so that the keyboard gets here and the panel can be scrolled without a mouse.
    static_cast<void>(ui.row("disk." + std::to_string(number),
                             {{},
                              Tone::normal,
                              shown(disk.path),
                              human_size(disk.size) + ", " + table_name(disk.table),
                              false}));
    for (const auto& volume : disk.volumes) {
        std::string text =
            volume.id + ":  " + shown(volume.content) + ", " + human_size(volume.size);
        if (!volume.label.empty())
            text += ", \"" + shown(volume.label) + "\"";
        ui.text(text);
    }
    for (const auto& note : disk.notes)
        ui.text(shown(note), Tone::dim);
    ui.gap(6);
}

// What may be done all the same, at a price: never chosen by itself.
void draw_ways(View& view, const session::GuestInfo& guest) {
    auto& ui = view.ui;
    for (const auto& way : session::ways_of(guest)) {
        const session::Agreement yes{guest.id, std::string(way.option)};
        if (ui.checkbox("way." + yes.guest + "." + yes.option, way.title,
                        view.model.agreed.count(yes) != 0))
            view.commands.push_back({Do::toggle_way, {}, 0, false, {}, yes});
        ui.text(way.price, Tone::warning);
    }
}

void draw_guest(View& view, const session::GuestInfo& guest) {
    auto& ui = view.ui;
    std::string where = shown(guest.volume);
    if (!guest.architecture.empty())
        where += ", " + shown(guest.architecture);
    if (!guest.init.empty())
        where += ", " + shown(guest.init);
    const auto tone = guest.verdict == Verdict::refused      ? Tone::critical
                      : guest.verdict == Verdict::repairable ? Tone::info
                                                             : Tone::good;
    const auto title = shown(guest.title.empty() ? guest.id : guest.title);
    static_cast<void>(ui.row("guest." + guest.id, {{}, tone, title, where, false}));
    switch (guest.verdict) {
    case Verdict::healthy: ui.text("Healthy: no repair needed", Tone::good); break;
    case Verdict::repairable: ui.text("Can be repaired", Tone::info); break;
    case Verdict::refused:
        if (session::may_change(guest, view.model.agreed))
            ui.text("Can be repaired, at the price below", Tone::warning);
        else
            ui.text("Refused: nothing may be changed", Tone::critical);
        break;
    }
    for (const auto& obstacle : guest.obstacles) {
        ui.text(shown(obstacle.what) + ".");
        if (!obstacle.next.empty())
            ui.text("What to do: " + shown(obstacle.next) + ".");
    }
    draw_ways(view, guest);
    ui.gap(6);
}

void draw_left(View& view, const session::Inspection& seen, const Box& box) {
    auto& ui = view.ui;
    const float half = (box.height - kMargin) / 2;
    ui.begin_document("disks", {box.x, box.y, box.width, half}, "Disks", Ui::Keys::when_focused);
    for (std::size_t i = 0; i < seen.disks.size(); ++i)
        draw_disk(ui, seen.disks[i], i + 1);
    for (const auto& unreadable : seen.unreadable)
        ui.text("Could not read " + shown(unreadable.volume) + ": " + shown(unreadable.why.what),
                Tone::warning);
    ui.end_document();
    ui.begin_document("guests", {box.x, box.y + half + kMargin, box.width, half},
                      "Operating systems", Ui::Keys::when_focused);
    if (seen.guests.empty())
        ui.text("No operating system was found on these disks.", Tone::warning);
    for (const auto& guest : seen.guests)
        draw_guest(view, guest);
    ui.end_document();
}

bool worth_showing(const session::FindingInfo& finding) {
    return finding.outcome == Outcome::trouble || finding.outcome == Outcome::could_not_look;
}

int rank(const session::FindingInfo& finding) {
    switch (finding.outcome) {
    case Outcome::trouble:
        return finding.severity == "critical" ? 0 : finding.severity == "warning" ? 1 : 3;
    case Outcome::could_not_look: return 2;
    case Outcome::healthy: return 4;
    case Outcome::not_applicable: break;
    }
    return 5;
}

// What to show, the worst first, otherwise in the session's order.
std::vector<const session::FindingInfo*> in_order(const Model& model) {
    std::vector<const session::FindingInfo*> out;
    for (const auto& finding : model.inspection->findings)
        if (model.show_all || worth_showing(finding))
            out.push_back(&finding);
    std::stable_sort(out.begin(), out.end(),
                     [](const auto* a, const auto* b) { return rank(*a) < rank(*b); });
    return out;
}

void draw_finding(View& view, const session::FindingInfo& finding) {
    auto& ui = view.ui;
    const Key key{finding.guest, finding.id};
    const auto mark = mark_of(finding);
    const auto title = shown(finding.title);
    const auto detail = shown(guest_name(view.model, finding.guest));
    const bool possible = can_repair(view.model, finding);
    if (ui.checkbox(row_id("choose", key), "", view.model.chosen.count(key) != 0, possible))
        view.commands.push_back({Do::toggle, key, 0, false});
    ui.beside();
    if (ui.row(row_id("finding", key), {mark.word, mark.tone, title, detail, false}))
        view.commands.push_back({Do::open_finding, key, 0, false});
}

std::string summary(const session::Inspection& seen) {
    const auto trouble = static_cast<std::size_t>(
        std::count_if(seen.findings.begin(), seen.findings.end(),
                      [](const auto& one) { return one.outcome == Outcome::trouble; }));
    const auto unknown = static_cast<std::size_t>(
        std::count_if(seen.findings.begin(), seen.findings.end(),
                      [](const auto& one) { return one.outcome == Outcome::could_not_look; }));
    std::string out = trouble == 0 ? std::string("No problem was found")
                                   : count_of(trouble, "problem found", "problems found");
    if (unknown > 0)
        out += ", " + count_of(unknown, "check not possible", "checks not possible");
    return out;
}

void draw_right(View& view, const session::Inspection& seen, const Box& box) {
    auto& ui = view.ui;
    ui.begin_panel("findings", {box.x, box.y, box.width, box.height - kButtons}, summary(seen));
    if (!view.model.note.empty())
        ui.text(shown(view.model.note), Tone::warning);
    if (view.model.kept_error)
        ui.text("Originals of earlier repairs could not be looked for: " +
                    shown(view.model.kept_error->text()),
                Tone::warning);
    for (const auto* finding : in_order(view.model))
        draw_finding(view, *finding);
    ui.gap(4);
    if (ui.checkbox("show-all", "Show all " + count_of(seen.findings.size(), "check", "checks"),
                    view.model.show_all))
        view.commands.push_back({Do::show_all, {}, 0, !view.model.show_all});
    ui.end_panel();

    ui.place(box.x, box.y + box.height - kButtons + 14);
    const auto chosen = view.model.chosen.size();
    const auto label = chosen == 0 ? std::string("Preview the repair")
                                   : "Preview " + count_of(chosen, "repair", "repairs");
    if (ui.button("preview", label, Look::primary, chosen > 0))
        view.ask(Do::preview);
    ui.beside();
    if (ui.button("choose-all", "Choose all"))
        view.ask(Do::choose_all);
    ui.beside();
    if (ui.button("choose-none", "None"))
        view.ask(Do::choose_none);
    if (!view.model.undo_files.empty()) {
        ui.beside();
        if (ui.button("undo", "Undo last"))
            view.ask(Do::ask_undo);
    }
    if (!view.model.kept.empty()) {
        ui.beside();
        if (ui.button("kept", "Originals"))
            view.ask(Do::show_kept);
    }
}

} // namespace

void view_overview(View& view) {
    auto& ui = view.ui;
    const auto& body = view.body;
    if (!view.model.inspection) {
        ui.begin_panel("empty", card(view), "The disks have not been looked at");
        if (!view.model.note.empty())
            ui.text(shown(view.model.note), Tone::warning);
        ui.gap(6);
        if (ui.button("look", "Look at the disks", Look::primary))
            view.ask(Do::look);
        ui.end_panel();
        return;
    }
    const float left = std::clamp(body.width * 0.36F, 270.0F, 380.0F);
    draw_left(view, *view.model.inspection, {body.x, body.y, left, body.height});
    draw_right(view, *view.model.inspection,
               {body.x + left + kMargin, body.y, body.width - left - kMargin, body.height});
}

} // namespace lifeboat::gui
