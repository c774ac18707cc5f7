// SPDX-License-Identifier: GPL-2.0-or-later
// The two copies of a GPT, judged by sfdisk and sgdisk.
#include "volume/gpt_repair.hpp"

#include "block/image.hpp"
#include "support/images.hpp"

#include <catch2/generators/catch_generators.hpp>
#include <functional>

namespace lifeboat::volume {
namespace {

using test::kMiB;
using test::TempDir;

constexpr std::uint64_t kSize = 16 * kMiB;

std::string gpt_disk(const TempDir& dir, std::string_view last = "start=8192, size=4096") {
    const auto disk = dir.file("disk");
    test::make_disk(disk, kSize,
                    "label: gpt\nlabel-id: 0CE4991B-E6B3-4B16-B23C-5E0D9250E5D9\n"
                    "start=2048, size=4096, name=\"EFI system\", "
                    "type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B\n" +
                        std::string(last) + "\n");
    return disk;
}

void damage(const std::string& disk, std::uint64_t offset) {
    std::fstream file(disk, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write("damaged!", 8);
}

Result<bool> repaired(const std::string& path) {
    const auto disk = block::open_image(path, block::Access::write);
    REQUIRE(disk);
    return repair_gpt(**disk);
}

Layout layout_of(const std::string& path) {
    return read_layout(*block::open_image(path, block::Access::read).value()).value();
}

void check_by_others(const std::string& disk) {
    const auto verified = test::run_ok({"sfdisk", "--verify", disk});
    INFO(verified);
    CHECK(verified.find("No errors detected") != std::string::npos);
    if (!test::find_tool("sgdisk").empty()) {
        const auto other = test::run_ok({"sgdisk", "-v", disk});
        INFO(other);
        CHECK(other.find("No problems found") != std::string::npos);
    }
}

} // namespace

TEST_CASE("GPT: a copy that is damaged or not at the end is made good again") {
    const TempDir dir;
    const auto disk = gpt_disk(dir);
    const auto sound = layout_of(disk);
    REQUIRE(sound.notes.empty());
    SECTION("the header at the end") { damage(disk, kSize - 512); }
    SECTION("the entries at the end") { damage(disk, kSize - 33 * 512); }
    SECTION("the header at the start") { damage(disk, 512); }
    SECTION("the entries at the start") { damage(disk, 1024); }
    SECTION("the disk is larger than it was") { test::files::resize_file(disk, 2 * kSize); }
    SECTION("larger, and the header at the start is damaged, too") {
        // Then the copy in the middle can be found by nobody; see below.
        test::files::resize_file(disk, 2 * kSize);
        damage(disk, kSize - 512);
    }
    const auto before = layout_of(disk);
    REQUIRE(before.table == TableKind::gpt);
    REQUIRE_FALSE(before.notes.empty());
    CHECK(before.notes.back().find("--gpt-backup") != std::string::npos);
    const auto done = repaired(disk);
    INFO((done ? "" : done.error().text()));
    REQUIRE(done);
    CHECK(*done);
    check_by_others(disk);
    const auto after = layout_of(disk);
    CHECK(after.notes.empty());
    CHECK(after.disk_id == sound.disk_id);
    REQUIRE(after.volumes.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(after.volumes[i].offset == sound.volumes[i].offset);
        CHECK(after.volumes[i].size == sound.volumes[i].size);
        CHECK(after.volumes[i].type == sound.volumes[i].type);
        CHECK(after.volumes[i].partition_uuid == sound.volumes[i].partition_uuid);
        CHECK(after.volumes[i].partition_label == sound.volumes[i].partition_label);
    }
    const auto again = test::read_file(disk);
    CHECK_FALSE(repaired(disk).value());
    CHECK(test::read_file(disk) == again);
}

TEST_CASE("GPT: nothing is written where nothing is wrong, or nothing can be done") {
    const TempDir dir;
    const auto unchanged = [&](const std::string& disk, const std::function<void()>& look) {
        const auto before = test::read_file(disk);
        look();
        CHECK(test::read_file(disk) == before);
    };
    SECTION("both copies are good") {
        const auto disk = gpt_disk(dir);
        unchanged(disk, [&] { CHECK_FALSE(repaired(disk).value()); });
    }
    SECTION("neither is") {
        const auto disk = gpt_disk(dir);
        damage(disk, 512);
        damage(disk, kSize - 512);
        unchanged(disk, [&] { CHECK(repaired(disk).error().kind == ErrorKind::unsupported); });
    }
    SECTION("an MBR") {
        const auto disk = dir.file("disk");
        test::make_disk(disk, kSize, "label: dos\nstart=2048, size=4096, type=83\n");
        unchanged(disk, [&] { CHECK(repaired(disk).error().kind == ErrorKind::unsupported); });
    }
    SECTION("a disk that is smaller than it was") {
        const auto disk = gpt_disk(dir, "start=8192, size=20000");
        test::files::resize_file(disk, (8192 + 20000 + 10) * 512);
        unchanged(disk, [&] {
            const auto done = repaired(disk);
            REQUIRE_FALSE(done);
            CHECK((done.error().kind == ErrorKind::refused ||
                   done.error().kind == ErrorKind::unsupported));
        });
    }
}

} // namespace lifeboat::volume
