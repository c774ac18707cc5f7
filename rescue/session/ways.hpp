// SPDX-License-Identifier: GPL-2.0-or-later
// The ways past an obstacle that a person may choose, and what each of them costs.
#pragma once

#include "session/session.hpp"

#include <set>
#include <span>
#include <string_view>

namespace lifeboat::session {

struct WayInfo {
    std::string_view option; // of the command; Error::option of the obstacle
    std::string_view title;  // what is done
    std::string_view price;  // what is lost by it, and what must be certain before
};

// All of them, in a fixed order.
[[nodiscard]] std::span<const WayInfo> all_ways();
// Those that clear an obstacle of exactly one of these guests: a yes counts for all of them, and
// must not be taken from one guest's owner for another's. For several, the command asks disk by
// disk.
[[nodiscard]] std::vector<WayInfo> ways_past(std::span<const GuestInfo> guests);
// By their options; unknown ones are left out.
[[nodiscard]] Ways ways_of(const std::set<std::string>& options);
// True when nothing stands in the way, or only what these options clear away.
[[nodiscard]] bool may_change(const GuestInfo& guest, const std::set<std::string>& options);

} // namespace lifeboat::session
