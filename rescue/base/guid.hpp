// SPDX-License-Identifier: GPL-2.0-or-later
// GUIDs as GPT, the registry and the BCD store them: the first three fields little-endian
// (RFC 4122 calls this the mixed-endian form Microsoft uses).
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lifeboat {

struct Guid {
    std::array<std::byte, 16> bytes{}; // in on-disk order

    auto operator<=>(const Guid&) const = default;
    [[nodiscard]] std::string text() const;   // "0ce4991b-e6b3-4b16-b23c-5e0d9250e5d9"
    [[nodiscard]] std::string braced() const; // the same in braces, as registry keys have it
};

// Accepts both forms, any case.
[[nodiscard]] std::optional<Guid> parse_guid(std::string_view text);
[[nodiscard]] std::optional<Guid> read_guid(ByteSpan data, std::size_t offset);

} // namespace lifeboat
