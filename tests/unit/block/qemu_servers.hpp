// SPDX-License-Identifier: GPL-2.0-or-later
// For tests only: which qemu-nbd programs have an image open.
#pragma once

#include "support/tools.hpp"

#include <vector>

namespace lifeboat::test {

// Process ids of qemu-nbd programs that were told to open `path`.
[[nodiscard]] inline std::vector<int> servers_of(const std::string& path) {
    std::vector<int> out;
    std::error_code error;
    for (const auto& entry : files::directory_iterator("/proc", error)) {
        const auto name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos)
            continue;
        std::ifstream in(entry.path() / "cmdline", std::ios::binary);
        const std::string line{std::istreambuf_iterator<char>(in), {}};
        if (line.find("qemu-nbd") != line.npos && line.find(path) != line.npos)
            out.push_back(std::stoi(name));
    }
    return out;
}

} // namespace lifeboat::test
