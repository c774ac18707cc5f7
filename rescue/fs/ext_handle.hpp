// SPDX-License-Identifier: GPL-2.0-or-later
// libext2fs on a BlockDevice: opening, and errors that keep what the device said.
#pragma once

#include "block/device.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct struct_ext2_filsys; // libext2fs's handle

namespace lifeboat::fs {

class ExtHandle {
public:
    [[nodiscard]] static Result<ExtHandle> open(block::DevicePtr volume, bool write);
    ExtHandle(ExtHandle&&) noexcept;
    ExtHandle& operator=(ExtHandle&&) noexcept;
    ~ExtHandle(); // forgets what was not closed

    [[nodiscard]] struct_ext2_filsys* get() const { return fs_; }
    [[nodiscard]] std::string name() const { return volume_->name(); }
    // Writes bitmaps, group descriptors and the superblock, as far as they changed. `keep_super`
    // leaves the superblock: its counts of free space are only a sum of those of the groups, and it
    // is better written once than in every step.
    [[nodiscard]] Result<void> write_maps(bool keep_super);
    // What was written before reaches the disk before what is written from now on.
    [[nodiscard]] Result<void> barrier();
    // Writes everything to the device and frees the handle, which is of no use afterwards.
    [[nodiscard]] Result<void> close();
    // The error behind libext2fs's code: the device's own when there was one.
    [[nodiscard]] tl::unexpected<Error> error(long code, std::string where,
                                              std::string doing) const;

    struct Line; // what the io_manager needs: the device and its last error

private:
    ExtHandle() = default;
    [[nodiscard]] Result<void> restore_super(bool always);
    block::DevicePtr volume_;
    std::unique_ptr<Line> line_;
    struct_ext2_filsys* fs_ = nullptr;
    Bytes super_; // as it is on the device when only its time of writing would change
};

} // namespace lifeboat::fs
