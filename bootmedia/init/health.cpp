// SPDX-License-Identifier: GPL-2.0-or-later
#include "init/health.hpp"

#include "base/text.hpp"

#include <charconv>

namespace lifeboat::bootmedia {

std::optional<std::uint64_t> memory_mib(std::string_view meminfo) {
    for (const std::string_view line : split(meminfo, '\n')) {
        const auto words = split_nonempty(line, ' ');
        if (words.size() < 2 || words[0] != "MemTotal:")
            continue;
        std::uint64_t kib = 0;
        const auto end = words[1].data() + words[1].size();
        if (std::from_chars(words[1].data(), end, kib).ec != std::errc())
            return std::nullopt;
        return kib / 1024;
    }
    return std::nullopt;
}

std::optional<std::string> what_is_wrong(std::optional<std::uint64_t> memory,
                                         bool unpacked_completely, bool has_drivers) {
    const std::string advice = "Give the machine at least " + std::to_string(kNeededMemoryMib) +
                               " MiB of memory for the time of the rescue and start again.";
    const std::string has =
        memory ? "This machine has " + std::to_string(*memory) + " MiB for us. " : std::string();
    if (!unpacked_completely)
        return "The rescue system did not fit into memory and is not complete. " + has + advice;
    if (!has_drivers)
        return "The rescue system has no drivers for the kernel that was started. Kernel and "
               "initramfs must come from the same medium.";
    return std::nullopt;
}

} // namespace lifeboat::bootmedia
