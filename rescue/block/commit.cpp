// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/commit.hpp"

#include "block/commit_devices.hpp"
#include "block/open.hpp"
#include "block/undo_file.hpp"
#include "block/undo_place.hpp"
#include "block/write_blocks.hpp"

#include <algorithm>
#include <unistd.h>

namespace lifeboat::block {
namespace {

struct Work { // of one disk
    const CommitTarget* target;
    std::vector<ChangedBlock> changes;
    UndoDisk undo;
};

Result<Digest> head_of(BlockDevice& disk) {
    const auto length = static_cast<std::size_t>(std::min(kBlock, disk.size()));
    LIFEBOAT_TRY(const auto head, read_bytes(disk, 0, length));
    return sha256(head);
}

Result<Work> prepare(const CommitTarget& target) {
    Work work{&target, {}, {}};
    LIFEBOAT_TRY(work.changes, target.overlay->changes());
    // Asked of the handle that will write: it must be the disk the plan was made for.
    LIFEBOAT_CHECK(target.overlay->unchanged_on(*target.disk));
    work.undo.path = target.path;
    work.undo.size = target.disk->size();
    work.undo.sector_size = target.disk->sector_size();
    LIFEBOAT_TRY(work.undo.head, head_of(*target.disk));
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

Result<void> write_all(const std::vector<Work>& works, std::uint64_t total,
                       const std::string& undo_path, Progress& progress) {
    std::uint64_t written = 0;
    for (const auto& work : works) {
        std::vector<BlockToWrite> blocks;
        for (const auto& change : work.changes)
            blocks.push_back({change.offset, change.after});
        const auto result = write_blocks(*work.target->disk, blocks, written, progress);
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
    if (report.blocks > kUndoBlockLimit || works.size() > kUndoDiskLimit)
        return fail(ErrorKind::unsupported, undo_path, "this is more than one repair may change");

    progress.report("Writing the undo file", -1);
    std::vector<UndoContent> content;
    for (const auto& work : works)
        content.push_back({work.undo, work.changes});
    LIFEBOAT_CHECK(write_undo_file(undo_path, content));
    if (progress.cancelled()) {
        ::unlink(undo_path.c_str());
        return fail(ErrorKind::cancelled, undo_path, "stopped before anything was written");
    }
    LIFEBOAT_CHECK(write_all(works, report.blocks, undo_path, progress));
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
