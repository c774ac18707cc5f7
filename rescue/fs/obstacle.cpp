// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/ext_state.hpp"
#include "fs/fat.hpp"
#include "fs/filesystem.hpp"
#include "fs/ntfs_volume.hpp"

namespace lifeboat::fs {

Result<std::optional<Error>> write_obstacle(block::DevicePtr volume, Kind kind) {
    switch (kind) {
    case Kind::ext: return ext_write_obstacle(std::move(volume));
    case Kind::ntfs: return ntfs_write_obstacle(std::move(volume));
    case Kind::fat: return fat_write_obstacle(std::move(volume));
    case Kind::memory:
    case Kind::kernel: break; // the kernel replays its own log, into the overlay
    }
    return std::optional<Error>();
}

} // namespace lifeboat::fs
