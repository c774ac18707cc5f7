// SPDX-License-Identifier: GPL-2.0-or-later
// Replay of the journal of ext3 and ext4 (JBD2). libext2fs has none: e2fsck and debugfs carry their
// own. The format: Linux, Documentation/filesystems/ext4/journal.rst; the order of the passes:
// fs/jbd2/recovery.c. The journal is hostile input.
#pragma once

#include "block/device.hpp"

#include <optional>

namespace lifeboat::fs {

struct ReplayedJournal {
    std::size_t transactions = 0;
    std::size_t blocks = 0; // written to their place
};

// Nothing when the file system does not ask for a replay. `unsupported` for a journal on another
// disk, fast commits, or features that are not known; `damaged` when it contradicts itself. What is
// torn at the end is left out, as the kernel does: it was never promised to be there.
[[nodiscard]] Result<std::optional<ReplayedJournal>> replay_ext_journal(block::DevicePtr volume);

} // namespace lifeboat::fs
