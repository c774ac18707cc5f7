// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/fat_geometry.hpp"

#include <algorithm>

namespace lifeboat::fs {
namespace {

constexpr std::size_t kBootSector = 512; // all fields lie in its first 512 bytes
constexpr std::uint32_t kLargestSector = 4096;
constexpr std::uint32_t kEntry = 32; // bytes of a directory entry

bool power_of_two(std::uint64_t number) { return number != 0 && (number & (number - 1)) == 0; }

// Fields of the boot sector by their offsets in fatgen103, "Boot Sector and BPB".
class Boot {
public:
    explicit Boot(Bytes bytes) : bytes_(std::move(bytes)) {}
    [[nodiscard]] std::uint32_t u8(std::size_t at) const { return get<std::uint8_t>(at); }
    [[nodiscard]] std::uint32_t u16(std::size_t at) const { return get<std::uint16_t>(at); }
    [[nodiscard]] std::uint32_t u32(std::size_t at) const { return get<std::uint32_t>(at); }
    [[nodiscard]] bool is_exfat() const { return has_magic(bytes_, 3, "EXFAT   "); }
    [[nodiscard]] bool has_mark() const { return u16(510) == 0xaa55; }

private:
    template <class T> [[nodiscard]] std::uint32_t get(std::size_t at) const {
        return read_le<T>(bytes_, at).value_or(0);
    }
    Bytes bytes_;
};

void fill_fat32(FatGeometry& geometry, const Boot& boot, std::uint32_t sector,
                std::uint32_t reserved) {
    geometry.bits = 32;
    geometry.root_cluster = boot.u32(44);
    const auto flags = boot.u16(40); // bit 7: only the copy in bits 0 to 3 is valid
    geometry.mirrored = (flags & 0x80U) == 0;
    geometry.active_fat = geometry.mirrored ? 0 : flags & 0x0fU;
    const auto info = boot.u16(48);
    if (info != 0 && info < reserved)
        geometry.fs_info_offset = std::uint64_t{info} * sector;
    geometry.boot_dirty = (boot.u8(65) & 1U) != 0;
}

} // namespace

Result<FatGeometry> read_fat_geometry(block::BlockDevice& volume) {
    const auto damaged = [&](std::string what) {
        return fail(ErrorKind::damaged, volume.name(), std::move(what),
                    "check it with fsck.fat, or chkdsk inside the guest");
    };
    if (volume.size() < kBootSector)
        return damaged("the volume is too small for a FAT file system");
    LIFEBOAT_TRY(auto bytes, block::read_bytes(volume, 0, kBootSector));
    const Boot boot(std::move(bytes));
    if (boot.is_exfat())
        return fail(ErrorKind::unsupported, volume.name(),
                    "the file system is exFAT, which this program cannot read");
    const auto sector = boot.u16(11);
    const auto per_cluster = boot.u8(13);
    const auto reserved = boot.u16(14);
    FatGeometry geometry;
    geometry.fats = boot.u8(16);
    const bool plausible = boot.has_mark() && power_of_two(sector) && sector >= kBootSector &&
                           sector <= kLargestSector && power_of_two(per_cluster) && reserved != 0 &&
                           geometry.fats != 0;
    if (!plausible)
        return damaged("the boot sector is not that of a FAT file system");
    geometry.cluster_size = sector * per_cluster;
    const std::uint32_t small = boot.u16(22); // sectors of a table; 0 on FAT32
    const std::uint64_t total = boot.u16(19) != 0 ? boot.u16(19) : boot.u32(32);
    geometry.fat_offset = std::uint64_t{reserved} * sector;
    geometry.fat_size = std::uint64_t{small != 0 ? small : boot.u32(36)} * sector;
    geometry.root_offset = geometry.fat_offset + geometry.fats * geometry.fat_size;
    const auto root_bytes = std::uint64_t{boot.u16(17)} * kEntry;
    geometry.root_size = root_bytes;
    geometry.data_offset = geometry.root_offset + (root_bytes + sector - 1) / sector * sector;
    if (total * sector > volume.size())
        return damaged("the file system says it is larger than its partition");
    if (geometry.data_offset + geometry.cluster_size > total * sector)
        return damaged("there is no room for data in the file system");
    const auto clusters = (total * sector - geometry.data_offset) / geometry.cluster_size;
    // The specification goes by the number of clusters alone. Linux, and mkfs.fat with -F 32, take
    // a volume without a 16-bit table size for FAT32 however small it is.
    if (small == 0) {
        fill_fat32(geometry, boot, sector, reserved);
    } else {
        geometry.bits = clusters < 4085 ? 12 : 16;
        geometry.boot_dirty = (boot.u8(37) & 1U) != 0;
    }
    if (geometry.active_fat >= geometry.fats)
        return damaged("the boot sector names a table that is not there");
    const auto entries = geometry.fat_size * 8 / geometry.bits;
    const std::uint64_t most = geometry.bits == 32   ? 0x0ffffff6U
                               : geometry.bits == 16 ? 0xfff6U
                                                     : 0xff6U;
    if (entries < 3)
        return damaged("the allocation table is too small");
    geometry.last_cluster = static_cast<std::uint32_t>(std::min({clusters + 1, entries - 1, most}));
    const bool root_ok =
        geometry.bits == 32 ? geometry.holds(geometry.root_cluster) : geometry.root_size != 0;
    if (!root_ok)
        return damaged("the boot sector names no root directory");
    return geometry;
}

} // namespace lifeboat::fs
