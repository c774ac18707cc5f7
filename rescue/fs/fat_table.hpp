// SPDX-License-Identifier: GPL-2.0-or-later
// The file allocation table: which cluster follows which. Changes stay in memory until write().
#pragma once

#include "fs/fat_geometry.hpp"

#include <map>
#include <optional>
#include <set>
#include <vector>

namespace lifeboat::fs {

class FatTable {
public:
    FatTable(block::DevicePtr device, const FatGeometry& geometry);

    static constexpr std::uint32_t kFree = 0;
    // The entry of `cluster`: kFree, another cluster, is_end(), or what belongs to no file.
    [[nodiscard]] Result<std::uint32_t> get(std::uint32_t cluster);
    [[nodiscard]] bool is_end(std::uint32_t value) const { return value >= mask_ - 7; }
    // The clusters from `first` to the end of its chain, at most `most`. `damaged` when it leads
    // out of the volume, to a free cluster, or in a circle.
    [[nodiscard]] Result<std::vector<std::uint32_t>> chain(std::uint32_t first, std::uint64_t most);
    // Whether the volume was unmounted cleanly and no disk error was met, as Windows marks it in
    // entry 1. FAT12 has no such mark.
    [[nodiscard]] Result<bool> is_clean();

    // A chain of `count` free clusters, ended; nothing when there are not enough.
    [[nodiscard]] Result<std::optional<std::vector<std::uint32_t>>> allocate(std::uint64_t count);
    [[nodiscard]] Result<void> free(const std::vector<std::uint32_t>& clusters);
    [[nodiscard]] Result<void> link(std::uint32_t cluster, std::uint32_t next);
    [[nodiscard]] Result<void> end(std::uint32_t cluster) { return set(cluster, mask_); }
    // Puts every changed sector into all copies of the table.
    [[nodiscard]] Result<void> write();
    [[nodiscard]] Result<std::uint32_t> count_free();
    // Whether the other copies say the same about `cluster`.
    [[nodiscard]] Result<bool> same_in_copies(std::uint32_t cluster);
    [[nodiscard]] std::uint32_t next_free() const { return hint_; }

private:
    static constexpr std::uint64_t kPage = 64U << 10;
    static constexpr std::size_t kMostPages = 256; // kept while nothing is changed
    static constexpr std::uint64_t kSector = 512;

    [[nodiscard]] Result<void> set(std::uint32_t cluster, std::uint32_t value);
    [[nodiscard]] Result<Bytes*> page(std::uint32_t copy, std::uint64_t number);
    [[nodiscard]] Result<std::uint32_t> raw(std::uint32_t copy, std::uint32_t cluster);
    [[nodiscard]] Result<std::uint32_t> word(std::uint32_t copy, std::uint64_t offset, int bytes);
    [[nodiscard]] Result<void> put(std::uint64_t offset, std::uint32_t value, int bytes);

    block::DevicePtr device_;
    FatGeometry geometry_;
    std::uint32_t mask_;     // the bits of an entry; also the mark for the end of a chain
    std::uint32_t hint_ = 2; // where the search for free clusters begins
    std::map<std::pair<std::uint32_t, std::uint64_t>, Bytes> pages_; // by copy and number
    std::set<std::uint64_t> changed_;                                // sectors of the table
};

} // namespace lifeboat::fs
