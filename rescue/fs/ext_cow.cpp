// SPDX-License-Identifier: GPL-2.0-or-later
// New content for an ext file without touching a byte of the old one: what differs goes to free
// blocks, and the inode is exchanged. In units of a cluster, which is one block without bigalloc.
#include "fs/ext_cow.hpp"

#include <algorithm>
#include <ext2fs/ext2fs.h>
#include <memory>
#include <set>

namespace lifeboat::fs {
namespace {

// Changes that lie closer together than this are written as one, to keep the file in few pieces.
constexpr std::uint64_t kGap = 64 * 1024;
constexpr std::uint64_t kLongestExtent = 32768; // blocks; EXT_INIT_MAX_LEN of ext4

// What a block of the file is now.
struct Place {
    blk64_t block = 0; // 0: a hole
    bool unwritten = false;
};

struct Walk {
    std::vector<Place>* places;
    std::set<blk64_t>* clusters; // everything the file owns but its attributes
    ext2_filsys fs;
};

int take_block(ext2_filsys fs, blk64_t* block, e2_blkcnt_t number, blk64_t /*from*/, int /*at*/,
               void* data) {
    auto& walk = *static_cast<Walk*>(data);
    walk.clusters->insert(EXT2FS_B2C(fs, *block));
    if (number >= 0 && static_cast<std::uint64_t>(number) < walk.places->size())
        (*walk.places)[static_cast<std::size_t>(number)].block = *block;
    return 0;
}

struct FreeExtents {
    void operator()(ext2_extent_handle* handle) const { ext2fs_extent_free(handle); }
};
using ExtentsPtr = std::unique_ptr<ext2_extent_handle, FreeExtents>;

class Writer {
public:
    Writer(ext2_filsys fs, ext2_ino_t number, ByteSpan content)
        : fs_(fs), number_(number), content_(content), block_(fs->blocksize),
          ratio_(static_cast<std::uint64_t>(EXT2FS_CLUSTER_RATIO(fs))),
          needed_((content.size() + block_ - 1) / block_), places_(needed_) {}

    errcode_t run(ExtExchange& result) {
        auto code = read_inode();
        if (code == 0)
            code = walk();
        if (code == 0)
            code = compare();
        if (code != 0)
            return code;
        close_gaps();
        code = write_content();
        if (code == 0)
            code = build();
        if (code != 0) {
            for (const auto cluster : fresh_)
                ext2fs_block_alloc_stats2(fs_, EXT2FS_C2B(fs_, cluster), -1);
            return code;
        }
        for (const auto cluster : owned_)
            if (kept_.count(cluster) == 0)
                result.to_free.push_back(EXT2FS_C2B(fs_, cluster));
        return 0;
    }

private:
    errcode_t read_inode() { return ext2fs_read_inode(fs_, number_, &next_); }

    errcode_t walk() {
        Walk walk{&places_, &owned_, fs_};
        if (ext2fs_inode_has_valid_blocks2(fs_, &next_) == 0)
            return 0;
        const auto code =
            ext2fs_block_iterate3(fs_, number_, BLOCK_FLAG_READ_ONLY, nullptr, take_block, &walk);
        if (code != 0 || (next_.i_flags & EXT4_EXTENTS_FL) == 0)
            return code;
        return mark_unwritten();
    }

    // Space that is reserved for the file and reads as zero.
    errcode_t mark_unwritten() {
        ext2_extent_handle_t raw = nullptr;
        if (const auto code = ext2fs_extent_open(fs_, number_, &raw); code != 0)
            return code;
        const ExtentsPtr extents(raw);
        ext2fs_extent extent{};
        auto code = ext2fs_extent_get(raw, EXT2_EXTENT_ROOT, &extent);
        for (; code == 0; code = ext2fs_extent_get(raw, EXT2_EXTENT_NEXT, &extent)) {
            if ((extent.e_flags & EXT2_EXTENT_FLAGS_LEAF) == 0 ||
                (extent.e_flags & EXT2_EXTENT_FLAGS_UNINIT) == 0)
                continue;
            for (std::uint64_t i = 0; i < extent.e_len && extent.e_lblk + i < needed_; ++i)
                places_[extent.e_lblk + i].unwritten = true;
        }
        return code == EXT2_ET_EXTENT_NO_NEXT ? 0 : code;
    }

    Bytes wanted(std::uint64_t block) const {
        const auto at = block * block_;
        const auto data =
            content_.subspan(at, std::min<std::uint64_t>(block_, content_.size() - at));
        Bytes result(data.begin(), data.end());
        result.resize(block_); // zero behind the end, as ext4 wants it
        return result;
    }

    std::uint64_t cluster_count() const { return (needed_ + ratio_ - 1) / ratio_; }

    // Which clusters of the file hold the new content already.
    errcode_t compare() {
        keep_.assign(cluster_count(), true);
        Bytes found(block_);
        for (std::uint64_t i = 0; i < needed_; ++i) {
            const auto& place = places_[i];
            if (place.block != 0 && !place.unwritten) {
                if (const auto code = io_channel_read_blk64(fs_->io, place.block, 1, found.data());
                    code != 0)
                    return code;
            } else {
                std::fill(found.begin(), found.end(), std::byte{0});
            }
            if (place.unwritten || found != wanted(i))
                keep_[i / ratio_] = false;
        }
        return 0;
    }

    bool is_hole(std::uint64_t cluster) const {
        const auto end = std::min(needed_, (cluster + 1) * ratio_);
        for (auto i = cluster * ratio_; i < end; ++i)
            if (places_[i].block != 0)
                return false;
        return true;
    }

    void close_gaps() {
        const auto gap = kGap / (block_ * ratio_);
        for (std::uint64_t i = 0; i < keep_.size();) {
            auto end = i;
            bool holes = false;
            for (; end < keep_.size() && keep_[end]; ++end)
                holes = holes || is_hole(end);
            if (i > 0 && end < keep_.size() && end - i < gap && !holes)
                std::fill(keep_.begin() + static_cast<std::ptrdiff_t>(i),
                          keep_.begin() + static_cast<std::ptrdiff_t>(end), false);
            i = end + 1;
        }
    }

    errcode_t write_content() {
        blk64_t goal = ext2fs_find_inode_goal(fs_, number_, &next_, 0);
        for (std::uint64_t cluster = 0; cluster < keep_.size(); ++cluster) {
            if (keep_[cluster]) {
                note_kept(cluster);
                continue;
            }
            blk64_t base = 0;
            if (const auto code = ext2fs_new_block2(fs_, goal, nullptr, &base); code != 0)
                return code;
            base = EXT2FS_C2B(fs_, EXT2FS_B2C(fs_, base));
            ext2fs_block_alloc_stats2(fs_, base, +1);
            fresh_.push_back(EXT2FS_B2C(fs_, base));
            goal = base + ratio_;
            if (const auto code = write_cluster(cluster, base); code != 0)
                return code;
        }
        return 0;
    }

    void note_kept(std::uint64_t cluster) {
        const auto end = std::min(needed_, (cluster + 1) * ratio_);
        for (auto i = cluster * ratio_; i < end; ++i)
            if (places_[i].block != 0)
                kept_.insert(EXT2FS_B2C(fs_, places_[i].block));
    }

    errcode_t write_cluster(std::uint64_t cluster, blk64_t base) {
        const auto first = cluster * ratio_;
        for (auto i = first; i < std::min(needed_, first + ratio_); ++i) {
            const auto data = wanted(i);
            places_[i] = {base + (i - first), false};
            if (const auto code = io_channel_write_blk64(fs_->io, places_[i].block, 1, data.data());
                code != 0)
                return code;
        }
        return 0;
    }

    // The inode as it shall be, with a map of blocks of its own. The library writes the inode while
    // the map grows; the caller puts the old one back until everything else is on the disk.
    errcode_t build() {
        std::fill(std::begin(next_.i_block), std::end(next_.i_block), 0U);
        if (const auto code =
                ext2fs_inode_size_set(fs_, &next_, static_cast<ext2_off64_t>(content_.size()));
            code != 0)
            return code;
        std::set<blk64_t> clusters;
        for (const auto& place : places_)
            if (place.block != 0)
                clusters.insert(EXT2FS_B2C(fs_, place.block));
        const auto attributes = ext2fs_file_acl_block(fs_, &next_) != 0 ? 1U : 0U;
        if (const auto code = ext2fs_iblk_set(fs_, &next_, clusters.size() + attributes); code != 0)
            return code;
        const auto code =
            (next_.i_flags & EXT4_EXTENTS_FL) != 0 ? build_extents() : build_indirect();
        return code != 0 ? code : ext2fs_write_inode(fs_, number_, &next_);
    }

    errcode_t build_extents() {
        ext2_extent_handle_t raw = nullptr;
        if (const auto code = ext2fs_extent_open2(fs_, number_, &next_, &raw); code != 0)
            return code;
        const ExtentsPtr extents(raw);
        for (std::uint64_t first = 0; first < needed_;) {
            std::uint64_t count = 1;
            while (first + count < needed_ && count < kLongestExtent && places_[first].block != 0 &&
                   places_[first + count].block == places_[first].block + count)
                ++count;
            ext2fs_extent extent{};
            extent.e_lblk = first;
            extent.e_pblk = places_[first].block;
            extent.e_len = static_cast<__u32>(count);
            first += count;
            if (extent.e_pblk == 0)
                continue;
            if (const auto code = ext2fs_extent_insert(raw, EXT2_EXTENT_INSERT_AFTER, &extent);
                code != 0)
                return code;
            if (const auto code = ext2fs_extent_fix_parents(raw); code != 0)
                return code;
        }
        return 0;
    }

    errcode_t build_indirect() {
        Bytes buffer(2 * block_);
        for (std::uint64_t i = 0; i < needed_; ++i) {
            auto block = places_[i].block;
            if (block == 0)
                continue;
            const auto code =
                ext2fs_bmap2(fs_, number_, &next_, reinterpret_cast<char*>(buffer.data()),
                             BMAP_ALLOC | BMAP_SET, i, nullptr, &block);
            if (code != 0)
                return code;
        }
        return 0;
    }

    ext2_filsys fs_;
    ext2_ino_t number_;
    ByteSpan content_;
    std::uint64_t block_;  // bytes
    std::uint64_t ratio_;  // blocks of a cluster
    std::uint64_t needed_; // blocks of the new content
    std::vector<Place> places_;
    std::vector<bool> keep_; // by cluster of the file
    std::set<blk64_t> owned_, kept_;
    std::vector<blk64_t> fresh_;
    ext2_inode next_{};
};

} // namespace

long ext_cow(struct_ext2_filsys* fs, std::uint32_t number, ByteSpan content, ExtExchange& result) {
    return Writer(fs, number, content).run(result);
}

} // namespace lifeboat::fs
