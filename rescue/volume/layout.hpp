// SPDX-License-Identifier: GPL-2.0-or-later
// What lies on a disk: its partition table, the volumes, and what each volume holds. Read-only.
#pragma once

#include "block/device.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lifeboat::volume {

enum class TableKind { none, mbr, gpt };

// What the first bytes of a volume say it is. `other` and `unknown` are listed, never opened.
enum class Content {
    unknown,
    empty,
    ext,
    ntfs,
    fat,
    xfs,
    btrfs,
    swap,
    lvm_member,
    md_member,
    luks,
    bitlocker,
    ldm_member,
    storage_spaces,
    iso9660,
    other,
};

struct Volume {
    std::string id;              // "1".., "0" for a disk without a table, "vg/lv", "md/name"
    std::uint64_t offset = 0;    // bytes from the start of the disk
    std::uint64_t size = 0;      // bytes
    std::string type;            // "83", "7", or the GPT type GUID in lower case; empty for "0"
    std::string partition_uuid;  // PARTUUID as Linux spells it; empty when there is none
    std::string partition_label; // GPT only
    bool active = false;         // MBR boot flag
    bool logical = false;        // inside an extended partition
    Content content = Content::unknown;
    std::string content_name; // libblkid's word: "ext4", "ntfs", "LVM2_member", ...
    std::string label;        // of the file system
    std::string uuid;         // of the file system, as Linux spells it
    block::DevicePtr mapped;  // of a logical volume or an array: the device; offset is then 0
    bool array = false;       // a software RAID that was put together
    std::string member_of;    // of a RAID member: the id of the array that could be opened
    std::string why_not;      // of a RAID member: why none could
};

struct Layout {
    TableKind table = TableKind::none;
    std::string disk_id; // "0x9f2c4d11" or the disk GUID; empty without a table
    std::uint64_t size = 0;
    std::uint32_t sector_size = 512;
    std::vector<Volume> volumes;    // in partition order; extended containers are left out
    std::vector<std::string> notes; // what a person should know: "backup GPT header is damaged"
};

[[nodiscard]] Result<Layout> read_layout(block::BlockDevice& disk);

// One disk of a session with what read_layout() said about it.
struct DiskLayout {
    block::DevicePtr device;
    Layout* layout = nullptr;
};
// Adds the mirrors of Linux software RAID to the layouts, for reading: each to the disk its newest
// half lies on, with the id "md/name". What cannot be opened becomes a note there. Before
// add_logical_volumes(): an array may be a physical volume.
[[nodiscard]] Result<void> add_arrays(std::span<const DiskLayout> disks);
// Adds the logical volumes of LVM2 to the layouts: each to the disk its first extent lies on, with
// the id "group/name". What cannot be opened (thin, a part missing) becomes a note there.
[[nodiscard]] Result<void> add_logical_volumes(std::span<const DiskLayout> disks);
[[nodiscard]] std::string_view to_string(TableKind kind);
[[nodiscard]] std::string_view to_string(Content content);
// The volume as a device of its own.
[[nodiscard]] Result<block::DevicePtr> open_volume(block::DevicePtr disk, const Volume& volume);

} // namespace lifeboat::volume
