// SPDX-License-Identifier: GPL-2.0-or-later
// The medium that a rescue environment came from: as a stick it is a disk like the guests' own.
#pragma once

#include <string>

namespace lifeboat {

// Does `device` hold the rescue medium, by the name of its ISO 9660 volume (iso/rescue-iso)? False
// when it cannot be read.
[[nodiscard]] bool is_rescue_medium(const std::string& device);

} // namespace lifeboat
