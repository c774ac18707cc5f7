// SPDX-License-Identifier: GPL-2.0-or-later
// Where everything lies on a FAT12, FAT16 or FAT32 volume. Facts: Microsoft, "FAT: General Overview
// of On-Disk Format" 1.03 (fatgen103), the text that the UEFI specification refers to; ECMA-107 for
// FAT12 and FAT16. Where practice differs from it, the Linux kernel's fs/fat/inode.c decides.
#pragma once

#include "block/device.hpp"

#include <cstdint>

namespace lifeboat::fs {

struct FatGeometry {
    unsigned bits = 0;              // 12, 16 or 32
    std::uint32_t cluster_size = 0; // bytes
    std::uint32_t last_cluster = 0; // the highest number; the first one is 2
    std::uint32_t fats = 0;         // copies of the table
    std::uint32_t active_fat = 0;   // the copy that is valid
    bool mirrored = true;           // whether all copies are kept the same
    std::uint64_t fat_offset = 0;   // bytes, of the first copy
    std::uint64_t fat_size = 0;     // bytes of one copy
    std::uint64_t root_offset = 0;  // bytes; FAT12 and FAT16, where the root has a place of its own
    std::uint64_t root_size = 0;    // bytes
    std::uint32_t root_cluster = 0; // FAT32
    std::uint64_t data_offset = 0;  // bytes, of cluster 2
    std::uint64_t fs_info_offset = 0; // bytes; 0: there is none
    bool boot_dirty = false;          // the mark that Linux sets while the volume is mounted

    [[nodiscard]] bool holds(std::uint32_t cluster) const {
        return cluster >= 2 && cluster <= last_cluster;
    }
    [[nodiscard]] std::uint64_t offset_of(std::uint32_t cluster) const {
        return data_offset + std::uint64_t{cluster - 2} * cluster_size;
    }
    [[nodiscard]] std::uint64_t clusters_for(std::uint64_t bytes) const {
        return bytes / cluster_size + (bytes % cluster_size == 0 ? 0 : 1);
    }
};

// `damaged` when the boot sector contradicts itself or the volume; `unsupported` for exFAT.
[[nodiscard]] Result<FatGeometry> read_fat_geometry(block::BlockDevice& volume);

} // namespace lifeboat::fs
