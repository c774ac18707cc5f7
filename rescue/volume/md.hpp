// SPDX-License-Identifier: GPL-2.0-or-later
// Members of Linux software RAID: their superblocks. Facts: Linux, include/uapi/linux/raid/md_p.h
// and the checks of drivers/md/md.c (super_90_load, super_1_load).
#pragma once

#include "block/device.hpp"

#include <optional>
#include <string>

namespace lifeboat::volume {

struct MdMember {
    std::string version;           // "0.90", "1.0", "1.1", "1.2"
    std::string array;             // UUID of the array, as hexadecimal digits
    std::string name;              // "0", "root"; of "host:root" the second part
    int level = 0;                 // 1 for a mirror; negative for linear and the like
    std::uint32_t devices = 0;     // how many the array wants
    std::optional<unsigned> role;  // its place among them; nothing for a spare or failed one
    std::uint64_t events = 0;      // rises with every change of state
    bool in_sync = true;           // all that has been written is written everywhere
    std::string strange;           // a feature that makes reading unsafe; empty: none
    std::uint64_t data_offset = 0; // bytes
    std::uint64_t data_size = 0;   // bytes
};

// Nothing when `device` carries no superblock; `damaged` when it carries a broken one.
[[nodiscard]] Result<std::optional<MdMember>> read_md_superblock(block::BlockDevice& device);

} // namespace lifeboat::volume
