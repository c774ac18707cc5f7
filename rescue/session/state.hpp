// SPDX-License-Identifier: GPL-2.0-or-later
// What the files of this room share: the open disks, and machines made over them. Not for the
// front ends.
#pragma once

#include "block/overlay.hpp"
#include "fs/clear_way.hpp"
#include "guest/editor.hpp"
#include "registry/regf_reader.hpp"
#include "session/session.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace lifeboat::session {

struct OpenDisk {
    std::string path; // as the user named it
    std::shared_ptr<block::Overlay> overlay;
    volume::Layout layout;
    std::map<std::string, fs::Ways> ways; // past obstacles, per volume (Machine::volume_name)
    // What was cleared away on the overlay as it is now, told per volume.
    std::shared_ptr<std::map<std::string, std::vector<std::string>>> cleared;
};

using OpenDisks = std::vector<OpenDisk>;

// Opens the images for reading, each below an overlay, and reads their layouts.
[[nodiscard]] Result<OpenDisks> open_disks(const std::vector<std::string>& paths,
                                           const Options& options, Progress& progress);
// The same disks as they are now, each below one more overlay, to try something on; no way is open.
[[nodiscard]] Result<OpenDisks> scratch_over(const OpenDisks& disks);
// A machine over the overlays, as they are now.
[[nodiscard]] guest::Machine machine_over(const OpenDisks& disks, fs::Access access);
void discard_changes(const OpenDisks& disks);
// Forgets all changes, and clears anew what OpenDisk::ways allows: on all volumes, or on those of
// `only`.
[[nodiscard]] Result<void> start_over(const OpenDisks& disks,
                                      const std::set<std::string>* only = nullptr);
[[nodiscard]] std::vector<DiskInfo> describe(const OpenDisks& disks);
// `cancelled` when the user asked to stop.
[[nodiscard]] Result<void> go_on(const Progress& progress);

// A volume of the session, found by the name a user gave.
struct VolumePlace {
    std::size_t disk = 0;
    const volume::Volume* volume = nullptr; // lives as long as the disks
    std::string name;                       // Machine::volume_name
};

// "2", "0", "vg/lv", or with the number of the disk before it: "1:2". Errors: `usage` when several
// disks have such a volume, `not_found` when none has.
[[nodiscard]] Result<VolumePlace> find_volume(const OpenDisks& disks, std::string_view id);
// By Machine::volume_name; nothing when there is none.
[[nodiscard]] std::optional<VolumePlace> find_volume_named(const OpenDisks& disks,
                                                           std::string_view name);

// A change to one file, with the place where it really lies, so that it can be read back without
// the guest.
struct PlacedChange {
    std::string guest; // GuestInfo::id; empty for a direct edit
    guest::FileChange change;
    std::string path_in_volume;
    std::string from_in_volume; // for renamed
    // For a hive: what differs from what Windows would have seen, logs included.
    std::optional<std::vector<registry::Change>> registry;
};

// What a staging pass did, before it was verified.
struct Staged {
    std::vector<StagedRepair> repairs;
    std::vector<PlacedChange> changes;
    std::optional<Error> not_kept; // originals: the pass is worth nothing
};

struct Session::State {
    Options options;
    OpenDisks disks;
    std::vector<DiskInfo> infos;
    bool staged = false;
    bool stale = false; // written to since they were opened

    // The disks as they are now.
    [[nodiscard]] const OpenDisks& current();
};

} // namespace lifeboat::session
