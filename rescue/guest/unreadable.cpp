// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/unreadable.hpp"

#include "fs/kernel.hpp"

namespace lifeboat::guest {

using volume::Content;

bool can_open(Content content) {
    if (content == Content::xfs || content == Content::btrfs)
        return fs::kernel_filesystems();
    return content == Content::ext || content == Content::ntfs || content == Content::fat;
}

bool lies_on_mirror(const volume::Volume& volume) {
    return volume.mapped && !volume.mapped->writable();
}

Result<std::optional<Error>> write_obstacle(block::DevicePtr disk, const volume::Volume& volume) {
    if (lies_on_mirror(volume))
        return std::optional<Error>(
            Error{ErrorKind::refused, "",
                  "it lies on a Linux software RAID, which is read here and not changed",
                  "put the RAID together with mdadm --assemble and name /dev/mdN as the disk"});
    LIFEBOAT_TRY(auto device, volume::open_volume(std::move(disk), volume));
    switch (volume.content) {
    case Content::ext: return fs::write_obstacle(std::move(device), fs::Kind::ext);
    case Content::ntfs: return fs::write_obstacle(std::move(device), fs::Kind::ntfs);
    case Content::fat: return fs::write_obstacle(std::move(device), fs::Kind::fat);
    default: return std::optional<Error>(); // the kernel replays the logs of XFS and Btrfs
    }
}

std::string_view why_unreadable(Content content) {
    switch (content) {
    case Content::xfs: return "the file system is XFS, which only the rescue medium can open";
    case Content::btrfs: return "the file system is Btrfs, which only the rescue medium can open";
    case Content::md_member:
        return "this is a member of a Linux software RAID, which this program cannot put together";
    case Content::luks: return "the volume is encrypted (LUKS)";
    case Content::bitlocker: return "the volume is encrypted (BitLocker)";
    case Content::ldm_member:
        return "this is a Windows dynamic disk, which this program cannot put together";
    case Content::storage_spaces:
        return "this is a member of a Windows storage pool, which this program cannot put together";
    case Content::lvm_member:
        return "this is an LVM physical volume, and no logical volume of it can be opened";
    case Content::other: return "the file system is of a kind that this program cannot read";
    case Content::unknown:
    case Content::empty:
    case Content::ext:
    case Content::ntfs:
    case Content::fat:
    case Content::swap:
    case Content::iso9660: return {};
    }
    return {};
}

} // namespace lifeboat::guest
