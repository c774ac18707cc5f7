// SPDX-License-Identifier: GPL-2.0-or-later
// Commit and undo on devices that are open already: what commit.hpp does after opening the disks.
// Tests put devices in that fail or lose power at any write.
#pragma once

#include "block/commit.hpp"

namespace lifeboat::block {

struct CommitTarget {
    std::string path; // kept in the undo file
    Overlay* overlay = nullptr;
    DevicePtr disk; // the same disk, open for writing
};

[[nodiscard]] Result<CommitReport> commit_to(std::span<const CommitTarget> targets,
                                             const std::string& undo_path, Progress& progress);
// `disks` in the order of the undo file.
[[nodiscard]] Result<CommitReport> undo_on(const std::string& undo_path,
                                           std::span<const DevicePtr> disks, Progress& progress);

} // namespace lifeboat::block
