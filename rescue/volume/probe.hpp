// SPDX-License-Identifier: GPL-2.0-or-later
// What libblkid sees in a volume.
#pragma once

#include "volume/layout.hpp"
#include "volume/sketch.hpp"

namespace lifeboat::volume {

struct Probed {
    Content content = Content::unknown;
    std::string name; // libblkid's word
    std::string label;
    std::string uuid;
    bool ambiguous = false; // signatures of more than one file system
};

[[nodiscard]] Result<Probed> probe_content(const Sketch& sketch, std::uint32_t sector_size);

// "dos", "gpt", ... as libblkid believes it; empty without a table. Unlike libfdisk it tells the
// boot sector of a FAT or NTFS volume from a master boot record.
[[nodiscard]] Result<std::string> probe_table(const Sketch& sketch, std::uint32_t sector_size);

// Fills what `part`, the device of `volume`, holds.
[[nodiscard]] Result<void> identify(block::BlockDevice& part, std::uint32_t sector_size,
                                    Volume& volume, std::vector<std::string>& notes);

} // namespace lifeboat::volume
