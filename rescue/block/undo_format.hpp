// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers of the undo file's format, docs/undo-file.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lifeboat::block {

inline constexpr std::string_view kUndoMagic{"LBUNDO\r\n", 8}; // breaks when copied as text
inline constexpr std::size_t kUndoHeader = 32;      // magic, version, disks, blocks, file size
inline constexpr std::size_t kUndoDiskRecord = 48;  // and the path after it
inline constexpr std::size_t kUndoBlockRecord = 24; // and the marks and old bytes after it
inline constexpr std::size_t kUndoTrailer = 32;     // SHA-256 of all before it
inline constexpr std::uint16_t kUndoStored = 0;
inline constexpr std::uint16_t kUndoZero = 1; // the old bytes were all zero and are not stored

[[nodiscard]] constexpr std::size_t sector_count(std::size_t length) {
    return (length + 511) / 512;
}

} // namespace lifeboat::block
