// SPDX-License-Identifier: GPL-2.0-or-later
// PE headers and the fixed part of the version resource (Microsoft's PE/COFF specification and the
// description of VS_FIXEDFILEINFO).
#include "guest/windows.hpp"

namespace lifeboat::guest {

namespace {

constexpr std::size_t kNewHeaderAt = 0x3C;
constexpr std::uint16_t kMachineX86 = 0x14C;
constexpr std::uint16_t kMachineX64 = 0x8664;
constexpr std::uint16_t kMachineArm64 = 0xAA64;
constexpr std::uint32_t kVersionMagic = 0xFEEF04BD; // begins VS_FIXEDFILEINFO
constexpr std::uint32_t kVersionStructure = 0x10000;

Architecture architecture_of(std::uint16_t machine) {
    switch (machine) {
    case kMachineX86: return Architecture::x86;
    case kMachineX64: return Architecture::x86_64;
    case kMachineArm64: return Architecture::arm64;
    default: return Architecture::unknown;
    }
}

// The resource section, found by its name.
std::optional<ByteSpan> resources(ByteSpan file, std::size_t header) {
    const auto sections = read_le<std::uint16_t>(file, header + 6);
    const auto optional_size = read_le<std::uint16_t>(file, header + 20);
    if (!sections || !optional_size)
        return std::nullopt;
    const std::size_t table = header + 24 + *optional_size;
    for (std::size_t i = 0; i < *sections; ++i) {
        const auto entry = slice(file, table + i * 40, 40);
        if (!entry)
            return std::nullopt;
        if (has_magic(*entry, 0, ".rsrc"))
            return slice(file, *read_le<std::uint32_t>(*entry, 20),
                         *read_le<std::uint32_t>(*entry, 16));
    }
    return std::nullopt;
}

} // namespace

std::optional<Executable> read_executable(ByteSpan file) {
    const auto header = read_le<std::uint32_t>(file, kNewHeaderAt);
    if (!has_magic(file, 0, "MZ") || !header ||
        !has_magic(file, *header, std::string_view("PE\0\0", 4)))
        return std::nullopt;
    Executable out;
    out.architecture = architecture_of(read_le<std::uint16_t>(file, *header + 4).value_or(0));
    const auto section = resources(file, *header);
    for (std::size_t at = 0; section && at + 20 <= section->size(); at += 4) {
        if (read_le<std::uint32_t>(*section, at) != kVersionMagic ||
            read_le<std::uint32_t>(*section, at + 4) != kVersionStructure)
            continue;
        const auto high = *read_le<std::uint32_t>(*section, at + 8);
        const auto low = *read_le<std::uint32_t>(*section, at + 12);
        out.major = high >> 16;
        out.minor = high & 0xFFFF;
        out.build = low >> 16;
        break;
    }
    return out;
}

} // namespace lifeboat::guest
