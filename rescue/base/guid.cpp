// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/guid.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lifeboat {

namespace {

// Position in the stored bytes of the n-th byte as written in text.
constexpr std::array<std::size_t, 16> kOrder = {3, 2, 1,  0,  5,  4,  7,  6,
                                                8, 9, 10, 11, 12, 13, 14, 15};

int digit(char c) {
    c = lower_ascii(c);
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

} // namespace

std::string Guid::text() const {
    std::string out;
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out += '-';
        out += hex(std::to_integer<std::uint64_t>(bytes[kOrder[i]]), 2);
    }
    return out;
}

std::string Guid::braced() const { return "{" + text() + "}"; }

std::optional<Guid> parse_guid(std::string_view text) {
    if (text.size() == 38 && text.front() == '{' && text.back() == '}')
        text = text.substr(1, 36);
    if (text.size() != 36)
        return std::nullopt;
    Guid guid;
    std::size_t position = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && text[position++] != '-')
            return std::nullopt;
        const int high = digit(text[position]);
        const int low = digit(text[position + 1]);
        if (high < 0 || low < 0)
            return std::nullopt;
        guid.bytes[kOrder[i]] = static_cast<std::byte>(high * 16 + low);
        position += 2;
    }
    return guid;
}

std::optional<Guid> read_guid(ByteSpan data, std::size_t offset) {
    const auto part = slice(data, offset, 16);
    if (!part)
        return std::nullopt;
    Guid guid;
    std::copy(part->begin(), part->end(), guid.bytes.begin());
    return guid;
}

} // namespace lifeboat
