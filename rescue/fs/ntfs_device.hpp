// SPDX-License-Identifier: GPL-2.0-or-later
// libntfs-3g's view of a disk, answered by a BlockDevice.
#pragma once

#include "block/device.hpp"

#include <cstdint>
#include <optional>

struct ntfs_device; // libntfs-3g's handle

namespace lifeboat::fs {

class NtfsLedger;

struct NtfsLine {
    block::DevicePtr device;
    NtfsLedger* ledger = nullptr; // is told of every write, when there is one
    std::int64_t position = 0;
    std::optional<Error> last; // what the device said when the library only knows "I/O error"
};

// Null when there is no memory. `line` must outlive the handle.
[[nodiscard]] ntfs_device* new_ntfs_device(NtfsLine& line);

} // namespace lifeboat::fs
