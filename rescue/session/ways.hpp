// SPDX-License-Identifier: GPL-2.0-or-later
// The ways past an obstacle that a person may choose, and what each of them costs.
#pragma once

#include "session/session.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace lifeboat::session {

struct WayInfo {
    std::string_view option; // of the command; Error::option of the obstacle
    std::string_view title;  // what is done
    std::string_view price;  // what is lost by it, and what must be certain before
};

// All of them, in a fixed order.
[[nodiscard]] std::span<const WayInfo> all_ways();
// GuestInfo::ways with their words, in the same order.
[[nodiscard]] std::vector<WayInfo> ways_of(const GuestInfo& guest);
// True when nothing stands in the way, or everything that clears it away is agreed to for it.
[[nodiscard]] bool may_change(const GuestInfo& guest, const Agreements& agreed);

} // namespace lifeboat::session
