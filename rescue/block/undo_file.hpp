// SPDX-License-Identifier: GPL-2.0-or-later
// The undo file: what the changed blocks of a commit were, and fingerprints of what they became.
// The format is docs/undo-file.md. It is read back as strictly as any file from a stranger.
#pragma once

#include "base/hash.hpp"
#include "base/progress.hpp"
#include "block/device.hpp"
#include "block/overlay.hpp"

#include <array>
#include <span>
#include <string>
#include <vector>

namespace lifeboat::block {

inline constexpr std::uint32_t kUndoVersion = 2;
inline constexpr std::size_t kUndoDiskLimit = 64;
inline constexpr std::size_t kUndoPathLimit = 4096;
inline constexpr std::uint64_t kUndoBlockLimit = 1U << 24; // 64 GiB of changes
inline constexpr std::size_t kUndoStateLimit = 1U << 16;   // of one block during one commit

struct UndoDisk {
    std::string path; // as the user named it when it was repaired
    std::uint64_t size = 0;
    std::uint32_t sector_size = 512;
    Digest head{}; // SHA-256 of the first block before the repair, to know the disk again
};

// The first half of a sector's SHA-256. A power cut can tear a block between its sectors, so that
// each of them is told apart: old, new, or changed by somebody else since.
using SectorMark = std::array<std::byte, 16>;
inline constexpr std::size_t kMarkedSector = 512; // the smallest unit that a disk writes

struct UndoBlock {
    std::uint32_t disk = 0;
    std::uint64_t offset = 0;
    Bytes before;
    // Every state that the commit gives the block, one after the other; of each, a mark for every
    // sector (the last sector of a disk may be shorter).
    std::vector<SectorMark> marks;
};

[[nodiscard]] SectorMark sector_mark(ByteSpan sector);
[[nodiscard]] std::vector<SectorMark> sector_marks(ByteSpan block);

// A finished and checked undo file. The blocks stay on disk: only their places are in memory.
class UndoFile {
public:
    // Reads all of it: the checksum first, then every field. `damaged` says that it is not
    // complete (then the disk was not touched), or what is wrong.
    [[nodiscard]] static Result<UndoFile> open(const std::string& path);
    UndoFile(UndoFile&&) noexcept;
    UndoFile& operator=(UndoFile&&) noexcept;
    ~UndoFile();

    [[nodiscard]] const std::vector<UndoDisk>& disks() const;
    [[nodiscard]] std::size_t block_count() const;
    [[nodiscard]] bool has_first_block(std::size_t disk) const; // the one at offset 0
    // The old bytes are read from the file now; an error when they are not what open() checked.
    [[nodiscard]] Result<UndoBlock> block(std::size_t index) const;

    struct State;

private:
    UndoFile();
    std::unique_ptr<State> state_;
};

struct UndoContent { // of one disk
    UndoDisk disk;
    std::vector<UndoBlock> blocks; // sorted by offset
};

// Writes the file and waits until it and its directory entry are on the medium. `refused` when it
// exists. What was begun is removed again when it cannot be finished.
[[nodiscard]] Result<void> write_undo_file(const std::string& path,
                                           std::span<const UndoContent> content);

} // namespace lifeboat::block
