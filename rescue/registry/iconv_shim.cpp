// SPDX-License-Identifier: GPL-2.0-or-later
// The four conversions hivex asks for, between UTF-8, UTF-16LE and Latin-1, with the manners of
// iconv(3): E2BIG when the output is full, EILSEQ for what cannot be converted. Unpaired
// surrogates, which Windows allows in names, pass in both directions (see names.hpp).
#include "base/text.hpp"
#include "registry/hivex_hooks.hpp"
#include "registry/names.hpp"

#include <cerrno>
#include <cstring>
#include <optional>

namespace {

using namespace lifeboat;
using namespace lifeboat::registry;

enum class Direction : std::uintptr_t {
    utf8_to_latin1 = 1,
    utf8_to_utf16,
    latin1_to_utf8,
    utf16_to_utf8
};

// hivex passes whole names, so each call converts all of its input or fails.
std::optional<Bytes> convert(Direction direction, ByteSpan in) {
    const bool bytewise =
        direction == Direction::latin1_to_utf8 || direction == Direction::utf8_to_latin1;
    if (bytewise && is_ascii({reinterpret_cast<const char*>(in.data()), in.size()}))
        return Bytes(in.begin(), in.end()); // nearly every name
    switch (direction) {
    case Direction::latin1_to_utf8: return to_bytes(name_from_stored(in, true));
    case Direction::utf16_to_utf8:
        if (in.size() % 2 != 0)
            return std::nullopt;
        return to_bytes(name_from_stored(in, false));
    case Direction::utf8_to_latin1:
    case Direction::utf8_to_utf16: break;
    }
    const std::string text = to_text(in);
    const std::u16string units = units_from_name(text);
    if (name_from_units(units) != text)
        return std::nullopt; // not UTF-8
    Bytes out;
    for (const char16_t unit : units) {
        if (direction == Direction::utf8_to_utf16)
            append_le(out, static_cast<std::uint16_t>(unit));
        else if (unit <= 0xFF)
            out.push_back(static_cast<std::byte>(unit));
        else
            return std::nullopt;
    }
    return out;
}

} // namespace

extern "C" void* lifeboat_hivex_iconv_open(const char* to, const char* from) {
    const std::string pair = std::string(from) + ">" + to;
    std::uintptr_t direction = 0;
    if (pair == "UTF-8>LATIN1")
        direction = static_cast<std::uintptr_t>(Direction::utf8_to_latin1);
    else if (pair == "UTF-8>UTF-16LE")
        direction = static_cast<std::uintptr_t>(Direction::utf8_to_utf16);
    else if (pair == "LATIN1>UTF-8")
        direction = static_cast<std::uintptr_t>(Direction::latin1_to_utf8);
    else if (pair == "UTF-16LE>UTF-8")
        direction = static_cast<std::uintptr_t>(Direction::utf16_to_utf8);
    if (direction == 0) {
        errno = EINVAL;
        return reinterpret_cast<void*>(~std::uintptr_t{0}); // iconv's way to say no
    }
    return reinterpret_cast<void*>(direction);
}

extern "C" std::size_t lifeboat_hivex_iconv(void* converter, char** in, std::size_t* in_left,
                                            char** out, std::size_t* out_left) {
    if (!in || !*in)
        return 0; // "go back to the initial state": there is no state
    const auto direction = static_cast<Direction>(reinterpret_cast<std::uintptr_t>(converter));
    const auto converted = convert(direction, std::as_bytes(std::span(*in, *in_left)));
    if (!converted || converted->size() > *out_left) {
        errno = converted ? E2BIG : EILSEQ;
        return ~std::size_t{0};
    }
    if (!converted->empty())
        std::memcpy(*out, converted->data(), converted->size());
    *out += converted->size();
    *out_left -= converted->size();
    *in += *in_left;
    *in_left = 0;
    return 0;
}

extern "C" int lifeboat_hivex_iconv_close(void*) { return 0; }
