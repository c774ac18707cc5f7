// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/fat_name.hpp"

#include "base/text.hpp"
#include "base/utf.hpp"

#include <algorithm>

namespace lifeboat::fs {
namespace {

constexpr std::size_t kBase = 8; // bytes before the dot
constexpr std::size_t kUnitsPerPart = 13;
constexpr unsigned kMostParts = 20;
constexpr std::byte kLastPart{0x40};
constexpr unsigned kLowerBase = 0x08, kLowerExtension = 0x10; // Linux, fs/fat/fat.h
constexpr std::byte kBlank{' '};
// The byte offsets of the thirteen units of a part.
constexpr std::array<std::size_t, kUnitsPerPart> kUnitAt = {1,  3,  5,  7,  9,  14, 16,
                                                            18, 20, 22, 24, 28, 30};

// 0x80 to 0xff of code page 437, which Linux takes too when it is told nothing else
// (CONFIG_FAT_DEFAULT_CODEPAGE). Source: the table CP437.TXT of the Unicode consortium.
constexpr std::u16string_view kCodePage437 =
    u"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"
    u"└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";
static_assert(kCodePage437.size() == 128);

bool allowed_in_short(unsigned char c) {
    return c > ' ' && std::string_view("\"*+,./:;<=>?[\\]|\x7f").find(static_cast<char>(c)) ==
                          std::string_view::npos;
}

// One half of a short name, without the blanks at its end.
bool append_half(std::string& out, ByteSpan half, bool lower) {
    std::size_t length = half.size();
    while (length > 0 && half[length - 1] == kBlank)
        --length;
    for (std::size_t i = 0; i < length; ++i) {
        const auto c = std::to_integer<unsigned char>(half[i]);
        if (c < ' ' || c == '/' || c == '\\' || c == 0x7f)
            return false;
        if (c >= 0x80)
            append_utf8(out, kCodePage437[c - 0x80U]);
        else
            out += lower ? lower_ascii(static_cast<char>(c)) : static_cast<char>(c);
    }
    return true;
}

struct Halves {
    std::string base, extension;
};
Halves halves_of(std::string_view name) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos)
        return {std::string(name), {}};
    return {std::string(name.substr(0, dot)), std::string(name.substr(dot + 1))};
}

FatShortName packed(std::string_view base, std::string_view extension) {
    FatShortName out;
    out.fill(kBlank);
    for (std::size_t i = 0; i < base.size() && i < kBase; ++i)
        out[i] = static_cast<std::byte>(base[i]);
    for (std::size_t i = 0; i < extension.size() && i < kFatShort - kBase; ++i)
        out[kBase + i] = static_cast<std::byte>(extension[i]);
    return out;
}

char upper_ascii(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

// Upper case, and "_" for what a short name cannot hold; true when something was lost by that.
bool simplify(std::string& half, std::size_t most) {
    std::string out;
    bool lost = false;
    for (const char c : half) {
        if (c == ' ' || c == '.') {
            lost = true;
        } else if (static_cast<unsigned char>(c) >= 0x80 ||
                   !allowed_in_short(static_cast<unsigned char>(c))) {
            lost = true;
            out += '_';
        } else {
            out += upper_ascii(c);
        }
    }
    lost = lost || out.size() > most;
    out.resize(std::min(out.size(), most));
    half = std::move(out);
    return lost;
}

// "LONGNA~1.TXT" as fatgen103 describes it: a number that no other name here has.
FatShortName short_for(std::string_view name,
                       const std::function<bool(const FatShortName&)>& taken) {
    while (!name.empty() && name.front() == '.')
        name.remove_prefix(1);
    auto [base, extension] = halves_of(name);
    bool lost = simplify(base, kBase);
    lost = simplify(extension, kFatShort - kBase) || lost || base.empty();
    if (!lost && !taken(packed(base, extension)))
        return packed(base, extension);
    for (unsigned number = 1;; ++number) {
        const auto tail = "~" + std::to_string(number);
        const auto candidate = packed(base.substr(0, kBase - tail.size()) + tail, extension);
        if (number > 999999 || !taken(candidate))
            return candidate;
    }
}

Bytes short_entry(const FatShortName& name) {
    Bytes entry(kFatEntry);
    std::copy(name.begin(), name.end(), entry.begin());
    return entry;
}

} // namespace

std::optional<std::string> fat_short_name(ByteSpan entry) {
    Bytes name(entry.begin(), entry.begin() + kFatShort);
    if (name[0] == std::byte{0x05}) // stands for 0xe5, which would mean "deleted"
        name[0] = std::byte{0xe5};
    const auto flags = std::to_integer<unsigned>(entry[12]);
    std::string out, extension;
    if (name[0] == kBlank ||
        !append_half(out, ByteSpan(name).first(kBase), (flags & kLowerBase) != 0) ||
        !append_half(extension, ByteSpan(name).subspan(kBase), (flags & kLowerExtension) != 0))
        return std::nullopt;
    if (!extension.empty())
        out += "." + extension;
    return out;
}

std::uint8_t fat_checksum(const FatShortName& name) {
    unsigned sum = 0;
    for (const auto byte : name)
        sum = (((sum & 1U) << 7) + (sum >> 1) + std::to_integer<unsigned>(byte)) & 0xffU;
    return static_cast<std::uint8_t>(sum);
}

void FatLongName::add(ByteSpan entry) {
    const auto order = std::to_integer<unsigned>(entry[0]);
    const auto number = order & 0x3fU;
    const auto checksum = std::to_integer<std::uint8_t>(entry[13]);
    if ((order & std::to_integer<unsigned>(kLastPart)) != 0) {
        reset();
        valid_ = number >= 1 && number <= kMostParts;
        checksum_ = checksum;
        expected_ = number;
    }
    ++parts_;
    if (!valid_ || number != expected_ || checksum != checksum_) {
        valid_ = false;
        return;
    }
    Bytes units;
    for (const auto at : kUnitAt)
        units.insert(units.end(), {entry[at], entry[at + 1]});
    units_.insert(units_.begin(), units.begin(), units.end());
    --expected_;
}

std::optional<std::string> FatLongName::finish(const FatShortName& name) const {
    if (!valid_ || expected_ != 0 || checksum_ != fat_checksum(name))
        return std::nullopt;
    std::size_t length = 0;
    while (length < units_.size() && (units_[length] != std::byte{0} || //
                                      units_[length + 1] != std::byte{0}))
        length += 2;
    auto text = utf8_from_utf16le(ByteSpan(units_).first(length));
    const bool possible = text && !text->empty() && text->find('/') == std::string::npos &&
                          *text != "." && *text != "..";
    return possible ? std::move(text) : std::nullopt;
}

Bytes fat_name_entries(std::string_view name,
                       const std::function<bool(const FatShortName&)>& taken) {
    const auto short_name = short_for(name, taken);
    if (fat_short_name(short_entry(short_name)) == name)
        return short_entry(short_name);
    auto units = utf16le_from_utf8(name).value_or(Bytes());
    const auto parts = (units.size() / 2 + kUnitsPerPart - 1) / kUnitsPerPart;
    if (units.size() / 2 % kUnitsPerPart != 0)
        append_le<std::uint16_t>(units, 0);
    units.resize(parts * kUnitsPerPart * 2, std::byte{0xff});
    Bytes out;
    for (auto part = parts; part > 0; --part) {
        Bytes entry(kFatEntry);
        entry[0] = static_cast<std::byte>(part) | (part == parts ? kLastPart : std::byte{0});
        entry[11] = static_cast<std::byte>(fat_attribute::kLong);
        entry[13] = static_cast<std::byte>(fat_checksum(short_name));
        for (std::size_t i = 0; i < kUnitsPerPart; ++i)
            std::copy_n(units.begin() +
                            static_cast<std::ptrdiff_t>(((part - 1) * kUnitsPerPart + i) * 2),
                        2, entry.begin() + static_cast<std::ptrdiff_t>(kUnitAt[i]));
        out.insert(out.end(), entry.begin(), entry.end());
    }
    const auto last = short_entry(short_name);
    out.insert(out.end(), last.begin(), last.end());
    return out;
}

} // namespace lifeboat::fs
