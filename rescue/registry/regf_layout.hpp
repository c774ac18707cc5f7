// SPDX-License-Identifier: GPL-2.0-or-later
// Where things lie in a hive file. Source of every number: the public description of the regf
// format by Maxim Suhanov (msuhanov/regf), checked against real hives.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstdint>

namespace lifeboat::registry {

inline constexpr std::size_t kBaseBlock = 4096;       // the header; bins follow
inline constexpr std::size_t kHeader = 512;           // what is used of it; all of it in a log
inline constexpr std::size_t kChecksumAt = 508;       // XOR of the 127 words before it
inline constexpr std::size_t kBinHeader = 32;         // of each "hbin"
inline constexpr std::size_t kSegment = 16344;        // data beyond this lies in a "db" record
inline constexpr std::uint32_t kNothing = 0xFFFFFFFF; // "no such cell"
inline constexpr std::size_t kMaxHive = 512U << 20;   // bytes; SOFTWARE of a big server is ~200 MB

struct BaseBlock {
    std::uint32_t primary_sequence = 0;
    std::uint32_t secondary_sequence = 0;
    std::uint32_t minor_version = 0;
    std::uint32_t file_type = 0; // 0 hive, 1 old log, 6 new log
    std::uint32_t root = 0;      // cell offset, from the first bin
    std::uint32_t bins_size = 0; // bytes, multiple of 4096
};

[[nodiscard]] std::uint32_t base_checksum(ByteSpan base);
// `damaged` when it is no base block or its checksum is wrong. Does not look behind it.
[[nodiscard]] Result<BaseBlock> read_base(ByteSpan image);

} // namespace lifeboat::registry
