// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/menu_state.hpp"

#include "base/text.hpp"
#include "session/documents.hpp"
#include "session/ways.hpp"

#include <algorithm>

namespace lifeboat::cli {

using session::Outcome;
using session::Verdict;

namespace {

int rank(const session::FindingInfo& finding) {
    if (finding.outcome == Outcome::trouble)
        return finding.severity == "critical" ? 0 : finding.severity == "warning" ? 1 : 3;
    return finding.outcome == Outcome::could_not_look ? 2 : 4;
}

std::string disk_text(const session::DiskInfo& disk) {
    std::string out =
        "  " + printable(disk.path) + ", " + human_size(disk.size) +
        (disk.table == "none" ? ", no partition table" : ", " + printable(disk.table)) + "\n";
    for (const auto& volume : disk.volumes) {
        out +=
            "    " + volume.id + ": " + printable(volume.content) + ", " + human_size(volume.size);
        out += volume.label.empty() ? "\n" : ", \"" + printable(volume.label) + "\"\n";
    }
    for (const auto& note : disk.notes)
        out += "    " + printable(note) + "\n";
    return out;
}

std::string verdict_text(Verdict verdict) {
    switch (verdict) {
    case Verdict::healthy: return "healthy";
    case Verdict::repairable: return "can be repaired";
    case Verdict::refused: return "REFUSED, nothing may be changed";
    }
    return {};
}

// "w 1 [ ] ..." for each way past what stands in the way of a guest.
std::string ways_text(const MenuState& state) {
    std::string out;
    std::size_t number = 0;
    for (const auto& guest : state.inspection->guests)
        for (const auto& way : session::ways_of(guest)) {
            const bool yes = state.agreed.count({guest.id, std::string(way.option)}) != 0;
            out += session::wrapped(
                guest.id + ": " + std::string(way.title) + ". " + std::string(way.price),
                "  w " + std::to_string(++number) + (yes ? " [x] " : " [ ] "), "          ");
        }
    return out.empty() ? out : "\nPast what stands in the way (type w and the number)\n" + out;
}

std::string guest_text(const session::GuestInfo& guest) {
    std::string out = "  " + guest.id + ": " + printable(guest.title) + ", " +
                      printable(guest.volume) + ": " + verdict_text(guest.verdict) + "\n";
    for (const auto& obstacle : guest.obstacles)
        out += "    " + printable(obstacle.text()) + "\n";
    return out;
}

} // namespace

std::string mark_of(const session::FindingInfo& finding) {
    switch (finding.outcome) {
    case Outcome::healthy: return "OK";
    case Outcome::not_applicable: return "DOES NOT APPLY";
    case Outcome::could_not_look: return "NOT CHECKED";
    case Outcome::trouble: break;
    }
    if (finding.severity == "critical")
        return "CRITICAL";
    return finding.severity == "warning" ? "WARNING" : "INFO";
}

void MenuState::take(session::Inspection seen) {
    inspection = std::move(seen);
    rows.clear();
    // A price is agreed to for these disks as they were.
    agreed.clear();
    choose_what_matters();
    const auto& findings = inspection->findings;
    for (std::size_t i = 0; i < findings.size(); ++i)
        if (findings[i].outcome == Outcome::trouble ||
            findings[i].outcome == Outcome::could_not_look)
            rows.push_back(i);
    std::stable_sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
        return rank(findings[a]) < rank(findings[b]);
    });
}

void MenuState::take(Result<std::vector<session::KeptInfo>> originals) {
    kept.clear();
    kept_error.reset();
    if (originals)
        kept.assign(originals->rbegin(), originals->rend());
    else
        kept_error = std::move(originals).error();
}

void MenuState::choose_what_matters() {
    chosen.clear();
    preview.reset();
    const auto& findings = inspection->findings;
    for (std::size_t i = 0; i < findings.size(); ++i)
        if (can_repair(findings[i]) && findings[i].severity != "info")
            chosen.insert(i);
}

bool MenuState::toggle_way(std::size_t number) {
    for (const auto& guest : inspection->guests)
        for (const auto& way : session::ways_of(guest)) {
            if (--number != 0)
                continue;
            const session::Agreement yes{guest.id, std::string(way.option)};
            if (agreed.erase(yes) == 0)
                agreed.insert(yes);
            choose_what_matters();
            return true;
        }
    return false;
}

const session::GuestInfo* MenuState::guest(const std::string& id) const {
    if (inspection)
        for (const auto& one : inspection->guests)
            if (one.id == id)
                return &one;
    return nullptr;
}

bool MenuState::can_repair(const session::FindingInfo& finding) const {
    const auto* where = guest(finding.guest);
    return finding.outcome == Outcome::trouble && where && session::may_change(*where, agreed);
}

std::vector<session::Choice> MenuState::choices() const {
    std::vector<session::Choice> out;
    for (const auto index : chosen)
        out.push_back({inspection->findings[index].id, inspection->findings[index].guest});
    return out;
}

std::string overview_text(const MenuState& state) {
    const auto& seen = *state.inspection;
    std::string out = "\nDisks\n";
    for (const auto& disk : seen.disks)
        out += disk_text(disk);
    for (const auto& unreadable : seen.unreadable)
        out += "  could not read " + printable(unreadable.volume) + ": " +
               printable(unreadable.why.text()) + "\n";
    out += "\nOperating systems\n";
    if (seen.guests.empty())
        out += "  none was found on these disks\n";
    for (const auto& guest : seen.guests)
        out += guest_text(guest);
    out += ways_text(state);
    out += "\nFindings ([x]: chosen for repair)\n";
    if (state.rows.empty())
        out += "  no problem was found\n";
    for (std::size_t i = 0; i < state.rows.size(); ++i) {
        const auto& finding = seen.findings[state.rows[i]];
        out += "  " + std::to_string(i + 1) + " " +
               (state.chosen.count(state.rows[i]) != 0 ? "[x] " : "[ ] ") + mark_of(finding) +
               ": " + printable(finding.title) + " (" + finding.guest + ")\n";
    }
    if (state.kept_error)
        out += "\nOriginals of earlier repairs could not be looked for: " +
               printable(state.kept_error->text()) + "\n";
    else if (!state.kept.empty())
        out += "\nOriginals of " + std::to_string(state.kept.size()) +
               (state.kept.size() == 1 ? " repair" : " repairs") +
               " are kept in the guests (type k)\n";
    return out;
}

std::string kept_list(const MenuState& state) {
    std::string out = "\nOriginals, newest first (type b and a number to put them back)\n";
    for (std::size_t i = 0; i < state.kept.size(); ++i)
        out += "\n" + std::to_string(i + 1) + "  " + session::kept_text({state.kept[i]});
    return state.kept.empty() ? "No originals are kept in these guests." : out;
}

std::string finding_text(const session::FindingInfo& finding, const session::GuestInfo* guest,
                         std::string_view page) {
    std::string out = "\n" + mark_of(finding) + ": " + printable(finding.title) + "\n" +
                      printable(finding.id) + " in " + finding.guest +
                      (guest ? ": " + printable(guest->title) : "") + "\n";
    if (!finding.evidence.empty())
        out += finding.outcome == Outcome::could_not_look ? "\nWhy it could not be checked\n"
                                                          : "\nWhat was seen\n";
    for (const auto& evidence : finding.evidence)
        out += "  - " + printable(evidence) + "\n";
    if (!finding.why.empty())
        out += "\nWhy it matters\n  " + printable(finding.why) + "\n";
    if (!finding.risk.empty())
        out += "\nWhat the repair could cost\n  " + printable(finding.risk) + "\n";
    if (!page.empty())
        out += "\n" + std::string(page) + "\n";
    return out;
}

} // namespace lifeboat::cli
