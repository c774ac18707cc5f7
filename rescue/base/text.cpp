// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.hpp"

#include "base/utf.hpp"

#include <algorithm>
#include <array>

namespace lifeboat {

char lower_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string to_lower_ascii(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower_ascii);
    return out;
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool iequals(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return lower_ascii(x) == lower_ascii(y);
           });
}

bool istarts_with(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

bool icontains(std::string_view text, std::string_view part) {
    return to_lower_ascii(text).find(to_lower_ascii(part)) != std::string::npos;
}

bool ILess::operator()(std::string_view a, std::string_view b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return static_cast<unsigned char>(lower_ascii(x)) <
               static_cast<unsigned char>(lower_ascii(y));
    });
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos)
            return parts;
        text.remove_prefix(end + 1);
    }
}

std::vector<std::string_view> split_nonempty(std::string_view text, char separator) {
    auto parts = split(text, separator);
    std::erase_if(parts, [](std::string_view part) { return part.empty(); });
    return parts;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string out;
    for (const auto& part : parts) {
        if (&part != &parts.front())
            out += separator;
        out += part;
    }
    return out;
}

namespace {
constexpr std::string_view kDigits = "0123456789abcdef";
}

std::string hex(ByteSpan data) {
    std::string out;
    out.reserve(data.size() * 2);
    for (const std::byte b : data) {
        out += kDigits[std::to_integer<std::size_t>(b) >> 4];
        out += kDigits[std::to_integer<std::size_t>(b) & 0xF];
    }
    return out;
}

std::string hex(std::uint64_t value, int digits) {
    std::string out;
    while (value != 0 || digits > 0 || out.empty()) {
        out.insert(out.begin(), kDigits[value & 0xF]);
        value >>= 4;
        --digits;
    }
    return out;
}

std::string human_size(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 5> units = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    if (bytes < 1024)
        return std::to_string(bytes) + " bytes";
    std::uint64_t tenths = bytes * 10 / 1024;
    std::size_t unit = 0;
    while (tenths >= 10240 && unit + 1 < units.size()) {
        tenths /= 1024;
        ++unit;
    }
    std::string out = std::to_string(tenths / 10);
    if (tenths % 10 != 0)
        out += "." + std::to_string(tenths % 10);
    return out + " " + std::string(units[unit]);
}

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t position = 0; position < text.size();) {
        const std::size_t start = position;
        const auto c = next_code_point(text, position);
        const bool control = c && (*c < 0x20 || *c == 0x7F || (*c >= 0x80 && *c < 0xA0));
        if (c && !control) {
            out += text.substr(start, position - start);
            continue;
        }
        if (!c)
            position = start + 1;
        for (std::size_t i = start; i < position; ++i)
            out += "\\x" + hex(static_cast<unsigned char>(text[i]), 2);
    }
    return out;
}

} // namespace lifeboat
