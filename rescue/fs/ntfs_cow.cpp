// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/ntfs_cow.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <vector>
// ntfs-3g's headers are not self-contained: struct timespec and the C types must be known first.
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <sys/stat.h>

extern "C" {
#include <ntfs-3g/attrib.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/lcnalloc.h>
#include <ntfs-3g/runlist.h>
#include <ntfs-3g/volume.h>
}
#undef min
#undef max
// Its flag macros take the complement of an int.
#pragma GCC diagnostic ignored "-Wsign-conversion"

namespace lifeboat::fs {
namespace {

// Changes that lie closer together than this are written as one, to keep the file in few pieces.
constexpr std::uint64_t kGap = 64 * 1024;
constexpr std::uint64_t kPiece = 1U << 20;

struct CloseAttribute {
    void operator()(ntfs_attr* attribute) const { ntfs_attr_close(attribute); }
};
using AttributePtr = std::unique_ptr<ntfs_attr, CloseAttribute>;
struct FreeMemory {
    void operator()(void* memory) const { std::free(memory); }
};
struct PutSearch {
    void operator()(ntfs_attr_search_ctx* search) const { ntfs_attr_put_search_ctx(search); }
};
using SearchPtr = std::unique_ptr<ntfs_attr_search_ctx, PutSearch>;
using RunPtr = std::unique_ptr<runlist_element, FreeMemory>;

constexpr std::int64_t kNone = -1;

class Writer {
public:
    Writer(ntfs_volume* volume, ntfs_inode* inode, block::BlockDevice& device, ByteSpan content)
        : volume_(volume), inode_(inode), device_(device), content_(content),
          cluster_(volume->cluster_size), needed_((content.size() + cluster_ - 1) / cluster_) {}

    CowResult run() {
        AttributePtr data(ntfs_attr_open(inode_, AT_DATA, AT_UNNAMED, 0));
        if (!data)
            return CowResult::failed;
        // Flags: compressed, encrypted, sparse.
        if (NAttrNonResident(data.get()) == 0 || content_.empty() ||
            data->data_flags != const_cpu_to_le16(0))
            return CowResult::impossible;
        if (ntfs_attr_map_whole_runlist(data.get()) != 0)
            return CowResult::failed;
        if (!take_old(*data))
            return CowResult::impossible;
        data.reset();
        if (!compare())
            return CowResult::failed;
        auto result = place(kGap / cluster_);
        if (result == CowResult::impossible) {
            std::fill(keep_.begin(), keep_.end(), false); // in one piece it may fit
            result = place(0);
        }
        return result;
    }

private:
    // The clusters of the file, one by one. False when some have no place.
    bool take_old(const ntfs_attr& data) {
        for (const auto* run = data.rl; run->length != 0; ++run) {
            if (run->lcn < 0)
                return false;
            for (s64 i = 0; i < run->length; ++i)
                old_.push_back(run->lcn + i);
        }
        return true;
    }

    ByteSpan part(std::uint64_t first, std::uint64_t count) const {
        const auto at = first * cluster_;
        return content_.subspan(at,
                                std::min<std::uint64_t>(count * cluster_, content_.size() - at));
    }

    // Which clusters hold the new content already.
    bool compare() {
        keep_.assign(needed_, false);
        for (std::uint64_t first = 0; first < std::min<std::uint64_t>(needed_, old_.size());) {
            std::uint64_t count = 1;
            const auto limit = std::max<std::uint64_t>(1, kPiece / cluster_);
            while (count < limit && first + count < std::min<std::uint64_t>(needed_, old_.size()) &&
                   old_[first + count] == old_[first] + static_cast<s64>(count))
                ++count;
            const auto wanted = part(first, count);
            const auto found = block::read_bytes(
                device_, static_cast<std::uint64_t>(old_[first]) * cluster_, wanted.size());
            if (!found) {
                errno = EIO;
                return false;
            }
            for (std::uint64_t i = 0; i < count; ++i) {
                const auto one = part(first + i, 1);
                keep_[first + i] = equal(one, ByteSpan(*found).subspan(i * cluster_, one.size()));
            }
            first += count;
        }
        return true;
    }

    // Kept clusters between two changes that are close to each other are written, too.
    void close_gaps(std::uint64_t gap) {
        for (std::uint64_t i = 0; i < needed_;) {
            auto end = i;
            while (end < needed_ && keep_[end])
                ++end;
            if (i > 0 && end < needed_ && end - i < gap)
                std::fill(keep_.begin() + static_cast<std::ptrdiff_t>(i),
                          keep_.begin() + static_cast<std::ptrdiff_t>(end), false);
            i = end + 1;
        }
    }

    CowResult place(std::uint64_t gap) {
        close_gaps(gap);
        const auto count = std::count(keep_.begin(), keep_.end(), false);
        const RunPtr fresh(ntfs_cluster_alloc(volume_, 0, count, -1, DATA_ZONE));
        if (!fresh)
            return errno == ENOSPC ? CowResult::impossible : CowResult::failed;
        if (!write_content(fresh.get()))
            return CowResult::failed;
        const auto result = exchange();
        if (result == CowResult::done)
            return free_old() ? result : CowResult::failed;
        const int number = errno;
        if (ntfs_cluster_free_from_rl(volume_, fresh.get()) != 0)
            return CowResult::failed;
        errno = number;
        return result;
    }

    bool write_content(const runlist_element* fresh) {
        now_.assign(needed_, kNone);
        s64 used = 0;
        for (std::uint64_t i = 0; i < needed_; ++i) {
            if (keep_[i]) {
                now_[i] = old_[i];
                continue;
            }
            if (used == fresh->length) {
                ++fresh;
                used = 0;
            }
            now_[i] = fresh->lcn + used++;
        }
        for (std::uint64_t first = 0; first < needed_;) {
            std::uint64_t count = 1;
            while (first + count < needed_ && keep_[first + count] == keep_[first] &&
                   now_[first + count] == now_[first] + static_cast<s64>(count) &&
                   count * cluster_ < kPiece)
                ++count;
            if (!keep_[first] && !write_run(first, count))
                return false;
            first += count;
        }
        return true;
    }

    bool write_run(std::uint64_t first, std::uint64_t count) {
        const auto data = part(first, count);
        Bytes whole(data.begin(), data.end());
        whole.resize(count * cluster_); // nothing of another file stays behind the end
        errno = EIO;
        return static_cast<bool>(
            device_.write(static_cast<std::uint64_t>(now_[first]) * cluster_, whole));
    }

    std::vector<runlist_element> runs() const {
        std::vector<runlist_element> result;
        for (std::uint64_t i = 0; i < needed_; ++i) {
            if (!result.empty() && result.back().lcn + result.back().length == now_[i])
                ++result.back().length;
            else
                result.push_back({static_cast<VCN>(i), now_[i], 1});
        }
        result.push_back({static_cast<VCN>(needed_), LCN_ENOENT, 0});
        return result;
    }

    // The new run list in the place of the old one, in the one record that holds it.
    CowResult exchange() {
        const SearchPtr search(ntfs_attr_get_search_ctx(inode_, nullptr));
        if (!search || ntfs_attr_lookup(AT_DATA, AT_UNNAMED, 0, CASE_SENSITIVE, 0, nullptr, 0,
                                        search.get()) != 0)
            return CowResult::failed;
        auto* const attribute = search->attr;
        const auto last = le64_to_cpu(static_cast<le64>(attribute->highest_vcn));
        if (attribute->lowest_vcn != const_cpu_to_sle64(0) || last + 1 != old_.size())
            return CowResult::impossible; // spread over several records
        const auto list = runs();
        const int size = ntfs_get_size_for_mapping_pairs(volume_, list.data(), 0, INT_MAX);
        if (size < 0)
            return CowResult::failed;
        const auto start = le16_to_cpu(attribute->mapping_pairs_offset);
        const auto length = (static_cast<u32>(start) + static_cast<u32>(size) + 7U) & ~7U;
        if (ntfs_attr_record_resize(search->mrec, attribute, length) != 0)
            return errno == ENOSPC ? CowResult::impossible : CowResult::failed;
        auto* const pairs = reinterpret_cast<u8*>(attribute) + start;
        std::memset(pairs, 0, length - start);
        if (ntfs_mapping_pairs_build(volume_, pairs, static_cast<int>(length - start), list.data(),
                                     0, nullptr) != 0)
            return CowResult::failed;
        const auto bytes = static_cast<s64>(content_.size());
        const auto allocated = static_cast<s64>(needed_ * cluster_);
        attribute->highest_vcn = cpu_to_sle64(static_cast<s64>(needed_) - 1);
        attribute->allocated_size = cpu_to_sle64(allocated);
        attribute->data_size = attribute->initialized_size = cpu_to_sle64(bytes);
        inode_->data_size = bytes;
        inode_->allocated_size = allocated;
        NInoFileNameSetDirty(inode_);
        ntfs_inode_mark_dirty(search->ntfs_ino);
        return CowResult::done;
    }

    bool free_old() {
        for (std::uint64_t i = 0; i < old_.size();) {
            if (i < needed_ && keep_[i]) {
                ++i;
                continue;
            }
            s64 count = 1;
            while (i + static_cast<std::uint64_t>(count) < old_.size() &&
                   old_[i + static_cast<std::uint64_t>(count)] == old_[i] + count &&
                   (i + static_cast<std::uint64_t>(count) >= needed_ ||
                    !keep_[i + static_cast<std::uint64_t>(count)]))
                ++count;
            if (ntfs_cluster_free_basic(volume_, old_[i], count) != 0)
                return false;
            i += static_cast<std::uint64_t>(count);
        }
        return true;
    }

    ntfs_volume* volume_;
    ntfs_inode* inode_;
    block::BlockDevice& device_;
    ByteSpan content_;
    std::uint64_t cluster_; // bytes
    std::uint64_t needed_;  // clusters of the new content
    std::vector<s64> old_;  // the file's clusters, by place in the file
    std::vector<s64> now_;
    std::vector<bool> keep_; // the old cluster holds the new content already
};

} // namespace

CowResult cow_write(_ntfs_volume* volume, _ntfs_inode* inode, block::BlockDevice& device,
                    ByteSpan content) {
    return Writer(volume, inode, device, content).run();
}

} // namespace lifeboat::fs
