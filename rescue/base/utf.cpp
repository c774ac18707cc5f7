// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/utf.hpp"

#include "base/text.hpp"

namespace lifeboat {

namespace {

constexpr char32_t kReplacement = 0xFFFD;

bool is_high(char32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low(char32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// Appends the UTF-8 of `data`; false when something had to be replaced.
bool convert(ByteSpan data, std::string& out) {
    bool clean = data.size() % 2 == 0;
    for (std::size_t i = 0; i + 1 < data.size(); i += 2) {
        const char32_t unit = *read_le<std::uint16_t>(data, i);
        if (is_high(unit)) {
            const auto low = read_le<std::uint16_t>(data, i + 2);
            if (low && is_low(*low)) {
                append_utf8(out, 0x10000 + ((unit - 0xD800) << 10) + (*low - 0xDC00U));
                i += 2;
                continue;
            }
        }
        if (is_high(unit) || is_low(unit)) {
            clean = false;
            append_utf8(out, kReplacement);
        } else {
            append_utf8(out, unit);
        }
    }
    return clean;
}

} // namespace

void append_utf8(std::string& out, char32_t c) {
    const auto put = [&out](char32_t value) { out += static_cast<char>(value & 0xFF); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | (c >> 6));
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | (c >> 12));
        put(0x80 | ((c >> 6) & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | (c >> 18));
        put(0x80 | ((c >> 12) & 0x3F));
        put(0x80 | ((c >> 6) & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

std::optional<std::string> utf8_from_utf16le(ByteSpan data) {
    std::string out;
    if (!convert(data, out))
        return std::nullopt;
    return out;
}

std::string utf8_from_utf16le_lossy(ByteSpan data) {
    std::string out;
    (void)convert(data, out);
    return out;
}

std::optional<char32_t> next_code_point(std::string_view text, std::size_t& position) {
    if (position >= text.size())
        return std::nullopt;
    const auto byte_at = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte_at(position);
    std::size_t extra = 0;
    char32_t value = lead;
    char32_t smallest = 0;
    if (lead >= 0xF0 && lead <= 0xF4) {
        extra = 3, value = lead & 0x07U, smallest = 0x10000;
    } else if (lead >= 0xE0 && lead < 0xF0) {
        extra = 2, value = lead & 0x0FU, smallest = 0x800;
    } else if (lead >= 0xC2 && lead < 0xE0) {
        extra = 1, value = lead & 0x1FU, smallest = 0x80;
    } else if (lead >= 0x80) {
        return std::nullopt;
    }
    if (extra > text.size() - position - 1)
        return std::nullopt;
    for (std::size_t i = 1; i <= extra; ++i) {
        const unsigned char next = byte_at(position + i);
        if ((next & 0xC0U) != 0x80)
            return std::nullopt;
        value = (value << 6) | (next & 0x3FU);
    }
    if (value < smallest || value > 0x10FFFF || is_high(value) || is_low(value))
        return std::nullopt;
    position += extra + 1;
    return value;
}

std::optional<Bytes> utf16le_from_utf8(std::string_view text) {
    Bytes out;
    out.reserve(text.size() * 2);
    for (std::size_t position = 0; position < text.size();) {
        const auto c = next_code_point(text, position);
        if (!c)
            return std::nullopt;
        if (*c < 0x10000) {
            append_le(out, static_cast<std::uint16_t>(*c));
        } else {
            append_le(out, static_cast<std::uint16_t>(0xD800 + ((*c - 0x10000) >> 10)));
            append_le(out, static_cast<std::uint16_t>(0xDC00 + ((*c - 0x10000) & 0x3FF)));
        }
    }
    return out;
}

std::string utf8_from_latin1(ByteSpan data) {
    std::string out = to_text(data);
    if (is_ascii(out))
        return out;
    out.clear();
    out.reserve(data.size());
    for (const std::byte b : data)
        append_utf8(out, std::to_integer<char32_t>(b));
    return out;
}

bool is_utf8(std::string_view text) {
    for (std::size_t position = 0; position < text.size();)
        if (!next_code_point(text, position))
            return false;
    return true;
}

} // namespace lifeboat
