// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/commit.hpp"

#include "block/commit_devices.hpp"
#include "block/open.hpp"
#include "block/undo_file.hpp"
#include "block/undo_place.hpp"
#include "block/write_blocks.hpp"

#include <algorithm>
#include <map>
#include <unistd.h>

namespace lifeboat::block {
namespace {

struct Work { // of one disk
    const CommitTarget* target;
    std::vector<ChangedBlock> changes; // the net effect
    std::vector<Epoch> epochs;         // the way there
    UndoContent undo;
};

struct Step { // an epoch of one disk
    const Epoch* epoch;
    BlockDevice* disk;
};

Result<Digest> head_of(BlockDevice& disk) {
    const auto length = static_cast<std::size_t>(std::min(kBlock, disk.size()));
    LIFEBOAT_TRY(const auto head, read_bytes(disk, 0, length));
    return sha256(head);
}

// What every block that is touched was, and marks of all that it will be.
Result<std::vector<UndoBlock>> blocks_to_keep(const std::vector<Epoch>& epochs, BlockDevice& disk) {
    std::map<std::uint64_t, UndoBlock> blocks;
    for (const auto& epoch : epochs)
        for (const auto& version : epoch.blocks) {
            auto& kept = blocks[version.offset];
            const auto marks = sector_marks(version.content);
            if (kept.marks.size() / marks.size() >= kUndoStateLimit)
                return fail(ErrorKind::unsupported, disk.name(),
                            "this is more than one repair may change");
            kept.marks.insert(kept.marks.end(), marks.begin(), marks.end());
            if (!kept.before.empty())
                continue;
            kept.offset = version.offset;
            LIFEBOAT_TRY(kept.before, read_bytes(disk, version.offset, version.content.size()));
        }
    std::vector<UndoBlock> result;
    for (auto& [offset, block] : blocks)
        result.push_back(std::move(block));
    return result;
}

Result<Work> prepare(const CommitTarget& target) {
    Work work{&target, {}, {}, {}};
    LIFEBOAT_TRY(work.changes, target.overlay->changes());
    if (!work.changes.empty()) {
        LIFEBOAT_TRY(work.epochs, target.overlay->epochs());
    }
    // Asked of the handle that will write: it must be the disk the plan was made for.
    LIFEBOAT_CHECK(target.overlay->unchanged_on(*target.disk));
    auto& disk = work.undo.disk;
    disk.path = target.path;
    disk.size = target.disk->size();
    disk.sector_size = target.disk->sector_size();
    LIFEBOAT_TRY(disk.head, head_of(*target.disk));
    LIFEBOAT_TRY(work.undo.blocks, blocks_to_keep(work.epochs, *target.disk));
    return work;
}

Error cut_off(const Error& error, std::uint64_t written, std::uint64_t total,
              const std::string& undo_path) {
    auto result = error;
    result.kind = ErrorKind::io;
    result.what += "; " + std::to_string(written) + " of " + std::to_string(total) +
                   " changed blocks were handed to the disk, so the guest is neither as it was "
                   "nor repaired";
    result.next = "\"lifeboat undo " + undo_path + "\" puts everything back";
    return result;
}

// The epochs of all disks, in the order in which they were made.
std::vector<Step> steps_of(const std::vector<Work>& works) {
    std::vector<Step> steps;
    for (const auto& work : works)
        for (const auto& epoch : work.epochs)
            steps.push_back({&epoch, work.target->disk.get()});
    std::sort(steps.begin(), steps.end(), [](const Step& left, const Step& right) {
        return left.epoch->number < right.epoch->number;
    });
    return steps;
}

Result<void> write_all(const std::vector<Step>& steps, const std::string& undo_path,
                       Progress& progress) {
    std::uint64_t written = 0;
    std::uint64_t total = 0;
    for (const auto& step : steps)
        total += step.epoch->blocks.size();
    for (const auto& step : steps) {
        std::vector<BlockToWrite> blocks;
        for (const auto& version : step.epoch->blocks)
            blocks.push_back({version.offset, version.content});
        const auto result = write_blocks(*step.disk, blocks, written, progress);
        if (!result)
            return fail(cut_off(result.error(), written, total, undo_path));
    }
    return {};
}

} // namespace

Result<CommitReport> commit_to(std::span<const CommitTarget> targets, const std::string& undo_path,
                               Progress& progress) {
    progress.report("Checking that nothing changed", -1);
    std::vector<Work> works;
    CommitReport report;
    for (const auto& target : targets) {
        LIFEBOAT_TRY(auto work, prepare(target));
        report.blocks += work.changes.size();
        for (const auto& change : work.changes)
            report.bytes += change.after.size();
        works.push_back(std::move(work));
    }
    if (report.blocks == 0)
        return report;
    std::uint64_t kept = 0;
    for (const auto& work : works)
        kept += work.undo.blocks.size();
    if (kept > kUndoBlockLimit || works.size() > kUndoDiskLimit)
        return fail(ErrorKind::unsupported, undo_path, "this is more than one repair may change");

    progress.report("Writing the undo file", -1);
    std::vector<UndoContent> content;
    for (auto& work : works)
        content.push_back(std::move(work.undo));
    LIFEBOAT_CHECK(write_undo_file(undo_path, content));
    if (progress.cancelled()) {
        ::unlink(undo_path.c_str());
        return fail(ErrorKind::cancelled, undo_path, "stopped before anything was written");
    }
    progress.writing(undo_path);
    LIFEBOAT_CHECK(write_all(steps_of(works), undo_path, progress));
    progress.written();
    report.undo_file = undo_path;
    return report;
}

Result<CommitReport> commit(std::span<const CommitDisk> disks, const std::string& undo_path,
                            Progress& progress) {
    std::vector<CommitTarget> targets;
    for (const auto& disk : disks) {
        LIFEBOAT_CHECK(check_undo_place(undo_path, file_of(disk.path)));
        LIFEBOAT_TRY(auto device,
                     open_for_writing(disk.overlay->base(), disk.path, disk.sector_size));
        targets.push_back({disk.path, disk.overlay, std::move(device)});
    }
    return commit_to(targets, undo_path, progress);
}

} // namespace lifeboat::block
