// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/guid.hpp"
#include "base/hash.hpp"
#include "base/result.hpp"
#include "base/text.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <limits>

using namespace lifeboat;

TEST_CASE("reads outside the bytes give nothing, whatever the offset", "[base]") {
    const Bytes data = to_bytes("\x01\x02\x03\x04");
    CHECK(read_le<std::uint32_t>(data, 0) == 0x04030201U);
    CHECK(read_le<std::uint16_t>(data, 2) == 0x0403);
    CHECK_FALSE(read_le<std::uint32_t>(data, 1));
    CHECK_FALSE(read_le<std::uint8_t>(data, 4));
    CHECK_FALSE(read_le<std::uint64_t>(data, std::numeric_limits<std::size_t>::max()));
    CHECK_FALSE(slice(data, 2, std::numeric_limits<std::size_t>::max()));
    CHECK(slice(data, 4, 0));
}

TEST_CASE("writes outside the bytes store nothing", "[base]") {
    Bytes data(4);
    CHECK(write_le<std::uint32_t>(data, 0, 0x04030201));
    CHECK(data == to_bytes("\x01\x02\x03\x04"));
    CHECK_FALSE(write_le<std::uint32_t>(data, 1, 0));
    CHECK(data == to_bytes("\x01\x02\x03\x04"));
}

TEST_CASE("a GUID is mixed-endian on disk and big-endian in text", "[base]") {
    const auto guid = parse_guid("{0CE4991B-e6b3-4b16-b23c-5e0d9250e5d9}");
    REQUIRE(guid);
    CHECK(hex(guid->bytes) == "1b99e40cb3e6164bb23c5e0d9250e5d9");
    CHECK(guid->braced() == "{0ce4991b-e6b3-4b16-b23c-5e0d9250e5d9}");
    CHECK(read_guid(guid->bytes, 0) == guid);
    CHECK_FALSE(read_guid(guid->bytes, 1));
    CHECK_FALSE(parse_guid("0ce4991b-e6b3-4b16-b23c-5e0d9250e5d"));
    CHECK_FALSE(parse_guid("0ce4991bxe6b3-4b16-b23c-5e0d9250e5d9"));
    CHECK_FALSE(parse_guid("{0ce4991b-e6b3-4b16-b23c-5e0d9250e5dg}"));
}

TEST_CASE("SHA-256 gives the published test vectors", "[base]") { // FIPS 180-4 examples
    CHECK(hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    Sha256 hash;
    hash.add(to_bytes("a"));
    hash.add(to_bytes("bc"));
    CHECK(hex(hash.finish()) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hex(hash.finish()) == hex(sha256({})));
}

TEST_CASE("an error says where, what and what to do", "[base]") {
    const Error error{ErrorKind::refused, "partition 2", "Windows is hibernated", "shut it down"};
    CHECK(error.in("disk.img").text() ==
          "disk.img, partition 2: Windows is hibernated (shut it down)");
    const auto result = [&]() -> Result<int> {
        LIFEBOAT_TRY(const int value, Result<int>(fail(error)));
        return value;
    }();
    REQUIRE_FALSE(result);
    CHECK(result.error() == error);
    CHECK(fail_errno("x", "opening", ENOENT).value().text() ==
          "x: opening: No such file or directory (check the name)");
}
