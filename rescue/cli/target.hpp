// SPDX-License-Identifier: GPL-2.0-or-later
// DISK:VOLUME:PATH. All three may hold colons of their own (/dev/disk/by-path/pci-0000:00:1f.2).
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace lifeboat::cli {

struct Target {
    std::string disk;
    std::string volume;
    std::string path; // "/" when none was given
};

// The parts are told apart by what a volume looks like (a number, or group/name) with a slash or
// backslash, or nothing, after its colon. Where several readings are left, the first whose disk
// `exists` is taken. Error `usage`.
[[nodiscard]] Result<Target> parse_target(std::string_view text,
                                          bool (*exists)(const std::string& path));

} // namespace lifeboat::cli
