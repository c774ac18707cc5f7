// SPDX-License-Identifier: GPL-2.0-or-later
// Obstacles are cleared away guest by guest: where a person agreed to it, and where it is of use.
#pragma once

#include "session/state.hpp"

namespace lifeboat::session {

// Opens the ways that were agreed to (OpenDisk::ways), on the roots of those guests and on what
// they mount and no other guest does, and closes all others. The guests are those of the overlays
// as they are now. `usage` when there is no such guest or option; then every way is closed.
[[nodiscard]] Result<void> agree(OpenDisks& disks, const Agreements& agreed);

// Fills in GuestInfo::ways, by trying them on scratch overlays. Where none leads past everything,
// what would still stand in the way, or what went wrong, is added to the obstacles. The disks and
// their overlays stay as they are.
[[nodiscard]] Result<void> find_ways(const OpenDisks& disks, std::vector<GuestInfo>& guests,
                                     Progress& progress);

} // namespace lifeboat::session
