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

} // namespace

std::span<const WayInfo> all_ways() { return kWays; }

std::vector<WayInfo> ways_of(const GuestInfo& guest) {
    std::vector<WayInfo> out;
    for (const auto& option : guest.ways)
        for (const auto& way : kWays)
            if (way.option == option)
                out.push_back(way);
    return out;
}

bool may_change(const GuestInfo& guest, const Agreements& agreed) {
    if (guest.verdict != Verdict::refused)
        return true;
    return !guest.ways.empty() &&
           std::all_of(guest.ways.begin(), guest.ways.end(), [&](const std::string& option) {
               return agreed.count({guest.id, option}) != 0;
           });
}

} // namespace lifeboat::session
