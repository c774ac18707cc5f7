// SPDX-License-Identifier: GPL-2.0-or-later
#include "volume/probe.hpp"

#include <algorithm>
#include <array>
#include <blkid/blkid.h>
#include <memory>
#include <unistd.h>

namespace lifeboat::volume {
namespace {

struct FreeProbe {
    void operator()(blkid_probe probe) const { blkid_free_probe(probe); }
};
using ProbePtr = std::unique_ptr<std::remove_pointer_t<blkid_probe>, FreeProbe>;

struct Word {
    std::string_view name;
    Content content;
};
// libblkid's TYPE words.
constexpr std::array kWords{
    Word{"ext2", Content::ext},
    Word{"ext3", Content::ext},
    Word{"ext4", Content::ext},
    Word{"ext4dev", Content::ext},
    Word{"ntfs", Content::ntfs},
    Word{"vfat", Content::fat},
    Word{"xfs", Content::xfs},
    Word{"btrfs", Content::btrfs},
    Word{"swap", Content::swap},
    Word{"swsuspend", Content::swap},
    Word{"LVM1_member", Content::lvm_member},
    Word{"LVM2_member", Content::lvm_member},
    Word{"linux_raid_member", Content::md_member},
    Word{"ddf_raid_member", Content::md_member},
    Word{"isw_raid_member", Content::md_member},
    Word{"crypto_LUKS", Content::luks},
    Word{"BitLocker", Content::bitlocker},
    Word{"iso9660", Content::iso9660},
};

Content content_of(std::string_view name) {
    const auto* const word = std::find_if(kWords.begin(), kWords.end(),
                                          [&](const Word& known) { return known.name == name; });
    return word == kWords.end() ? Content::other : word->content;
}

std::string value_of(blkid_probe probe, const char* key) {
    const char* text = nullptr;
    std::size_t length = 0; // with the terminator
    if (blkid_probe_lookup_value(probe, key, &text, &length) != 0 || text == nullptr)
        return {};
    return std::string(text);
}

Result<ProbePtr> new_probe(const Sketch& sketch, std::uint32_t sector_size) {
    ProbePtr probe(blkid_new_probe());
    if (!probe || blkid_probe_set_device(probe.get(), sketch.descriptor(), 0, 0) != 0)
        return fail(ErrorKind::internal, "libblkid", "it cannot be set up");
    static_cast<void>(blkid_probe_set_sectorsize(probe.get(), sector_size));
    return probe;
}

// libblkid wants to see BitLocker's metadata as well; for us the mark alone is a reason to keep
// off. Source: libbde's format description, byte 3 of the boot sector.
bool has_bitlocker_mark(const Sketch& sketch) {
    Bytes boot(16);
    const auto got = ::pread(sketch.descriptor(), boot.data(), boot.size(), 0);
    return got == static_cast<ssize_t>(boot.size()) && has_magic(boot, 3, "-FVE-FS-");
}

} // namespace

Result<Probed> probe_content(const Sketch& sketch, std::uint32_t sector_size) {
    LIFEBOAT_TRY(const auto probe, new_probe(sketch, sector_size));
    blkid_probe_enable_superblocks(probe.get(), 1);
    blkid_probe_set_superblocks_flags(probe.get(),
                                      BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID);
    const int found = blkid_do_safeprobe(probe.get());
    Probed result;
    if (found == -2) {
        result.ambiguous = true;
    } else if (found == 0) {
        result.name = value_of(probe.get(), "TYPE");
        result.content = content_of(result.name);
        result.label = value_of(probe.get(), "LABEL");
        result.uuid = value_of(probe.get(), "UUID");
    } else if (has_bitlocker_mark(sketch)) {
        result.name = "BitLocker";
        result.content = Content::bitlocker;
    } else if (sketch.looks_empty()) {
        result.content = Content::empty;
    }
    return result;
}

Result<std::string> probe_table(const Sketch& sketch, std::uint32_t sector_size) {
    LIFEBOAT_TRY(const auto probe, new_probe(sketch, sector_size));
    blkid_probe_enable_superblocks(probe.get(), 0);
    blkid_probe_enable_partitions(probe.get(), 1);
    if (blkid_do_safeprobe(probe.get()) != 0)
        return std::string();
    return value_of(probe.get(), "PTTYPE");
}

} // namespace lifeboat::volume
