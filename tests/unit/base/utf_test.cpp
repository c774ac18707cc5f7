// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/utf.hpp"

#include <catch2/catch_test_macros.hpp>
#include <random>

using namespace lifeboat;

TEST_CASE("every code point survives UTF-8 to UTF-16 and back", "[base]") {
    for (char32_t c = 1; c <= 0x10FFFF; c += 7) {
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        std::string text;
        append_utf8(text, c);
        const auto wide = utf16le_from_utf8(text);
        REQUIRE(wide);
        REQUIRE(utf8_from_utf16le(*wide) == text);
    }
}

TEST_CASE("an unpaired surrogate or a half unit is refused, not replaced", "[base]") {
    CHECK_FALSE(utf8_from_utf16le(to_bytes(std::string("\x00\xd8", 2))));
    CHECK_FALSE(utf8_from_utf16le(to_bytes(std::string("\x00\xdc\x41\x00", 4))));
    CHECK_FALSE(utf8_from_utf16le(to_bytes("a")));
    CHECK(utf8_from_utf16le_lossy(to_bytes(std::string("\x00\xd8\x41\x00", 4))) == "\xEF\xBF\xBD"
                                                                                   "A");
}

TEST_CASE("UTF-8 that is overlong, cut or a surrogate is refused", "[base]") {
    for (const char* bad : {"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xed\xa0\x80",
                            "\xf4\x90\x80\x80", "\xe2\x82", "\xff", "\x80"})
        CHECK_FALSE(is_utf8(bad));
    CHECK(is_utf8("Größe 日本 😀"));
}

TEST_CASE("random bytes never crash the decoders", "[base]") {
    std::mt19937 random(20261120); // NOLINT: the same bytes in every run
    for (int round = 0; round < 2000; ++round) {
        Bytes data(random() % 32);
        for (auto& b : data)
            b = static_cast<std::byte>(random() & 0xff);
        const auto text = utf8_from_utf16le(data);
        if (text)
            CHECK(utf16le_from_utf8(*text) == data);
        CHECK(is_utf8(utf8_from_utf16le_lossy(data)));
        CHECK(is_utf8(utf8_from_latin1(data)));
        (void)is_utf8(to_text(data));
    }
}
