// SPDX-License-Identifier: GPL-2.0-or-later
#include "volume/layout.hpp"

#include "base/text.hpp"
#include "block/image.hpp"
#include "volume/probe.hpp"
#include "volume/sketch.hpp"
#include "volume/table.hpp"

#include <algorithm>
#include <array>

namespace lifeboat::volume {
namespace {

// Partition types whose content is a part of something larger, whatever its first bytes look like.
// Sources: MBR type 0x42 and the GPT GUIDs as in util-linux include/pt-mbr-partnames.h and
// pt-gpt-partnames.h.
struct KnownType {
    std::string_view type;
    Content content;
};
constexpr std::array kTypes{
    KnownType{"42", Content::ldm_member},
    KnownType{"5808c8aa-7e8f-42e0-85d2-e1e90434cfb3", Content::ldm_member}, // metadata
    KnownType{"af9b60a0-1431-4f62-bc68-3311714a69ad", Content::ldm_member}, // data
    KnownType{"e75caf8f-f680-4cee-afa3-b001e56efc2d", Content::storage_spaces},
};

// The sector size that the table itself speaks of: an image of a disk with 4 KiB sectors does not
// say so. A GPT header is in sector 1.
Result<std::uint32_t> real_sector_size(block::BlockDevice& disk) {
    constexpr std::uint32_t kLarge = 4096;
    if (disk.sector_size() == kLarge || disk.size() < 2 * kLarge)
        return disk.sector_size();
    LIFEBOAT_TRY(const auto head, block::read_bytes(disk, 0, 2 * kLarge));
    const bool small = has_magic(head, 512, "EFI PART");
    return !small && has_magic(head, kLarge, "EFI PART") ? kLarge : disk.sector_size();
}

Result<void> fill_content(block::BlockDevice& disk, std::uint32_t sector_size, Volume& volume,
                          std::vector<std::string>& notes) {
    // The slice must not own the disk, which the caller only lends us.
    const block::DevicePtr borrowed(std::shared_ptr<void>(), &disk);
    LIFEBOAT_TRY(const auto part, open_volume(borrowed, volume));
    return identify(*part, sector_size, volume, notes);
}

// Keeps what lies on the disk; says what does not.
void keep_possible(Layout& layout, std::vector<Volume> volumes) {
    for (auto& volume : volumes) {
        if (volume.size == 0)
            continue;
        if (volume.offset > layout.size || volume.size > layout.size - volume.offset) {
            layout.notes.push_back("partition " + volume.id +
                                   " reaches past the end of the disk; it is left out");
            continue;
        }
        layout.volumes.push_back(std::move(volume));
    }
    for (std::size_t i = 0; i < layout.volumes.size(); ++i)
        for (std::size_t j = i + 1; j < layout.volumes.size(); ++j) {
            const auto& a = layout.volumes[i];
            const auto& b = layout.volumes[j];
            if (a.offset < b.offset + b.size && b.offset < a.offset + a.size)
                layout.notes.push_back("partitions " + a.id + " and " + b.id + " overlap");
        }
}

Result<TableKind> kind_of(const Table& table, Sketch& sketch, std::uint32_t sector_size,
                          std::vector<std::string>& notes) {
    if (table.name == "gpt")
        return TableKind::gpt;
    // The boot sector of a whole-disk NTFS or FAT ends in the same two bytes as an MBR; to tell
    // them apart libblkid looks for the file system.
    LIFEBOAT_CHECK(sketch.copy_signatures());
    LIFEBOAT_TRY(const auto believed, probe_table(sketch, sector_size));
    const bool protective = std::any_of(table.volumes.begin(), table.volumes.end(),
                                        [](const Volume& volume) { return volume.type == "ee"; });
    if (table.name == "dos" && protective) {
        notes.emplace_back("the disk is marked as GPT, but neither of the two GPT headers is good");
        return TableKind::none;
    }
    if (table.name == "dos" && believed == "dos") {
        // The boot sector of a volume, BitLocker's for example, may end like an empty MBR.
        LIFEBOAT_TRY(const auto whole, probe_content(sketch, sector_size));
        const bool really = !table.volumes.empty() || whole.content == Content::unknown;
        return really ? TableKind::mbr : TableKind::none;
    }
    if (!table.name.empty() && table.name != "dos")
        notes.push_back("the partition table is of a kind lifeboat does not know: " + table.name);
    return TableKind::none;
}

} // namespace

Result<void> identify(block::BlockDevice& part, std::uint32_t sector_size, Volume& volume,
                      std::vector<std::string>& notes) {
    LIFEBOAT_TRY(auto sketch, Sketch::of(part));
    LIFEBOAT_CHECK(sketch.copy_signatures());
    LIFEBOAT_TRY(auto probed, probe_content(sketch, sector_size));
    volume.content = probed.content;
    volume.content_name = std::move(probed.name);
    volume.label = std::move(probed.label);
    volume.uuid = std::move(probed.uuid);
    if (probed.ambiguous)
        notes.push_back("volume " + volume.id +
                        " has the marks of more than one file system; it is not opened");
    for (const auto& known : kTypes)
        if (volume.type == known.type)
            volume.content = known.content;
    return {};
}

Result<Layout> read_layout(block::BlockDevice& disk) {
    Layout layout;
    layout.size = disk.size();
    LIFEBOAT_TRY(layout.sector_size, real_sector_size(disk));
    LIFEBOAT_TRY(auto sketch, Sketch::of(disk));
    LIFEBOAT_CHECK(copy_table(disk, layout.sector_size, sketch, layout.notes));
    LIFEBOAT_TRY(auto table, read_table(sketch, layout.sector_size));
    LIFEBOAT_TRY(layout.table, kind_of(table, sketch, layout.sector_size, layout.notes));
    if (layout.table == TableKind::none) {
        Volume whole;
        whole.id = "0";
        whole.size = layout.size;
        layout.volumes.push_back(std::move(whole));
    } else {
        layout.disk_id = std::move(table.disk_id);
        layout.notes.insert(layout.notes.end(), table.notes.begin(), table.notes.end());
        keep_possible(layout, std::move(table.volumes));
    }
    for (auto& volume : layout.volumes)
        LIFEBOAT_CHECK(fill_content(disk, layout.sector_size, volume, layout.notes));
    return layout;
}

std::string_view to_string(TableKind kind) {
    switch (kind) {
    case TableKind::none: return "none";
    case TableKind::mbr: return "mbr";
    case TableKind::gpt: return "gpt";
    }
    return "";
}

std::string_view to_string(Content content) {
    switch (content) {
    case Content::unknown: return "unknown";
    case Content::empty: return "empty";
    case Content::ext: return "ext";
    case Content::ntfs: return "ntfs";
    case Content::fat: return "fat";
    case Content::xfs: return "xfs";
    case Content::btrfs: return "btrfs";
    case Content::swap: return "swap";
    case Content::lvm_member: return "lvm_member";
    case Content::md_member: return "md_member";
    case Content::luks: return "luks";
    case Content::bitlocker: return "bitlocker";
    case Content::ldm_member: return "ldm_member";
    case Content::storage_spaces: return "storage_spaces";
    case Content::iso9660: return "iso9660";
    case Content::other: return "other";
    }
    return "";
}

Result<block::DevicePtr> open_volume(block::DevicePtr disk, const Volume& volume) {
    if (volume.mapped)
        return volume.mapped;
    const auto name = disk->name() + ", volume " + volume.id;
    if (volume.offset == 0 && volume.size == disk->size())
        return disk;
    return block::slice(std::move(disk), name, volume.offset, volume.size);
}

} // namespace lifeboat::volume
