// SPDX-License-Identifier: GPL-2.0-or-later
// The copies of a GPT, put in order when asked for and never otherwise.
#include "session/stage.hpp"
#include "volume/gpt_repair.hpp"

#include <algorithm>

namespace lifeboat::session {

namespace {

constexpr std::string_view kReport = "nothing was written; please report this";

std::vector<volume::Volume> partitions(const volume::Layout& layout) {
    std::vector<volume::Volume> out;
    std::copy_if(layout.volumes.begin(), layout.volumes.end(), std::back_inserter(out),
                 [](const volume::Volume& volume) { return !volume.mapped; });
    return out;
}

bool same(const volume::Volume& a, const volume::Volume& b) {
    return a.id == b.id && a.offset == b.offset && a.size == b.size && a.type == b.type &&
           a.partition_uuid == b.partition_uuid && a.partition_label == b.partition_label &&
           a.content == b.content && a.uuid == b.uuid;
}

// Read again: the same partitions, and nothing more to say about the table.
Result<void> verify(const OpenDisk& disk) {
    LIFEBOAT_TRY(const auto now, volume::read_layout(*disk.overlay));
    const auto before = partitions(disk.layout);
    const bool good =
        now.table == volume::TableKind::gpt && now.disk_id == disk.layout.disk_id &&
        std::equal(before.begin(), before.end(), now.volumes.begin(), now.volumes.end(), same);
    if (!good)
        return fail(ErrorKind::internal, disk.path, "the new table says something else",
                    std::string(kReport));
    if (!now.notes.empty() && now.notes.front().starts_with("partition table"))
        return fail(ErrorKind::internal, disk.path, "the new table is not in order",
                    std::string(kReport));
    return {};
}

} // namespace

Result<Preview> stage_gpt(const OpenDisks& disks, Progress& progress) {
    Staged staged;
    const bool any = std::any_of(disks.begin(), disks.end(), [](const OpenDisk& disk) {
        return disk.layout.table == volume::TableKind::gpt;
    });
    if (!any)
        return fail(ErrorKind::unsupported, disks.front().path,
                    "this disk has no GPT of which at least one copy is good");
    for (std::size_t number = 0; number < disks.size(); ++number) {
        const auto& disk = disks[number];
        LIFEBOAT_CHECK(go_on(progress));
        if (disk.layout.table != volume::TableKind::gpt)
            continue;
        progress.report("Looking at the partition table of " + disk.path, -1);
        LIFEBOAT_TRY(const bool changed, volume::repair_gpt(*disk.overlay));
        if (!changed)
            continue;
        LIFEBOAT_CHECK(verify(disk));
        staged.repairs.push_back(
            {"gpt-backup",
             "disk " + std::to_string(number + 1),
             "Both copies of the GPT",
             {"The good copy is written over the other one, and the second copy goes to the end of "
              "the disk. No partition changes."}});
    }
    return session::describe(disks, std::move(staged));
}

} // namespace lifeboat::session
