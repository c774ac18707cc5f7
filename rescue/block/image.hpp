// SPDX-License-Identifier: GPL-2.0-or-later
// A raw image file or a block device of this machine, opened without any change to it.
#pragma once

#include "block/device.hpp"

namespace lifeboat::block {

enum class Access { read, write };

// Errors: `io` when it is missing or not readable, `refused` for a directory, an empty file, a
// device that is mounted or held (only for Access::write), or when another process of ours has it
// open for writing. Files of other formats (qcow2, VHD, VMDK, ...) are named in the error.
// `sector_size` 0: the device's own, or 512 for a file.
[[nodiscard]] Result<DevicePtr> open_image(const std::string& path, Access access,
                                           std::uint32_t sector_size = 0);

// The same, whatever the content looks like: for a disk the user called raw, and for looking into
// files of other formats.
[[nodiscard]] Result<DevicePtr> open_plain(const std::string& path, Access access,
                                           std::uint32_t sector_size = 0);

// A disk in memory, for tests and scratch.
[[nodiscard]] DevicePtr memory_device(std::string name, Bytes content,
                                      std::uint32_t sector_size = 512);

// The part of `whole` from `offset`, `length` bytes long; it must lie inside.
[[nodiscard]] Result<DevicePtr> slice(DevicePtr whole, std::string name, std::uint64_t offset,
                                      std::uint64_t length);

} // namespace lifeboat::block
