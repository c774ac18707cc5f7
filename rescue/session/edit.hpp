// SPDX-License-Identifier: GPL-2.0-or-later
// Direct looks at, and edits of, single files and hives, behind ls, cat, put, rm and registry.
#pragma once

#include "session/state.hpp"

namespace lifeboat::session {

[[nodiscard]] Result<Preview> stage_put(const OpenDisks& disks, std::string_view volume,
                                        std::string_view path, ByteSpan content,
                                        Progress& progress);
[[nodiscard]] Result<Preview> stage_remove(const OpenDisks& disks, std::string_view volume,
                                           std::string_view path, Progress& progress);
[[nodiscard]] Result<Preview> stage_registry(const OpenDisks& disks, const HiveName& name,
                                             const RegistryEdit& edit, Progress& progress);

// A volume's file system as a tree of its own: links are followed inside this volume.
struct OpenVolume {
    VolumePlace place;
    fs::Tree tree;
};
[[nodiscard]] Result<OpenVolume> open_volume(guest::Machine& machine, const VolumePlace& place);
// `path` as the tree wants it: '/' for '\' on file systems that ignore case, absolute.
[[nodiscard]] Result<std::string> clean_path(const OpenVolume& volume, std::string_view path);
// New content for the file at `path`, which is made when it is not there.
[[nodiscard]] Result<Preview> stage_content(const OpenDisks& disks, const VolumePlace& place,
                                            std::string_view path, Bytes content,
                                            Progress& progress);

// Where a hive lies.
struct HivePlace {
    VolumePlace place;
    std::string path;   // in the volume
    std::string prefix; // what regedit calls its root: "HKEY_LOCAL_MACHINE\SYSTEM"
};
[[nodiscard]] Result<HivePlace> find_hive(const OpenDisks& disks, const HiveName& name);

struct OpenHive {
    HivePlace at;
    registry::Hive hive; // with its transaction logs applied
    HiveInfo state;      // `incomplete`: the hive can only be looked at
};
[[nodiscard]] Result<OpenHive> open_hive(const OpenDisks& disks, const HiveName& name);
// `key` with CurrentControlSet replaced by the set that Select\Current names, in hives that have
// one; other keys as they are.
[[nodiscard]] Result<std::string> real_key(const registry::Hive& hive, std::string_view key);
// The same for the key lines of .reg text; also turns UTF-16LE into UTF-8.
[[nodiscard]] Result<std::string> real_reg_text(const registry::Hive& hive, ByteSpan text,
                                                std::string_view prefix);

} // namespace lifeboat::session
