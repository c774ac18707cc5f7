// SPDX-License-Identifier: GPL-2.0-or-later
// LVM2 logical volumes as block devices, put together from the physical volumes in this process:
// no device-mapper, no activation, nothing written to the metadata. Linear and striped segments,
// several physical volumes; every other kind (thin, snapshot, mirror, RAID, cache) is refused by
// name, because writing to a part of it would break the rest.
#pragma once

#include "block/device.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lifeboat::volume {

struct PhysicalVolume {
    std::size_t disk = 0; // which disk of the session it lies on
    block::DevicePtr device;
};

struct LogicalVolume {
    std::string group;
    std::string name;
    std::string uuid;
    std::size_t disk = 0;    // disk of its first extent
    std::uint64_t size = 0;  // bytes
    block::DevicePtr device; // null when `why_not` says why
    std::optional<Error> why_not;
};

struct LogicalVolumes {
    std::vector<LogicalVolume> volumes; // by group, then name; only visible ones
    std::vector<Error> problems;        // physical volumes or groups that could not be understood
};

[[nodiscard]] LogicalVolumes find_logical_volumes(std::span<const PhysicalVolume> physical);

} // namespace lifeboat::volume
