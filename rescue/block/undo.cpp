// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/commit.hpp"
#include "block/commit_devices.hpp"
#include "block/open.hpp"
#include "block/undo_file.hpp"
#include "block/undo_format.hpp"
#include "block/undo_place.hpp"
#include "block/write_blocks.hpp"

#include <algorithm>

namespace lifeboat::block {
namespace {

constexpr std::size_t kBatch = 4096; // blocks put back at a time: 16 MiB of memory

Result<void> check_disk(const UndoDisk& kept, bool first_block_changed, BlockDevice& disk) {
    if (disk.size() != kept.size)
        return fail(ErrorKind::refused, disk.name(),
                    "the undo file is for a disk of " + std::to_string(kept.size) +
                        " bytes, this one has " + std::to_string(disk.size()),
                    "name the disk that was repaired");
    if (first_block_changed)
        return {}; // it is compared with all the others
    const auto length = static_cast<std::size_t>(std::min(kBlock, disk.size()));
    LIFEBOAT_TRY(const auto head, read_bytes(disk, 0, length));
    if (sha256(head) != kept.head)
        return fail(ErrorKind::refused, disk.name(),
                    "this is not the disk that was repaired, or its first block changed since",
                    "name the disk that was repaired");
    return {};
}

// Every sector is what it was before the repair, or what the repair made of it on its way.
bool old_or_new(ByteSpan now, const UndoBlock& kept) {
    const auto sectors = sector_count(now.size());
    for (std::size_t i = 0; i < sectors; ++i) {
        const auto at = i * kMarkedSector;
        const auto length = std::min(kMarkedSector, now.size() - at);
        const auto sector = now.subspan(at, length);
        if (equal(sector, ByteSpan(kept.before).subspan(at, length)))
            continue;
        const auto mark = sector_mark(sector);
        bool known = false;
        for (auto state = i; state < kept.marks.size() && !known; state += sectors)
            known = kept.marks[state] == mark;
        if (!known)
            return false;
    }
    return true;
}

// The numbers of the blocks that must be put back. All are looked at before the first is written.
Result<std::vector<std::size_t>>
blocks_to_restore(const UndoFile& file, std::span<const DevicePtr> disks, Progress& progress) {
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < file.block_count(); ++i) {
        LIFEBOAT_TRY(const auto kept, file.block(i));
        auto& disk = *disks[kept.disk];
        LIFEBOAT_TRY(const auto now, read_bytes(disk, kept.offset, kept.before.size()));
        if (equal(now, kept.before))
            continue;
        if (!old_or_new(now, kept))
            return fail(ErrorKind::refused, disk.name(),
                        "the disk changed since the repair (at byte " +
                            std::to_string(kept.offset) + "); nothing was written",
                        "the guest has run since; undo is only possible before that");
        numbers.push_back(i);
        progress.report("Comparing",
                        static_cast<double>(i) / static_cast<double>(file.block_count()));
    }
    return numbers;
}

Error half_way(const Error& error) {
    auto result = error;
    result.kind = ErrorKind::io;
    result.what += "; a part of the blocks was put back already";
    result.next = "undo can be repeated: it goes on where it stopped";
    return result;
}

Result<void> restore(const UndoFile& file, std::span<const std::size_t> numbers, BlockDevice& disk,
                     Progress& progress) {
    std::uint64_t written = 0;
    for (std::size_t first = 0; first < numbers.size(); first += kBatch) {
        std::vector<UndoBlock> kept;
        std::vector<BlockToWrite> blocks;
        for (const auto number : numbers.subspan(first, std::min(kBatch, numbers.size() - first))) {
            LIFEBOAT_TRY(auto block, file.block(number));
            kept.push_back(std::move(block));
        }
        for (const auto& block : kept)
            blocks.push_back({block.offset, block.before});
        LIFEBOAT_CHECK(write_blocks(disk, blocks, written, progress));
    }
    return {};
}

} // namespace

Result<CommitReport> undo_on(const std::string& undo_path, std::span<const DevicePtr> disks,
                             Progress& progress) {
    LIFEBOAT_TRY(const auto file, UndoFile::open(undo_path));
    if (disks.size() != file.disks().size())
        return fail(ErrorKind::usage, undo_path,
                    "the undo file is for " + std::to_string(file.disks().size()) + " disk(s)",
                    "name them in the order of the repair");
    for (std::size_t i = 0; i < disks.size(); ++i)
        LIFEBOAT_CHECK(check_disk(file.disks()[i], file.has_first_block(i), *disks[i]));
    LIFEBOAT_TRY(const auto numbers, blocks_to_restore(file, disks, progress));
    if (progress.cancelled())
        return fail(ErrorKind::cancelled, undo_path, "stopped before anything was written");

    CommitReport report;
    report.undo_file = undo_path;
    progress.writing(undo_path);
    for (std::uint32_t disk = 0; disk < disks.size(); ++disk) {
        std::vector<std::size_t> mine;
        for (const auto number : numbers) {
            LIFEBOAT_TRY(const auto block, file.block(number));
            if (block.disk != disk)
                continue;
            mine.push_back(number);
            report.bytes += block.before.size();
        }
        report.blocks += mine.size();
        if (const auto done = restore(file, mine, *disks[disk], progress); !done)
            return fail(half_way(done.error()));
    }
    progress.written();
    return report;
}

Result<CommitReport> undo(const std::string& undo_path, std::span<const std::string> paths,
                          Progress& progress, QemuHelper* helper) {
    std::vector<std::string> names(paths.begin(), paths.end());
    std::vector<std::uint32_t> sector_sizes;
    {
        LIFEBOAT_TRY(const auto file, UndoFile::open(undo_path));
        for (const auto& disk : file.disks()) {
            sector_sizes.push_back(disk.sector_size);
            if (paths.empty())
                names.push_back(disk.path);
        }
    }
    if (names.size() != sector_sizes.size())
        return fail(ErrorKind::usage, undo_path,
                    "the undo file is for " + std::to_string(sector_sizes.size()) + " disk(s)",
                    "name them in the order of the repair");
    std::vector<DevicePtr> disks;
    for (std::size_t i = 0; i < names.size(); ++i) {
        LIFEBOAT_TRY(auto disk, open_disk(names[i], Access::write, sector_sizes[i], helper));
        disks.push_back(std::move(disk));
    }
    return undo_on(undo_path, disks, progress);
}

} // namespace lifeboat::block
