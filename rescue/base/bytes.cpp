// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/bytes.hpp"

#include <algorithm>
#include <cstring>

namespace lifeboat {

Bytes to_bytes(std::string_view text) {
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    return Bytes(first, first + text.size());
}

std::string to_text(ByteSpan data) {
    return std::string(reinterpret_cast<const char*>(data.data()), data.size());
}

bool equal(ByteSpan a, ByteSpan b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

bool all_zero(ByteSpan data) {
    return std::all_of(data.begin(), data.end(), [](std::byte b) { return b == std::byte{0}; });
}

} // namespace lifeboat
