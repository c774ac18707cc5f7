// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes with bounds and little-endian integers. Guest data is hostile: every read is checked, and
// no file byte is ever reinterpreted as a struct.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace lifeboat {

using Bytes = std::vector<std::byte>;
using ByteSpan = std::span<const std::byte>;
using MutableByteSpan = std::span<std::byte>;

// The `length` bytes at `offset`, or nothing when they are not all inside `data`.
[[nodiscard]] inline std::optional<ByteSpan> slice(ByteSpan data, std::size_t offset,
                                                   std::size_t length) {
    if (offset > data.size() || length > data.size() - offset)
        return std::nullopt;
    return data.subspan(offset, length);
}

// The little-endian integer at `offset`, or nothing when it is not all inside `data`.
template <class T> [[nodiscard]] std::optional<T> read_le(ByteSpan data, std::size_t offset) {
    static_assert(std::is_unsigned_v<T>);
    const auto part = slice(data, offset, sizeof(T));
    if (!part)
        return std::nullopt;
    static_assert(std::endian::native == std::endian::little);
    T value;
    std::memcpy(&value, part->data(), sizeof value);
    return value;
}

// Stores `value` little-endian at `offset`; false (and nothing stored) when it does not fit.
template <class T> [[nodiscard]] bool write_le(MutableByteSpan data, std::size_t offset, T value) {
    static_assert(std::is_unsigned_v<T>);
    if (!slice(data, offset, sizeof(T)))
        return false;
    auto rest = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i, rest >>= 8)
        data[offset + i] = static_cast<std::byte>(rest & 0xff);
    return true;
}

// Appends `value` little-endian.
template <class T> void append_le(Bytes& out, T value) {
    static_assert(std::is_unsigned_v<T>);
    auto rest = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i, rest >>= 8)
        out.push_back(static_cast<std::byte>(rest & 0xff));
}

[[nodiscard]] Bytes to_bytes(std::string_view text);
[[nodiscard]] std::string to_text(ByteSpan data);
[[nodiscard]] bool equal(ByteSpan a, ByteSpan b);
[[nodiscard]] bool all_zero(ByteSpan data);
// True when `data` has the bytes of `magic` at `offset`.
[[nodiscard]] inline bool has_magic(ByteSpan data, std::size_t offset, std::string_view magic) {
    const auto part = slice(data, offset, magic.size());
    return part && std::memcmp(part->data(), magic.data(), magic.size()) == 0;
}

} // namespace lifeboat
