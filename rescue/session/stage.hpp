// SPDX-License-Identifier: GPL-2.0-or-later
// Staging: chosen repairs, or direct edits, run for real on the overlays, are read back by second
// readers, and are described. Either all of it holds, or the caller discards the overlays.
#pragma once

#include "repair/repair.hpp"
#include "session/state.hpp"

#include <functional>

namespace lifeboat::session {

// Runs the choices (all that is found when empty) and verifies. Nothing to do is an empty preview.
// `catalogue` is an argument so that tests bring repairs that fail or do not cure. `keep` names the
// folder of the originals that are kept in the guest; empty: none are.
[[nodiscard]] Result<Preview> stage_repairs(const OpenDisks& disks, std::span<const Choice> choices,
                                            std::span<const repair::Repair> catalogue,
                                            Progress& progress, const std::string& keep = {});

// Runs `edit` on one guest (by id; the only one when empty), verifies, describes. It may run twice.
using GuestEdit = std::function<Result<StagedRepair>(guest::Editor& editor)>;
[[nodiscard]] Result<Preview> stage_guest_edit(const OpenDisks& disks, const std::string& guest,
                                               const GuestEdit& edit, Progress& progress);

// Puts the copies of the disks' GPTs in order and verifies.
[[nodiscard]] Result<Preview> stage_gpt(const OpenDisks& disks, Progress& progress);

// Which repairs run in which guest, in catalogue order.
struct Plan {
    struct Step {
        std::string guest;  // Guest::id
        std::string volume; // Guest::volume, so that it is found again
        std::vector<const repair::Repair*> repairs;
        std::vector<std::string> healthy; // ids of repairs that found nothing, not to be spoilt
    };
    std::vector<Step> steps;
    std::vector<std::string> writable; // volumes these guests consist of
};
[[nodiscard]] Result<Plan> make_plan(guest::Machine& machine, std::span<const Choice> choices,
                                     std::span<const repair::Repair> catalogue, Progress& progress);

// Reads back what was staged: every changed file equals what was meant, every hive is sound and
// differs (how is kept with its change), no block changed outside the volumes of changed files.
// Error `internal` names what is not as it should be.
[[nodiscard]] Result<void> verify_files(const OpenDisks& disks, Staged& staged, Progress& progress);
// Both sides of the change are hives: what differs from what Windows would have seen, with the
// transaction logs beside the file in `fs`.
[[nodiscard]] Result<std::vector<registry::Change>> hive_difference(fs::FileSystem& fs,
                                                                    const PlacedChange& placed);
// Asks again: what was cured is healthy, what was healthy has not become critical.
[[nodiscard]] Result<void> verify_cured(const OpenDisks& disks, const Plan& plan,
                                        std::span<const repair::Repair> catalogue,
                                        Progress& progress);
// Volumes (by name) that hold changed bytes; an error when bytes outside any volume changed.
[[nodiscard]] Result<std::set<std::string>> touched_volumes(const OpenDisks& disks);

// What a person is shown.
[[nodiscard]] Result<Preview> describe(const OpenDisks& disks, Staged staged);

} // namespace lifeboat::session
