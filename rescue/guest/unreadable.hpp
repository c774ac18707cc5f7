// SPDX-License-Identifier: GPL-2.0-or-later
// Why a volume that may hold a guest cannot be read.
#pragma once

#include "volume/layout.hpp"

#include <string_view>

namespace lifeboat::guest {

// Whether Machine::filesystem() knows how to open it here: XFS and Btrfs in the rescue environment
// only (fs/kernel.hpp).
[[nodiscard]] bool can_open(volume::Content content);

// Empty for a volume that can be read, or that never holds a guest.
[[nodiscard]] std::string_view why_unreadable(volume::Content content);

} // namespace lifeboat::guest
