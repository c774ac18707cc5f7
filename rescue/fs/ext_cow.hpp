// SPDX-License-Identifier: GPL-2.0-or-later
// New content for an ext file in blocks of its own.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <vector>

struct struct_ext2_filsys; // libext2fs's handle

namespace lifeboat::fs {

struct ExtExchange {
    std::vector<std::uint64_t>
        to_free; // first blocks of clusters that only the old inode refers to
};

// Writes what differs to free blocks, then the inode. The old content and its map of blocks stay
// whole, so that the caller can put the old inode back. Bitmaps must be loaded. Returns libext2fs's
// error code; what was allocated is free again then, the inode may have changed.
[[nodiscard]] long ext_cow(struct_ext2_filsys* fs, std::uint32_t number, ByteSpan content,
                           ExtExchange& result);

} // namespace lifeboat::fs
