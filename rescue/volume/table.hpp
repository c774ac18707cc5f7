// SPDX-License-Identifier: GPL-2.0-or-later
// What libfdisk reads from a partition table.
#pragma once

#include "volume/layout.hpp"
#include "volume/sketch.hpp"

namespace lifeboat::volume {

struct Table {
    std::string name; // libfdisk's word: "dos", "gpt", ...; empty without a table
    std::string disk_id;
    std::vector<Volume> volumes; // as the table says; not checked against the disk yet
    std::vector<std::string> notes;
};

// Copies the sectors of the table into `sketch`: the MBR with the chain of extended partitions,
// both GPT headers with their entries. Bounded, whatever the disk holds. Appends to `notes`.
[[nodiscard]] Result<void> copy_table(block::BlockDevice& disk, std::uint32_t sector_size,
                                      Sketch& sketch, std::vector<std::string>& notes);
[[nodiscard]] Result<Table> read_table(const Sketch& sketch, std::uint32_t sector_size);

} // namespace lifeboat::volume
