// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace lifeboat;

TEST_CASE("sizes are told in the unit a person would use", "[base]") {
    CHECK(human_size(0) == "0 bytes");
    CHECK(human_size(1023) == "1023 bytes");
    CHECK(human_size(1024) == "1 KiB");
    CHECK(human_size(1536) == "1.5 KiB");
    CHECK(human_size(1ULL << 40) == "1 TiB");
}

TEST_CASE("guest text cannot drive a terminal", "[base]") {
    CHECK(printable("plain Größe 日本") == "plain Größe 日本");
    CHECK(printable("a\x1b[2Jb") == "a\\x1b[2Jb");
    CHECK(printable("a\xff\xfe"
                    "b") == "a\\xff\\xfeb");
    CHECK(printable("a\xc2\x9b"
                    "b") == "a\\xc2\\x9bb"); // C1 control
}

TEST_CASE("names compare without regard to ASCII case only", "[base]") {
    CHECK(iequals("XenFilt", "XENFILT"));
    CHECK_FALSE(iequals("XenFilt", "XENFIL"));
    CHECK_FALSE(iequals("Ä", "ä"));
    CHECK(ILess{}("abc", "ABD"));
    CHECK_FALSE(ILess{}("ABC", "abc"));
}

TEST_CASE("splitting keeps empty parts unless asked not to", "[base]") {
    CHECK(split("a,,b", ',').size() == 3);
    CHECK(split("", ',').size() == 1);
    CHECK(split_nonempty(",a,,b,", ',') == std::vector<std::string_view>{"a", "b"});
    CHECK(trim(" \tx y\r\n") == "x y");
    CHECK(trim(" \t") == "");
}

TEST_CASE("hexadecimal has no prefix and keeps its width", "[base]") {
    CHECK(hex(0) == "0");
    CHECK(hex(0xff, 4) == "00ff");
    CHECK(hex(0x12345, 2) == "12345");
    CHECK(hex(to_bytes("\x0a\xff")) == "0aff");
}
