// SPDX-License-Identifier: GPL-2.0-or-later
// Why a volume that may hold a guest cannot be read.
#pragma once

#include "base/result.hpp"
#include "volume/layout.hpp"

#include <optional>
#include <string_view>

namespace lifeboat::guest {

// Whether Machine::filesystem() knows how to open it here: XFS and Btrfs in the rescue environment
// only (fs/kernel.hpp).
[[nodiscard]] bool can_open(volume::Content content);

// Why the volume must not be written, because of what it lies on or of what is in it; nothing when
// it may be. `disk` is the one that the volume's layout belongs to.
[[nodiscard]] Result<std::optional<Error>> write_obstacle(block::DevicePtr disk,
                                                          const volume::Volume& volume);
// The first half of that: a mirror, or something on one.
[[nodiscard]] bool lies_on_mirror(const volume::Volume& volume);

// Empty for a volume that can be read, or that never holds a guest.
[[nodiscard]] std::string_view why_unreadable(volume::Content content);

} // namespace lifeboat::guest
