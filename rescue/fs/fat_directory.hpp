// SPDX-License-Identifier: GPL-2.0-or-later
// One directory of a FAT volume in memory: what its entries say, and how a name is put into it or
// taken out so that a power cut leaves the old directory or the new one.
#pragma once

#include "fs/fat_name.hpp"
#include "fs/fat_table.hpp"

namespace lifeboat::fs {

struct FatEntry {
    std::string name; // as people see it
    FatShortName short_name{};
    std::uint8_t attributes = 0;
    std::uint32_t cluster = 0; // 0: the file is empty
    std::uint32_t size = 0;
    std::size_t first = 0; // the first of its entries in the directory, a part of the long name
    std::size_t index = 0; // the entry with the short name
    std::uint64_t at = 0;  // where that lies on the volume, bytes

    [[nodiscard]] bool is_directory() const {
        return (attributes & fat_attribute::kDirectory) != 0;
    }
};

// The disk writes this many bytes completely or not at all.
inline constexpr std::size_t kFatUnit = 512;

class FatDirectory {
public:
    // `cluster` 0: the root.
    [[nodiscard]] static Result<FatDirectory> load(block::BlockDevice& volume,
                                                   const FatGeometry& geometry, FatTable& table,
                                                   std::uint32_t cluster);

    // Without the volume's label, "." and "..".
    [[nodiscard]] Result<std::vector<FatEntry>> entries() const;
    [[nodiscard]] Result<std::optional<FatEntry>> find(std::string_view name) const;
    [[nodiscard]] const std::vector<std::uint32_t>& clusters() const { return clusters_; }
    // As ".." of a directory below it names it: 0 for the root.
    [[nodiscard]] std::uint32_t number() const { return number_; }
    [[nodiscard]] std::size_t capacity() const { return content_.size() / kFatEntry; }

    // The 32 bytes of one entry.
    [[nodiscard]] MutableByteSpan raw(std::size_t index) {
        return MutableByteSpan(content_).subspan(index * kFatEntry, kFatEntry);
    }
    [[nodiscard]] ByteSpan raw(std::size_t index) const {
        return ByteSpan(content_).subspan(index * kFatEntry, kFatEntry);
    }
    // Where `count` entries may be put, if possible in the unit of entry `near`; nothing: grow()
    // first.
    [[nodiscard]] std::optional<std::size_t> room_for(std::size_t count,
                                                      std::size_t near = 0) const;
    void erase(const FatEntry& entry); // in memory
    void put(std::size_t index, ByteSpan entries);

    // Writes what changed in memory: units that nobody reads yet first, then, after a barrier, the
    // one that makes the difference.
    [[nodiscard]] Result<void> write(block::BlockDevice& volume);
    // How many units differ from the disk.
    [[nodiscard]] std::size_t changed_units() const;
    // One more cluster of free entries at the end, already on the volume; `unsupported` when the
    // directory cannot grow.
    [[nodiscard]] Result<void> grow(block::BlockDevice& volume, const FatGeometry& geometry,
                                    FatTable& table);

private:
    [[nodiscard]] std::size_t end() const; // the first entry that was never used
    // A gap that begins and ends in the unit of entry `inside`.
    [[nodiscard]] std::optional<std::size_t> gap(std::size_t inside, std::size_t stop,
                                                 std::size_t count) const;
    [[nodiscard]] std::vector<std::size_t> differing_units() const;
    [[nodiscard]] std::uint64_t offset_of(std::size_t byte) const;

    std::uint32_t number_ = 0;
    std::vector<std::uint32_t> clusters_; // none for the root of FAT12 and FAT16
    std::vector<std::uint64_t> offsets_;  // of each piece on the volume, bytes
    std::size_t piece_ = 0;               // bytes of a piece
    std::string where_;                   // for messages
    Bytes content_;
    Bytes on_disk_;
};

} // namespace lifeboat::fs
