// SPDX-License-Identifier: GPL-2.0-or-later
// Is this environment whole? With too little memory the kernel unpacks only a part of the initramfs
// and starts it all the same; everything after that would fail in ways that nobody understands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lifeboat::bootmedia {

// Somewhat more than what was measured; docs/testing.md has the measurement.
constexpr std::uint64_t kNeededMemoryMib = 192;

// Memory in MiB from the contents of /proc/meminfo; nothing when it is not there.
[[nodiscard]] std::optional<std::uint64_t> memory_mib(std::string_view meminfo);

// What is wrong, as sentences for the person; nothing when all is well.
[[nodiscard]] std::optional<std::string> what_is_wrong(std::optional<std::uint64_t> memory,
                                                       bool unpacked_completely, bool has_drivers);

} // namespace lifeboat::bootmedia
