// SPDX-License-Identifier: GPL-2.0-or-later
// Writing blocks to a disk and reading them back.
#pragma once

#include "base/progress.hpp"
#include "block/device.hpp"

#include <span>

namespace lifeboat::block {

struct BlockToWrite {
    std::uint64_t offset = 0;
    ByteSpan data;
};

// Writes neighbours in one go, flushes, then reads everything back and compares. `written` counts
// the blocks handed to the disk so far, also when it fails.
[[nodiscard]] Result<void> write_blocks(BlockDevice& disk, std::span<const BlockToWrite> blocks,
                                        std::uint64_t& written, Progress& progress);

} // namespace lifeboat::block
