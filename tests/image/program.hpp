// SPDX-License-Identifier: GPL-2.0-or-later
// The program under test.
#pragma once

#include "support/guest_disk.hpp"

namespace lifeboat::test {

inline Ran run_lifeboat(std::vector<std::string> arguments, std::string_view input = {}) {
    arguments.insert(arguments.begin(), LIFEBOAT_PROGRAM);
    return run_tool(arguments, input);
}

// Runs it and insists on this exit code.
inline std::string lifeboat_ok(const std::vector<std::string>& arguments, int code = 0,
                               std::string_view input = {}) {
    const auto ran = run_lifeboat(arguments, input);
    std::string words;
    for (const auto& argument : arguments)
        words += " " + argument;
    INFO("lifeboat" << words << "\n" << ran.output);
    REQUIRE(ran.status == code);
    return ran.output;
}

// A file of the guest's NTFS partition, read by ntfscat from the disk image.
inline Bytes by_ntfscat(const std::string& disk, const std::string& path) {
    need_tools({"ntfscat"});
    const TempDir dir;
    const auto part = dir.file("part");
    take_from_disk(disk, kStart, files::file_size(disk) - 2 * kMiB, part);
    return to_bytes(run_ok({"ntfscat", part, path}));
}

} // namespace lifeboat::test
