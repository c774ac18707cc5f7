// SPDX-License-Identifier: GPL-2.0-or-later
// Everything here reads the overlays with objects that took no part in the writing.
#include "base/text.hpp"
#include "guest/hive_file.hpp"
#include "registry/regf_reader.hpp"
#include "session/inspect.hpp"
#include "session/stage.hpp"

#include <algorithm>

namespace lifeboat::session {

namespace {

constexpr std::string_view kReport = "nothing was written; please report this";

tl::unexpected<Error> wrong(std::string where, std::string what) {
    return fail(ErrorKind::internal, std::move(where), std::move(what), std::string(kReport));
}

// "regf" opens every hive (msuhanov/regf, "Base block").
bool is_hive(const std::optional<Bytes>& content) {
    return content && has_magic(*content, 0, "regf");
}

Result<void> verify_hive(fs::FileSystem& fs, PlacedChange& placed, const std::string& where) {
    const auto& change = placed.change;
    if (!is_hive(change.after))
        return {};
    const auto sound = registry::check_structure(*change.after);
    if (!sound)
        return wrong(where, "the new hive is not sound: " + sound.error().text());
    if (!is_hive(change.before))
        return {};
    // Held against what Windows would see: the old hive with its transaction logs.
    auto difference = hive_difference(fs, placed);
    if (!difference)
        return wrong(where, "the hives cannot be compared: " + difference.error().text());
    if (difference->empty())
        return wrong(where, "the new hive holds nothing that the old one did not");
    placed.registry = std::move(*difference);
    return {};
}

Result<void> verify_present(fs::FileSystem& fs, PlacedChange& placed, const std::string& where) {
    const auto& change = placed.change;
    LIFEBOAT_TRY(const auto node, fs.stat(placed.path_in_volume));
    if (!node)
        return wrong(where, "it is not there after it was written");
    if (change.link) {
        if (node->type != fs::NodeType::symlink || node->target != *change.link)
            return wrong(where, "it is not the link that was meant");
        return {};
    }
    if (change.is_directory)
        return node->type == fs::NodeType::directory ? Result<void>{}
                                                     : wrong(where, "it is not a directory");
    if (!change.after)
        return {}; // a renamed file too large to keep
    LIFEBOAT_TRY(const auto content, fs.read(placed.path_in_volume));
    if (!equal(content, *change.after))
        return wrong(where, "it reads back different from what was written");
    return verify_hive(fs, placed, where);
}

Result<void> verify_absent(fs::FileSystem& fs, const std::string& path, const std::string& where) {
    LIFEBOAT_TRY(const auto node, fs.stat(path));
    return node ? wrong(where, "it is still there after it was removed") : Result<void>{};
}

Result<void> verify_change(guest::Machine& machine, const OpenDisks& disks, PlacedChange& placed) {
    const auto& change = placed.change;
    const std::string where = change.volume + ", " + change.path;
    const auto place = find_volume_named(disks, change.volume);
    if (!place)
        return wrong(where, "its volume is not known");
    LIFEBOAT_TRY(const auto fs, machine.filesystem(place->disk, *place->volume));
    switch (change.kind) {
    case guest::FileChangeKind::removed: return verify_absent(*fs, placed.path_in_volume, where);
    case guest::FileChangeKind::renamed:
        LIFEBOAT_CHECK(verify_absent(*fs, placed.from_in_volume, where));
        return verify_present(*fs, placed, where);
    case guest::FileChangeKind::created:
    case guest::FileChangeKind::changed: return verify_present(*fs, placed, where);
    }
    return {};
}

// Two guests can share a volume; what the later one wrote is what must be there.
bool overwritten_later(const Staged& staged, std::size_t index) {
    const auto& mine = staged.changes[index];
    return std::any_of(staged.changes.begin() + static_cast<std::ptrdiff_t>(index) + 1,
                       staged.changes.end(), [&](const PlacedChange& later) {
                           return later.change.volume == mine.change.volume &&
                                  (later.path_in_volume == mine.path_in_volume ||
                                   later.from_in_volume == mine.path_in_volume);
                       });
}

struct Range {
    std::uint64_t first = 0, end = 0;
};

// The bytes of a changed block that really differ.
Range differing(const block::ChangedBlock& block) {
    std::size_t first = 0;
    std::size_t end = std::min(block.before.size(), block.after.size());
    while (first < end && block.before[first] == block.after[first])
        ++first;
    while (end > first && block.before[end - 1] == block.after[end - 1])
        --end;
    return {block.offset + first, block.offset + end};
}

bool covers(const volume::Volume& volume, const Range& range) {
    return range.first >= volume.offset && range.end <= volume.offset + volume.size;
}

bool is_logical(const volume::Volume& volume) { return volume.id.find('/') != std::string::npos; }

} // namespace

Result<std::vector<registry::Change>> hive_difference(fs::FileSystem& fs,
                                                      const PlacedChange& placed) {
    const auto& before = *placed.change.before;
    const auto state = registry::inspect(before);
    if (!state || !state->dirty())
        return registry::difference(before, *placed.change.after);
    const auto complete = guest::complete_hive(fs, placed.path_in_volume, before);
    return registry::difference(complete ? complete->image : before, *placed.change.after);
}

Result<std::set<std::string>> touched_volumes(const OpenDisks& disks) {
    std::set<std::string> out;
    for (std::size_t disk = 0; disk < disks.size(); ++disk) {
        LIFEBOAT_TRY(const auto blocks, disks[disk].overlay->changes());
        for (const auto& block : blocks) {
            const auto range = differing(block);
            const auto& volumes = disks[disk].layout.volumes;
            const auto at = std::find_if(volumes.begin(), volumes.end(), [&](const auto& volume) {
                return !is_logical(volume) && covers(volume, range);
            });
            if (at == volumes.end())
                return wrong(disks[disk].path + ", byte " + std::to_string(range.first),
                             "a block outside all volumes would change");
            out.insert(guest::Machine::volume_name(disk, *at));
        }
    }
    return out;
}

namespace {

// What may change: the volumes of changed files, and for a logical volume the physical ones.
std::set<std::string> allowed_volumes(const OpenDisks& disks, const Staged& staged) {
    std::set<std::string> out;
    bool logical = false;
    for (const auto& change : staged.changes) {
        out.insert(change.change.volume);
        const auto place = find_volume_named(disks, change.change.volume);
        logical = logical || (place && is_logical(*place->volume));
    }
    for (std::size_t disk = 0; logical && disk < disks.size(); ++disk)
        for (const auto& volume : disks[disk].layout.volumes)
            if (volume.content == volume::Content::lvm_member)
                out.insert(guest::Machine::volume_name(disk, volume));
    return out;
}

} // namespace

Result<void> verify_files(const OpenDisks& disks, Staged& staged, Progress& progress) {
    progress.report("Reading back what was staged", -1);
    auto machine = machine_over(disks, fs::Access::read);
    for (std::size_t i = 0; i < staged.changes.size(); ++i) {
        LIFEBOAT_CHECK(go_on(progress));
        if (!overwritten_later(staged, i))
            LIFEBOAT_CHECK(verify_change(machine, disks, staged.changes[i]));
    }
    LIFEBOAT_TRY(const auto touched, touched_volumes(disks));
    const auto allowed = allowed_volumes(disks, staged);
    for (const auto& volume : touched)
        if (allowed.count(volume) == 0)
            return wrong(volume, "blocks would change although no file of it does");
    if (touched.empty() && !staged.changes.empty())
        return wrong(staged.changes.front().change.volume, "files changed but no block did");
    return {};
}

Result<void> verify_cured(const OpenDisks& disks, const Plan& plan,
                          std::span<const repair::Repair> catalogue, Progress& progress) {
    auto machine = machine_over(disks, fs::Access::read);
    LIFEBOAT_TRY(const auto found, guest::find_guests(machine));
    for (const auto& step : plan.steps) {
        const auto guest =
            std::find_if(found.guests.begin(), found.guests.end(), [&](const auto& g) {
                return g->id() == step.guest && g->volume() == step.volume;
            });
        if (guest == found.guests.end())
            return wrong(step.volume, "the guest cannot be found any more after the repair");
        for (const auto& repair : catalogue) {
            LIFEBOAT_CHECK(go_on(progress));
            if (repair.family != (*guest)->family())
                continue;
            progress.report("Asking again: " + std::string(repair.title), -1);
            const auto now = describe(repair, step.guest, repair.diagnose(**guest));
            const auto reason = now.evidence.empty() ? std::string() : ": " + now.evidence.front();
            const auto where = step.guest + ", " + now.id;
            const bool ran = std::count(step.repairs.begin(), step.repairs.end(), &repair) != 0;
            if (ran && now.outcome == Outcome::trouble)
                return wrong(where, "the repair did not cure what it found" + reason);
            if (ran && now.outcome == Outcome::could_not_look)
                return wrong(where, "after the repair nothing can be told any more" + reason);
            const bool was_healthy =
                std::count(step.healthy.begin(), step.healthy.end(), now.id) != 0;
            if (was_healthy && now.severity == repair::to_string(repair::Severity::critical))
                return wrong(where, "this was healthy before and would not be any more" + reason);
        }
    }
    return {};
}

} // namespace lifeboat::session
