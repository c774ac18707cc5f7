// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/target.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace lifeboat;
using cli::parse_target;

namespace {

bool nothing(const std::string& /*path*/) { return false; }
bool odd_disk(const std::string& path) { return path == "/tmp/a:1:/b.img"; }

struct Expected {
    std::string_view text, disk, volume, path;
};

} // namespace

TEST_CASE("a place in a guest is told apart into disk, volume and path", "[cli]") {
    constexpr Expected table[] = {
        {"guest.img:2:/etc/fstab", "guest.img", "2", "/etc/fstab"},
        {"guest.img:0:/", "guest.img", "0", "/"},
        {"guest.img:1", "guest.img", "1", "/"},
        {"guest.img:1:", "guest.img", "1", "/"},
        {"guest.img:1:\\Windows", "guest.img", "1", "\\Windows"},
        {"guest.img:vg0/root:/etc/a:b", "guest.img", "vg0/root", "/etc/a:b"},
        {"/dev/disk/by-path/pci-0000:00:1f.2-ata-1:3:/x",
         "/dev/disk/by-path/pci-0000:00:1f.2-ata-1", "3", "/x"},
        {"c:1:/x:2:/y", "c", "1", "/x:2:/y"},
        {"nbd://host:10809/export:1:/x", "nbd://host:10809/export", "1", "/x"},
    };
    for (const auto& row : table) {
        INFO(row.text);
        const auto target = parse_target(row.text, nothing);
        REQUIRE(target);
        CHECK(target->disk == row.disk);
        CHECK(target->volume == row.volume);
        CHECK(target->path == row.path);
    }
}

TEST_CASE("of several readings, the one whose disk exists is taken", "[cli]") {
    const auto target = parse_target("/tmp/a:1:/b.img:2:/x", odd_disk);
    REQUIRE(target);
    CHECK(target->disk == "/tmp/a:1:/b.img");
    CHECK(target->volume == "2");
}

TEST_CASE("what names no place is a usage error that shows how to write it", "[cli]") {
    for (const auto* text : {"", "guest.img", "guest.img:", "guest.img:x:/etc", ":1:/etc",
                             "guest.img:1:etc/fstab", "guest.img:-1:/x", "guest.img:a/b/c:/x"}) {
        INFO(text);
        const auto target = parse_target(text, nothing);
        REQUIRE_FALSE(target);
        CHECK(target.error().kind == ErrorKind::usage);
        CHECK(target.error().next.find("guest.img:2:/etc/fstab") != std::string::npos);
    }
}
