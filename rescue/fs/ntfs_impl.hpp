// SPDX-License-Identifier: GPL-2.0-or-later
// What is shared by the parts of NtfsVolume: mounting and reading in ntfs_volume.cpp, changes in
// ntfs_change.cpp.
#pragma once

#include "fs/ntfs_device.hpp"
#include "fs/ntfs_ledger.hpp"
#include "fs/ntfs_volume.hpp"

struct _ntfs_volume; // libntfs-3g's
struct _ntfs_inode;

namespace lifeboat::fs {

struct CloseNtfsInode {
    void operator()(_ntfs_inode* inode) const;
};
using NtfsInodePtr = std::unique_ptr<_ntfs_inode, CloseNtfsInode>;

// A name in NTFS's own form: little-endian UTF-16 units. Nothing when it cannot be one.
[[nodiscard]] std::optional<std::vector<std::uint16_t>> ntfs_units_of(std::string_view name);

struct NtfsVolume::Impl {
    NtfsLine line;
    _ntfs_volume* volume = nullptr;
    std::unique_ptr<NtfsLedger> ledger;
    std::size_t switched = 0; // records, by the last end()

    // The error behind errno: the device's own when there was one.
    [[nodiscard]] tl::unexpected<Error> error(std::string doing);
    [[nodiscard]] Result<NtfsInodePtr> inode(std::uint64_t number);
    [[nodiscard]] Result<bool> write_where_it_lies(_ntfs_inode* inode, ByteSpan content);
    [[nodiscard]] Result<void> finish(NtfsInodePtr inode);
};

} // namespace lifeboat::fs
