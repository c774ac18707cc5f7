// SPDX-License-Identifier: GPL-2.0-or-later
// The only code that writes to a customer's disk. Order: the disk is still what was read -> undo
// file complete and on its medium -> epoch after epoch (overlay.hpp): write, flush, read back and
// compare. The undo file format is described in docs/undo-file.md; it holds the old content of
// every block and fingerprints of all that the commit makes of it, so that `undo` also cures a
// commit that was cut off half way.
#pragma once

#include "base/progress.hpp"
#include "block/open.hpp"
#include "block/overlay.hpp"

#include <span>
#include <string>
#include <vector>

namespace lifeboat::block {

struct CommitDisk {
    std::string path; // as the user named it
    std::uint32_t sector_size = 512;
    Overlay* overlay = nullptr;
};

struct CommitReport {
    std::uint64_t blocks = 0; // that differ from before
    std::uint64_t bytes = 0;
    std::string undo_file; // empty when nothing had to be written
};

// Writes what changed on all disks. `undo_path` must not exist yet (`refused` otherwise), and must
// not lie on one of the disks.
[[nodiscard]] Result<CommitReport> commit(std::span<const CommitDisk> disks,
                                          const std::string& undo_path, Progress& progress);

// Puts back what `undo_path` kept. Each block must now be the old or the new one of the undo file;
// otherwise the guest has run since and nothing is written (`refused`). `paths` in the order of the
// repair; empty: the paths the undo file remembers.
[[nodiscard]] Result<CommitReport> undo(const std::string& undo_path,
                                        std::span<const std::string> paths, Progress& progress,
                                        QemuHelper* helper = nullptr);

} // namespace lifeboat::block
