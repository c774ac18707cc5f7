// SPDX-License-Identifier: GPL-2.0-or-later
// The repairs of Linux guests. The catalogue lists them in this order: device names first, because
// the console is of no use to a guest that cannot find its root directory.
#pragma once

#include "repair/repair.hpp"

namespace lifeboat::repair {

extern const Repair kLinuxRootDevice;    // linux.root-device
extern const Repair kLinuxFstab;         // linux.fstab
extern const Repair kLinuxFstabMissing;  // linux.fstab-missing
extern const Repair kLinuxKernelConsole; // linux.kernel-console
extern const Repair kLinuxGetty;         // linux.getty

} // namespace lifeboat::repair
