// SPDX-License-Identifier: GPL-2.0-or-later
// libntfs-3g writes in an order of its own; a power cut in between could lose a file. While a
// ledger is open it remembers what every block was before the library wrote it. settle() then
// writes the result once more, in steps with a flush between them, so that a cut after any of them
// leaves at worst clusters or records that are marked as used and are not:
//   1. what nothing refers to yet: content, new records; maps of used clusters and records with the
//      old and the new ones marked
//   2. records of files that were there before: the switch from the old content to the new
//   3. directories: an index block that takes entries over, the directory's record, the others
//   4. final maps; records of removed files. No flush: the next operation's first step may share
//   it.
#pragma once

#include "block/device.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace lifeboat::fs {

class NtfsLedger {
public:
    explicit NtfsLedger(block::BlockDevice& device) : device_(&device) {}

    // Before the library writes `data` at `offset`.
    [[nodiscard]] Result<void> note(std::uint64_t offset, ByteSpan data);

    struct Range {
        std::uint64_t offset = 0; // on the device
        std::uint64_t length = 0;
    };
    struct Maps {
        std::vector<Range> clusters; // where $Bitmap lies, in its order
        std::vector<Range> records;  // where the bitmap of $MFT lies
        std::uint32_t cluster_size = 0;
    };
    // How many records of files that existed before were switched; more than one for a single file
    // means that its switch is not one write.
    [[nodiscard]] Result<std::size_t> settle(const Maps& maps);

private:
    struct Piece { // of a record with update sequence: "FILE" or "INDX"
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
        bool index = false;
        bool head = true; // false: continues the piece before
        int step = 0;
        Bytes before, after;
    };
    using Blocks = std::map<std::uint64_t, Bytes>; // by offset

    [[nodiscard]] Result<Bytes> before(std::uint64_t offset, std::uint64_t length);
    [[nodiscard]] Result<bool> was_used(const Maps& maps, std::uint64_t offset);
    [[nodiscard]] Result<int> step_of(const Piece& piece, const Maps& maps);
    [[nodiscard]] Result<int> set_steps(const Maps& maps);
    [[nodiscard]] Result<void> first_step(const Maps& maps);
    void note_piece(std::uint64_t offset, ByteSpan data);

    block::BlockDevice* device_;
    Blocks before_;
    std::vector<Piece> pieces_;  // in the order of their last writes
    std::uint64_t expected_ = 0; // bytes of the last record that are still to come
};

// The record `after` with the update sequence number of `before`, when that leaves at most one
// sector different: then a torn write cannot exist. `after` itself otherwise. Layout: MS "NTFS
// multi-sector header": offset and count of the update sequence array at 4 and 6; its first entry
// stands at the end of every 512 bytes, whose own last two bytes are kept in the array.
[[nodiscard]] Bytes with_kept_number(ByteSpan before, ByteSpan after);

} // namespace lifeboat::fs
