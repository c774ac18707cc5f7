// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/write_blocks.hpp"

namespace lifeboat::block {
namespace {

constexpr std::size_t kRun = 1U << 20; // bytes written at a time

// How many blocks from `first` on lie side by side, kRun bytes at most.
std::size_t neighbours(std::span<const BlockToWrite> blocks, std::size_t first) {
    std::size_t count = 1;
    std::size_t length = blocks[first].data.size();
    for (; first + count < blocks.size(); ++count) {
        const auto& next = blocks[first + count];
        if (next.offset != blocks[first].offset + length || length + next.data.size() > kRun)
            break;
        length += next.data.size();
    }
    return count;
}

Bytes joined(std::span<const BlockToWrite> blocks) {
    Bytes data;
    for (const auto& block : blocks)
        data.insert(data.end(), block.data.begin(), block.data.end());
    return data;
}

} // namespace

Result<void> write_blocks(BlockDevice& disk, std::span<const BlockToWrite> blocks,
                          std::uint64_t& written, Progress& progress) {
    const auto total = static_cast<double>(blocks.size());
    for (std::size_t i = 0; i < blocks.size();) {
        const auto count = neighbours(blocks, i);
        LIFEBOAT_CHECK(disk.write(blocks[i].offset, joined(blocks.subspan(i, count))));
        i += count;
        written += count;
        progress.report("Writing", static_cast<double>(i) / total);
    }
    LIFEBOAT_CHECK(disk.flush());
    for (std::size_t i = 0; i < blocks.size();) {
        const auto count = neighbours(blocks, i);
        const auto wanted = joined(blocks.subspan(i, count));
        LIFEBOAT_TRY(const auto found, read_bytes(disk, blocks[i].offset, wanted.size()));
        if (!equal(found, wanted))
            return fail(ErrorKind::io, disk.name(),
                        "what was written at byte " + std::to_string(blocks[i].offset) +
                            " does not read back the same");
        i += count;
        progress.report("Reading back", static_cast<double>(i) / total);
    }
    return {};
}

} // namespace lifeboat::block
