// SPDX-License-Identifier: GPL-2.0-or-later
// Entries are 12, 16 or 28 bits wide; the upper four bits of a FAT32 entry are reserved and kept
// (fatgen103, "FAT Data Structure").
#include "fs/fat_table.hpp"

#include <algorithm>

namespace lifeboat::fs {

FatTable::FatTable(block::DevicePtr device, const FatGeometry& geometry)
    : device_(std::move(device)), geometry_(geometry), mask_(geometry.bits == 32   ? 0x0fffffffU
                                                             : geometry.bits == 16 ? 0xffffU
                                                                                   : 0xfffU) {}

Result<Bytes*> FatTable::page(std::uint32_t copy, std::uint64_t number) {
    const auto known = pages_.find({copy, number});
    if (known != pages_.end())
        return &known->second;
    if (changed_.empty() && pages_.size() >= kMostPages)
        pages_.clear();
    const auto at = number * kPage;
    const auto length = static_cast<std::size_t>(std::min(kPage, geometry_.fat_size - at));
    LIFEBOAT_TRY(
        auto bytes,
        block::read_bytes(*device_, geometry_.fat_offset + copy * geometry_.fat_size + at, length));
    return &pages_.emplace(std::pair(copy, number), std::move(bytes)).first->second;
}

// `bytes` little-endian bytes of the table; a FAT12 entry may lie in two pages.
Result<std::uint32_t> FatTable::word(std::uint32_t copy, std::uint64_t offset, int bytes) {
    std::uint32_t value = 0;
    const Bytes* from = nullptr;
    for (int i = 0; i < bytes; ++i, ++offset) {
        if (from == nullptr || offset % kPage == 0) {
            LIFEBOAT_TRY(from, page(copy, offset / kPage));
        }
        value |= std::to_integer<std::uint32_t>((*from)[offset % kPage]) << (8 * i);
    }
    return value;
}

Result<void> FatTable::put(std::uint64_t offset, std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i, ++offset) {
        LIFEBOAT_TRY(auto* const into, page(geometry_.active_fat, offset / kPage));
        (*into)[offset % kPage] = static_cast<std::byte>((value >> (8 * i)) & 0xffU);
        changed_.insert(offset / kSector);
    }
    return {};
}

Result<std::uint32_t> FatTable::raw(std::uint32_t copy, std::uint32_t cluster) {
    if (geometry_.bits != 12)
        return word(copy, std::uint64_t{cluster} * (geometry_.bits / 8),
                    static_cast<int>(geometry_.bits / 8));
    LIFEBOAT_TRY(const auto pair, word(copy, std::uint64_t{cluster} * 3 / 2, 2));
    return cluster % 2 == 0 ? pair & 0xfffU : pair >> 4;
}

Result<std::uint32_t> FatTable::get(std::uint32_t cluster) {
    LIFEBOAT_TRY(const auto value, raw(geometry_.active_fat, cluster));
    return value & mask_;
}

Result<void> FatTable::set(std::uint32_t cluster, std::uint32_t value) {
    LIFEBOAT_TRY(const auto old, raw(geometry_.active_fat, cluster));
    if (geometry_.bits != 12)
        return put(std::uint64_t{cluster} * (geometry_.bits / 8), (old & ~mask_) | value,
                   static_cast<int>(geometry_.bits / 8));
    const auto at = std::uint64_t{cluster} * 3 / 2;
    LIFEBOAT_TRY(const auto pair, word(geometry_.active_fat, at, 2));
    return put(at, cluster % 2 == 0 ? (pair & 0xf000U) | value : (pair & 0x000fU) | (value << 4),
               2);
}

Result<void> FatTable::link(std::uint32_t cluster, std::uint32_t next) {
    return set(cluster, next);
}

Result<std::vector<std::uint32_t>> FatTable::chain(std::uint32_t first, std::uint64_t most) {
    const auto damaged = [&](std::string what) {
        return fail(ErrorKind::damaged, device_->name(), std::move(what),
                    "check it with fsck.fat, or chkdsk inside the guest");
    };
    std::vector<std::uint32_t> clusters;
    std::uint32_t marker = 0; // for circles: a cluster seen earlier, at powers of two
    for (auto cluster = first; clusters.size() < most;) {
        if (!geometry_.holds(cluster))
            return damaged("a chain of clusters leads to cluster " + std::to_string(cluster) +
                           ", which is not there");
        if (cluster == marker)
            return damaged("a chain of clusters runs in a circle");
        clusters.push_back(cluster);
        if ((clusters.size() & (clusters.size() - 1)) == 0)
            marker = cluster;
        LIFEBOAT_TRY(const auto next, get(cluster));
        if (is_end(next))
            break;
        cluster = next;
    }
    return clusters;
}

Result<bool> FatTable::is_clean() {
    if (geometry_.bits == 12)
        return true;
    LIFEBOAT_TRY(const auto flags, get(1));
    const auto both = geometry_.bits == 32 ? 0x0c000000U : 0xc000U; // clean, no error
    return (flags & both) == both;
}

Result<std::optional<std::vector<std::uint32_t>>> FatTable::allocate(std::uint64_t count) {
    std::vector<std::uint32_t> found;
    const auto all = geometry_.last_cluster - 1U; // how many there are
    for (std::uint32_t looked = 0; looked < all && found.size() < count; ++looked) {
        const auto cluster = 2 + (hint_ - 2 + looked) % all;
        LIFEBOAT_TRY(const auto value, get(cluster));
        if (value == kFree)
            found.push_back(cluster);
    }
    if (found.size() < count)
        return std::optional<std::vector<std::uint32_t>>();
    for (std::size_t i = 0; i < found.size(); ++i)
        LIFEBOAT_CHECK(set(found[i], i + 1 < found.size() ? found[i + 1] : mask_));
    if (!found.empty())
        hint_ = found.back();
    return std::optional<std::vector<std::uint32_t>>(std::move(found));
}

Result<void> FatTable::free(const std::vector<std::uint32_t>& clusters) {
    for (const auto cluster : clusters)
        LIFEBOAT_CHECK(set(cluster, kFree));
    return {};
}

Result<void> FatTable::write() {
    for (const auto sector : changed_) {
        const auto at = sector * kSector;
        LIFEBOAT_TRY(const auto* const from, page(geometry_.active_fat, at / kPage));
        const auto content = ByteSpan(*from).subspan(at % kPage, kSector);
        for (std::uint32_t copy = 0; copy < geometry_.fats; ++copy)
            LIFEBOAT_CHECK(
                device_->write(geometry_.fat_offset + copy * geometry_.fat_size + at, content));
    }
    changed_.clear();
    return {};
}

Result<std::uint32_t> FatTable::count_free() {
    std::uint32_t free = 0;
    for (std::uint32_t cluster = 2; cluster <= geometry_.last_cluster; ++cluster) {
        LIFEBOAT_TRY(const auto value, get(cluster));
        free += value == kFree ? 1 : 0;
    }
    return free;
}

Result<bool> FatTable::same_in_copies(std::uint32_t cluster) {
    LIFEBOAT_TRY(const auto here, raw(geometry_.active_fat, cluster));
    for (std::uint32_t copy = 0; copy < geometry_.fats; ++copy) {
        LIFEBOAT_TRY(const auto there, raw(copy, cluster));
        if ((there & mask_) != (here & mask_))
            return false;
    }
    return true;
}

} // namespace lifeboat::fs
