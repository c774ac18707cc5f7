// SPDX-License-Identifier: GPL-2.0-or-later
// Inside of the guest room: how an offline Windows is recognised and what its files say about it.
#pragma once

#include "guest/machine.hpp"

#include <optional>

namespace lifeboat::guest {

// What the header of a Windows program says.
struct Executable {
    Architecture architecture = Architecture::unknown;
    std::uint32_t major = 0, minor = 0, build = 0; // of its version resource; 0: not found
};
// Nothing when it is no PE program.
[[nodiscard]] std::optional<Executable> read_executable(ByteSpan file);

// Directories on this tree that hold an installed Windows, as spelled there: "/Windows".
[[nodiscard]] Result<std::vector<std::string>> windows_roots(const fs::Tree& tree);

// Both hives may be absent; what cannot be told stays empty.
[[nodiscard]] WindowsFacts windows_facts(const std::string& root, const registry::Hive* system,
                                         const registry::Hive* software,
                                         const std::optional<Executable>& kernel);
[[nodiscard]] Architecture architecture_from_hive(const registry::Hive& system,
                                                  const WindowsFacts& facts);
// "Windows 10 Pro (build 16299, x64)".
[[nodiscard]] std::string windows_title(const WindowsFacts& facts, Architecture architecture);

// Why an installed Windows should not be touched, judging by its SYSTEM hive alone.
[[nodiscard]] std::vector<Error> hive_obstacles(const registry::Hive& system,
                                                const std::string& where);

} // namespace lifeboat::guest
