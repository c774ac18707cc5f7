// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/names.hpp"

#include "base/text.hpp"
#include "base/utf.hpp"

#include <algorithm>

namespace lifeboat::registry {

namespace {

constexpr char16_t kReplacement = 0xFFFD;

// Simple upper case of one UTF-16 unit for the scripts that installed Windows versions name keys
// in: Latin, Greek, Cyrillic, Armenian (Unicode character database, simple mappings).
char16_t upcase(char16_t c) {
    const auto minus = [c](int distance) { return static_cast<char16_t>(c - distance); };
    if (c < 0x80)
        return c >= 'a' && c <= 'z' ? minus(0x20) : c;
    if (c >= 0xE0 && c <= 0xFE)
        return c == 0xF7 ? c : minus(0x20);
    if (c == 0xFF)
        return 0x178;
    const bool odd_is_small = (c >= 0x100 && c <= 0x12F) || (c >= 0x132 && c <= 0x137) ||
                              (c >= 0x14A && c <= 0x177) || (c >= 0x460 && c <= 0x481) ||
                              (c >= 0x48A && c <= 0x4BF) || (c >= 0x4D0 && c <= 0x50F) ||
                              (c >= 0x1E00 && c <= 0x1E95) || (c >= 0x1EA0 && c <= 0x1EF9);
    if (odd_is_small)
        return c % 2 == 1 ? minus(1) : c;
    const bool even_is_small =
        (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E) || (c >= 0x4C1 && c <= 0x4CE);
    if (even_is_small)
        return c % 2 == 0 ? minus(1) : c;
    if (c >= 0x3B1 && c <= 0x3CB)
        return c == 0x3C2 ? char16_t{0x3A3} : minus(0x20);
    if (c >= 0x430 && c <= 0x44F)
        return minus(0x20);
    if (c >= 0x450 && c <= 0x45F)
        return minus(0x50);
    if (c >= 0x561 && c <= 0x586)
        return minus(0x30);
    if (c >= 0xFF41 && c <= 0xFF5A)
        return minus(0x20);
    return c;
}

bool is_certain(char16_t c) {
    return c < 0x180
               ? c != 0xB5 && c != 0xDF && c != 0x130 && c != 0x131 && c != 0x149 && c != 0x17F
               : (c >= 0x410 && c <= 0x45F) || (c >= 0x3040 && c <= 0xD7FF);
}

} // namespace

std::u16string units_from_name(std::string_view name) {
    if (is_ascii(name))
        return std::u16string(name.begin(), name.end());
    std::u16string units;
    units.reserve(name.size());
    const auto byte_at = [&name](std::size_t i) {
        return i < name.size() ? static_cast<unsigned char>(name[i]) : 0U;
    };
    for (std::size_t i = 0; i < name.size();) {
        if (byte_at(i) == 0xED && byte_at(i + 1) >= 0xA0 && byte_at(i + 1) <= 0xBF &&
            (byte_at(i + 2) & 0xC0U) == 0x80) { // an unpaired surrogate, see name_from_units
            units += static_cast<char16_t>(0xD000U | ((byte_at(i + 1) & 0x3FU) << 6) |
                                           (byte_at(i + 2) & 0x3FU));
            i += 3;
        } else if (const auto c = next_code_point(name, i); !c) {
            units += kReplacement;
            ++i;
        } else if (*c < 0x10000) {
            units += static_cast<char16_t>(*c);
        } else {
            units += static_cast<char16_t>(0xD800 + ((*c - 0x10000) >> 10));
            units += static_cast<char16_t>(0xDC00 + ((*c - 0x10000) & 0x3FF));
        }
    }
    return units;
}

std::string name_from_units(std::u16string_view units) {
    std::string out;
    out.reserve(units.size());
    for (std::size_t i = 0; i < units.size(); ++i) {
        const char32_t unit = units[i];
        const bool pair = unit >= 0xD800 && unit <= 0xDBFF && i + 1 < units.size() &&
                          units[i + 1] >= 0xDC00 && units[i + 1] <= 0xDFFF;
        if (pair) {
            append_utf8(out, 0x10000 + ((unit - 0xD800) << 10) + (units[i + 1] - 0xDC00U));
            ++i;
        } else {
            append_utf8(out, unit);
        }
    }
    return out;
}

std::string name_from_stored(ByteSpan stored, bool compressed) {
    if (compressed)
        return utf8_from_latin1(stored);
    std::u16string units;
    for (std::size_t i = 0; i + 1 < stored.size(); i += 2)
        units += static_cast<char16_t>(*read_le<std::uint16_t>(stored, i));
    return name_from_units(units);
}

void upcase_stored(ByteSpan stored, bool compressed, std::u16string& out) {
    const std::size_t width = compressed ? 1 : 2;
    out.resize(stored.size() / width);
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = upcase(compressed ? std::to_integer<char16_t>(stored[i])
                                   : static_cast<char16_t>(*read_le<std::uint16_t>(stored, 2 * i)));
}

std::u16string upcased(std::string_view name) {
    std::u16string units = units_from_name(name);
    std::transform(units.begin(), units.end(), units.begin(), upcase);
    return units;
}

bool same_name(std::string_view a, std::string_view b) {
    if (is_ascii(a) && is_ascii(b))
        return iequals(a, b); // nearly always
    return upcased(a) == upcased(b);
}

std::uint32_t name_hash(std::u16string_view upcased_name) {
    std::uint32_t hash = 0;
    for (const char16_t c : upcased_name)
        hash = hash * 37 + c;
    return hash;
}

std::vector<std::string_view> split_path(std::string_view path) {
    return split_nonempty(path, '\\');
}

bool order_is_certain(std::u16string_view name) {
    return std::all_of(name.begin(), name.end(), is_certain);
}

} // namespace lifeboat::registry
