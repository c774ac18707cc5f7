// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/ways.hpp"

#include "fs/clear_way.hpp"

#include <algorithm>
#include <array>

namespace lifeboat::session {

namespace {

// The prices are those of fs::Ways.
constexpr std::array<WayInfo, 2> kWays = {
    {{fs::kDiscardHibernation, "Discard the hibernation of Windows",
      "What Windows had in memory is lost: programs that were running, and what they had not "
      "saved."},
     {fs::kReplayJournal, "Apply the journal of ext3 and ext4 first",
      "As the guest's next start would do. Only when it is certain that the guest does not run."}}};

bool needs(const GuestInfo& guest, std::string_view option) {
    return std::any_of(guest.obstacles.begin(), guest.obstacles.end(),
                       [&](const Error& obstacle) { return obstacle.option == option; });
}

} // namespace

std::span<const WayInfo> all_ways() { return kWays; }

std::vector<WayInfo> ways_past(std::span<const GuestInfo> guests) {
    std::vector<WayInfo> out;
    for (const auto& way : kWays)
        if (std::count_if(guests.begin(), guests.end(),
                          [&](const GuestInfo& guest) { return needs(guest, way.option); }) == 1)
            out.push_back(way);
    return out;
}

Ways ways_of(const std::set<std::string>& options) {
    return {options.count(std::string(fs::kDiscardHibernation)) != 0,
            options.count(std::string(fs::kReplayJournal)) != 0};
}

bool may_change(const GuestInfo& guest, const std::set<std::string>& options) {
    if (guest.verdict != Verdict::refused)
        return true;
    return !guest.obstacles.empty() &&
           std::all_of(guest.obstacles.begin(), guest.obstacles.end(),
                       [&](const Error& obstacle) { return options.count(obstacle.option) != 0; });
}

} // namespace lifeboat::session
