// SPDX-License-Identifier: GPL-2.0-or-later
// Who uses a block device of this machine: mounts and holders (device-mapper, md), of the device
// itself and of its partitions.
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace lifeboat::block {

struct DeviceNumber {
    unsigned major = 0;
    unsigned minor = 0;
};

// "mounted at /home", "held by dm-3", ...; empty when nobody does. `proc` and `sys` are "/proc" and
// "/sys" outside of tests. Sources: proc(5) mountinfo, the kernel's ABI/stable/sysfs-block.
[[nodiscard]] Result<std::vector<std::string>>
users_of(DeviceNumber device, const std::string& proc, const std::string& sys);

} // namespace lifeboat::block
