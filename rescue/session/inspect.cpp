// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/inspect.hpp"

#include <algorithm>

namespace lifeboat::session {

namespace {

// One branch of the variant each; the finding is filled in place.
struct Fill {
    FindingInfo& finding;

    void operator()(const repair::Healthy&) const { finding.outcome = Outcome::healthy; }
    void operator()(const repair::NotApplicable& answer) const {
        finding.outcome = Outcome::not_applicable;
        finding.evidence = {answer.why};
    }
    void operator()(const repair::CouldNotLook& answer) const {
        finding.outcome = Outcome::could_not_look;
        finding.evidence = {answer.why};
    }
    void operator()(const repair::Trouble& answer) const {
        finding.outcome = Outcome::trouble;
        finding.severity = repair::to_string(answer.severity);
        finding.evidence = answer.evidence;
    }
};

} // namespace

bool Inspection::has_trouble() const {
    return std::any_of(findings.begin(), findings.end(), [](const FindingInfo& finding) {
        return finding.outcome == Outcome::trouble;
    });
}

GuestInfo describe(const guest::Guest& guest) {
    GuestInfo out;
    out.id = guest.id();
    out.os = guest::to_string(guest.family());
    out.title = guest.title();
    out.version = guest.version();
    out.architecture = guest::to_string(guest.architecture());
    out.volume = guest.volume();
    if (const auto* facts = guest.linux_facts())
        out.init = guest::to_string(facts->init);
    out.obstacles = guest.obstacles();
    if (!out.obstacles.empty())
        out.verdict = Verdict::refused;
    return out;
}

FindingInfo describe(const repair::Repair& repair, std::string guest,
                     const repair::Diagnosis& diagnosis) {
    FindingInfo out;
    out.id = repair.id;
    out.guest = std::move(guest);
    out.title = repair.title;
    out.why = repair.why;
    out.risk = repair.risk;
    std::visit(Fill{out}, diagnosis);
    return out;
}

Result<Inspection> inspect_machine(guest::Machine& machine,
                                   std::span<const repair::Repair> catalogue, Progress& progress) {
    LIFEBOAT_CHECK(go_on(progress));
    progress.report("Looking for operating systems", -1);
    LIFEBOAT_TRY(const auto found, guest::find_guests(machine));
    Inspection out;
    for (const auto& volume : found.unreadable)
        out.unreadable.push_back({volume.volume, volume.why});
    double done = 0;
    const double steps = static_cast<double>(found.guests.size() * catalogue.size());
    for (const auto& guest : found.guests) {
        auto info = describe(*guest);
        for (const auto& repair : catalogue) {
            LIFEBOAT_CHECK(go_on(progress));
            progress.report("Diagnosing " + info.title, ++done / steps);
            if (repair.family != guest->family())
                continue;
            out.findings.push_back(describe(repair, info.id, repair.diagnose(*guest)));
            if (info.verdict == Verdict::healthy && out.findings.back().outcome == Outcome::trouble)
                info.verdict = Verdict::repairable;
        }
        out.guests.push_back(std::move(info));
    }
    return out;
}

} // namespace lifeboat::session
