// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/ext_state.hpp"

#include "base/text.hpp"
#include "fs/clear_way.hpp"

#include <array>
#include <ext2fs/ext2fs.h>
#include <vector>

namespace lifeboat::fs {
namespace {

constexpr std::string_view kShutDown =
    "start the guest once and shut it down cleanly, or run \"e2fsck -f\" on the volume";

// What libext2fs keeps consistent for us when files are replaced, made or removed. All others are
// refused: a feature we do not know is a promise we would break.
constexpr std::uint32_t kIncompatible =
    EXT2_FEATURE_INCOMPAT_FILETYPE | EXT2_FEATURE_INCOMPAT_META_BG | EXT3_FEATURE_INCOMPAT_EXTENTS |
    EXT4_FEATURE_INCOMPAT_FLEX_BG | EXT4_FEATURE_INCOMPAT_EA_INODE | EXT4_FEATURE_INCOMPAT_64BIT |
    EXT4_FEATURE_INCOMPAT_INLINE_DATA | EXT4_FEATURE_INCOMPAT_ENCRYPT |
    EXT4_FEATURE_INCOMPAT_CASEFOLD | EXT4_FEATURE_INCOMPAT_CSUM_SEED |
    EXT4_FEATURE_INCOMPAT_LARGEDIR;
constexpr std::uint32_t kReadOnlyCompatible =
    EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE |
    EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_GDT_CSUM |
    EXT4_FEATURE_RO_COMPAT_DIR_NLINK | EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE |
    EXT4_FEATURE_RO_COMPAT_METADATA_CSUM | EXT4_FEATURE_RO_COMPAT_BIGALLOC |
    EXT4_FEATURE_RO_COMPAT_VERITY;

// Names as e2fsprogs has them (dumpe2fs -h), for what is refused.
struct Feature {
    std::uint32_t bit;
    std::string_view name;
};
constexpr std::array kIncompatibleNames{
    Feature{EXT2_FEATURE_INCOMPAT_COMPRESSION, "compression"},
    Feature{EXT3_FEATURE_INCOMPAT_JOURNAL_DEV, "journal_dev"},
    Feature{EXT4_FEATURE_INCOMPAT_MMP, "mmp"},
    Feature{EXT4_FEATURE_INCOMPAT_DIRDATA, "dirdata"},
};
constexpr std::array kReadOnlyNames{
    Feature{EXT4_FEATURE_RO_COMPAT_QUOTA, "quota"},
    Feature{EXT4_FEATURE_RO_COMPAT_REPLICA, "replica"},
    Feature{EXT4_FEATURE_RO_COMPAT_READONLY, "read-only"},
    Feature{EXT4_FEATURE_RO_COMPAT_PROJECT, "project"},
    Feature{EXT4_FEATURE_RO_COMPAT_SHARED_BLOCKS, "shared_blocks"},
    Feature{EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT, "orphan_present"},
};

template <std::size_t N>
void add_names(std::vector<std::string>& names, std::uint32_t mask,
               const std::array<Feature, N>& known) {
    for (const auto& feature : known)
        if ((mask & feature.bit) != 0) {
            names.emplace_back(feature.name);
            mask &= ~feature.bit;
        }
    if (mask != 0)
        names.push_back("0x" + hex(mask));
}

} // namespace

std::optional<Error> ext_obstacle(const ExtHandle& handle) {
    const auto& super = *handle.get()->super;
    const auto refused = [&](std::string what) {
        return Error{ErrorKind::refused, handle.name(), std::move(what), std::string(kShutDown)};
    };
    if ((super.s_feature_incompat & EXT3_FEATURE_INCOMPAT_RECOVER) != 0)
        return Error{ErrorKind::refused, handle.name(),
                     "the journal holds changes that were never written back: the guest was not "
                     "shut down, or is running",
                     "start the guest once and shut it down cleanly; when it is certain that it "
                     "does not run, --replay-journal applies them first, as its next start would",
                     std::string(kReplayJournal)};
    if ((super.s_state & EXT2_ERROR_FS) != 0)
        return refused("the file system is marked as having errors");
    if ((super.s_state & EXT2_VALID_FS) == 0)
        return refused("the file system was not unmounted cleanly");
    if (super.s_last_orphan != 0)
        return refused("the file system has files that wait to be deleted");

    std::vector<std::string> unknown;
    add_names(unknown, super.s_feature_incompat & ~kIncompatible, kIncompatibleNames);
    add_names(unknown, super.s_feature_ro_compat & ~kReadOnlyCompatible, kReadOnlyNames);
    if (unknown.empty())
        return std::nullopt;
    return Error{ErrorKind::unsupported, handle.name(),
                 "lifeboat cannot write to an ext file system with: " + join(unknown, ", "),
                 "it can still be read"};
}

} // namespace lifeboat::fs
