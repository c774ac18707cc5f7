// SPDX-License-Identifier: GPL-2.0-or-later
// libfdisk and libblkid read from a file descriptor. A Sketch is one: a sparse file in memory, as
// large as the disk, that holds only the parts they look at; everything else reads as zeros. Also
// works for 1 TiB, and keeps the libraries away from the disk itself.
#pragma once

#include "block/device.hpp"

namespace lifeboat::volume {

class Sketch {
public:
    [[nodiscard]] static Result<Sketch> of(block::BlockDevice& device);
    Sketch(Sketch&& other) noexcept;
    Sketch& operator=(Sketch&& other) noexcept;
    ~Sketch();

    [[nodiscard]] int descriptor() const { return descriptor_; }
    // Copies the part of the device; what lies past its end is left out.
    [[nodiscard]] Result<void> copy(std::uint64_t offset, std::uint64_t length);
    // Where file systems, RAID members and encryption keep their signatures: the first MiB (btrfs
    // 64 KiB, UDF 512 KiB) and the last half MiB (md 0.90 and 1.0, LVM and RAID firmware), and for
    // NTFS the $MFT records that libblkid reads to believe the boot sector.
    [[nodiscard]] Result<void> copy_signatures();
    // Whether the first MiB and the last half MiB hold nothing but zeros.
    [[nodiscard]] bool looks_empty() const { return empty_; }

private:
    Sketch(block::BlockDevice& device, int descriptor)
        : device_(&device), descriptor_(descriptor) {}

    block::BlockDevice* device_;
    int descriptor_;
    bool empty_ = true;
};

} // namespace lifeboat::volume
