// SPDX-License-Identifier: GPL-2.0-or-later
// /etc/fstab (fstab(5)): six fields between blanks, blanks inside a field written as \040.
#pragma once

#include "text/lines.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::text {

struct FstabEntry {
    std::size_t line = 0; // counts from 1
    std::string spec;     // "/dev/xvda1", "UUID=...", with the escapes undone
    std::string mount_point;
    std::string type;
    std::string options;
    int pass = 0; // order of fsck; 0: never

    [[nodiscard]] bool is_swap() const { return type == "swap"; }
    [[nodiscard]] bool has_option(std::string_view option) const;
};

// Lines with at least device, mount point and type; comments and broken lines are passed over.
[[nodiscard]] std::vector<FstabEntry> fstab_entries(std::string_view file);
// `file` with another device in line `line`; nothing else changes.
[[nodiscard]] std::string set_fstab_spec(std::string_view file, std::size_t line,
                                         std::string_view spec);

} // namespace lifeboat::text
