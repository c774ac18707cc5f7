// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/inspect.hpp"
#include "session/stage.hpp"

#include <algorithm>

namespace lifeboat::session {

namespace {

bool matches(const Choice& choice, std::string_view repair, std::string_view guest) {
    return (choice.repair.empty() || choice.repair == repair) &&
           (choice.guest.empty() || choice.guest == guest);
}

bool chosen(std::span<const Choice> choices, std::string_view repair, std::string_view guest) {
    return choices.empty() ||
           std::any_of(choices.begin(), choices.end(),
                       [&](const Choice& choice) { return matches(choice, repair, guest); });
}

// Chosen by its own name, not as one of all.
bool asked_for(std::span<const Choice> choices, std::string_view repair, std::string_view guest) {
    return std::any_of(choices.begin(), choices.end(), [&](const Choice& choice) {
        return !choice.repair.empty() && matches(choice, repair, guest);
    });
}

Error no_guest(const guest::Found& found) {
    Error error{ErrorKind::not_found, "these disks",
                "no operating system that Lifeboat knows was found",
                "lifeboat layout shows what is there"};
    if (!found.unreadable.empty()) {
        error = found.unreadable.front().why;
        if (error.where.empty())
            error.where = found.unreadable.front().volume;
    }
    return error;
}

Result<void> check_choices(std::span<const Choice> choices, const guest::Found& found,
                           std::span<const repair::Repair> catalogue) {
    for (const auto& choice : choices) {
        const bool known = choice.repair.empty() ||
                           std::any_of(catalogue.begin(), catalogue.end(),
                                       [&](const auto& r) { return r.id == choice.repair; });
        if (!known)
            return fail(ErrorKind::usage, choice.repair, "there is no repair of this name",
                        "lifeboat explain lists them");
        const bool there = choice.guest.empty() ||
                           std::any_of(found.guests.begin(), found.guests.end(),
                                       [&](const auto& g) { return g->id() == choice.guest; });
        if (!there)
            return fail(ErrorKind::usage, choice.guest, "there is no guest of this name",
                        "lifeboat diagnose lists them");
    }
    return {};
}

// One guest's part of the plan.
Result<Plan::Step> plan_guest(const guest::Guest& guest, std::span<const Choice> choices,
                              std::span<const repair::Repair> catalogue) {
    Plan::Step step{guest.id(), guest.volume(), {}, {}};
    for (const auto& repair : catalogue) {
        if (repair.family != guest.family())
            continue;
        const auto finding = describe(repair, step.guest, repair.diagnose(guest));
        switch (finding.outcome) {
        case Outcome::trouble:
            if (chosen(choices, repair.id, step.guest))
                step.repairs.push_back(&repair);
            break;
        case Outcome::could_not_look:
            if (asked_for(choices, repair.id, step.guest))
                return fail(ErrorKind::refused, step.guest + ", " + finding.id,
                            "it could not be told whether this repair is needed: " +
                                finding.evidence.front());
            break;
        case Outcome::healthy:
        case Outcome::not_applicable: step.healthy.emplace_back(repair.id); break;
        }
    }
    return step;
}

} // namespace

Result<Plan> make_plan(guest::Machine& machine, std::span<const Choice> choices,
                       std::span<const repair::Repair> catalogue, Progress& progress) {
    progress.report("Looking for operating systems", -1);
    LIFEBOAT_TRY(const auto found, guest::find_guests(machine));
    if (found.guests.empty())
        return fail(no_guest(found));
    LIFEBOAT_CHECK(check_choices(choices, found, catalogue));
    Plan plan;
    std::set<std::string> writable;
    for (const auto& guest : found.guests) {
        LIFEBOAT_CHECK(go_on(progress));
        progress.report("Diagnosing " + guest->title(), -1);
        LIFEBOAT_TRY(auto step, plan_guest(*guest, choices, catalogue));
        if (step.repairs.empty())
            continue;
        if (const auto obstacles = guest->obstacles(); !obstacles.empty())
            return fail(obstacles.front());
        for (const auto& mount : guest->tree().mounts())
            writable.insert(mount.volume);
        plan.steps.push_back(std::move(step));
    }
    plan.writable.assign(writable.begin(), writable.end());
    return plan;
}

} // namespace lifeboat::session
