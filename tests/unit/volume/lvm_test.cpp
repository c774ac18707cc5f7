// SPDX-License-Identifier: GPL-2.0-or-later
#include "volume/lvm.hpp"

#include "block/image.hpp"
#include "volume/lvm_metadata.hpp"

#include <catch2/catch_test_macros.hpp>
#include <random>

using namespace lifeboat;
using namespace lifeboat::volume;

namespace {

constexpr std::size_t kExtent = 8 * 512;
constexpr std::size_t kDataStart = 16 * 512;

// A physical volume as pvcreate lays it out: label in sector 1, one metadata area from byte 4096
// (here small), data from kDataStart.
Bytes physical_volume(std::string_view uuid, std::string_view text, std::size_t extents) {
    Bytes disk(kDataStart + extents * kExtent);
    const auto put = [&disk](std::size_t at, std::string_view data) {
        const Bytes bytes = to_bytes(data);
        std::copy(bytes.begin(), bytes.end(), disk.begin() + static_cast<std::ptrdiff_t>(at));
    };
    put(512, "LABELONE");
    REQUIRE(write_le<std::uint64_t>(disk, 512 + 8, 1));
    REQUIRE(write_le<std::uint32_t>(disk, 512 + 20, 32));
    put(512 + 24, "LVM2 001");
    put(512 + 32, uuid);
    REQUIRE(write_le<std::uint64_t>(disk, 512 + 64, disk.size()));
    REQUIRE(write_le<std::uint64_t>(disk, 512 + 72, kDataStart));
    REQUIRE(write_le<std::uint64_t>(disk, 512 + 104, 1024)); // metadata area
    REQUIRE(write_le<std::uint64_t>(disk, 512 + 112, kDataStart - 1024));
    REQUIRE(write_le<std::uint32_t>(disk, 512 + 16,
                                    lvm_checksum(ByteSpan(disk).subspan(512 + 20, 492))));
    put(1024 + 4, " LVM2 x[5A%r0N*>");
    REQUIRE(write_le<std::uint32_t>(disk, 1024 + 20, 1));
    REQUIRE(write_le<std::uint64_t>(disk, 1024 + 24, 1024));
    REQUIRE(write_le<std::uint64_t>(disk, 1024 + 32, kDataStart - 1024));
    // The text starts near the end of the area, so that it wraps around.
    const std::size_t area = kDataStart - 1024;
    const std::size_t start = area - 64;
    REQUIRE(write_le<std::uint64_t>(disk, 1024 + 40, start));
    REQUIRE(write_le<std::uint64_t>(disk, 1024 + 48, text.size()));
    REQUIRE(write_le<std::uint32_t>(disk, 1024 + 56, lvm_checksum(to_bytes(text))));
    REQUIRE(text.size() < area - 512);
    put(1024 + start, text.substr(0, 64));
    put(1024 + 512, text.size() > 64 ? text.substr(64) : "");
    REQUIRE(write_le<std::uint32_t>(disk, 1024, lvm_checksum(ByteSpan(disk).subspan(1028, 508))));
    return disk;
}

std::string group_text(int sequence) {
    return "vg0 {\nid = \"group\"\nseqno = " + std::to_string(sequence) + R"(
extent_size = 8 # sectors
physical_volumes {
pv0 { id = "aaaaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaaaa" pe_start = 16 pe_count = 8 }
pv1 { id = "bbbbbb-bbbb-bbbb-bbbb-bbbb-bbbb-bbbbbb" pe_start = 16 pe_count = 8 }
}
logical_volumes {
root { id = "r" status = ["READ", "WRITE", "VISIBLE"] segment_count = 2
segment1 { start_extent = 0 extent_count = 2 type = "striped" stripe_count = 1 stripes = ["pv0", 3] }
segment2 { start_extent = 2 extent_count = 3 type = "striped" stripe_count = 1 stripes = ["pv1", 1] }
}
wide { id = "w" status = ["READ", "WRITE", "VISIBLE"] segment_count = 1
segment1 { start_extent = 0 extent_count = 4 type = "striped" stripe_count = 2 stripe_size = 2
stripes = ["pv0", 6, "pv1", 5] }
}
pool { id = "p" status = ["READ", "WRITE", "VISIBLE"] segment_count = 1
segment1 { start_extent = 0 extent_count = 1 type = "thin-pool" }
}
hidden { id = "h" status = ["READ"] segment_count = 0 }
}
}
contents = "Text Format Volume Group"
)";
}

const std::string kA(32, 'a');
const std::string kB(32, 'b');

std::vector<PhysicalVolume> two_disks(int sequence_b = 7) {
    return {{0, block::memory_device("a", physical_volume(kA, group_text(7), 8))},
            {1, block::memory_device("b", physical_volume(kB, group_text(sequence_b), 8))}};
}

} // namespace

TEST_CASE("linear and striped logical volumes map to where LVM puts them", "[volume]") {
    const auto physical = two_disks();
    const auto found = find_logical_volumes(physical);
    CHECK(found.problems.empty());
    REQUIRE(found.volumes.size() == 3);
    CHECK(found.volumes[0].name == "pool");
    CHECK_FALSE(found.volumes[0].device);
    CHECK(found.volumes[0].why_not->kind == ErrorKind::unsupported);

    const auto& root = found.volumes[1];
    REQUIRE(root.device);
    CHECK(root.size == 5 * kExtent);
    // Written through the volume, found at the computed place of the physical one.
    REQUIRE(root.device->write(2 * kExtent - 2, to_bytes("abcd")));
    Bytes out(2);
    REQUIRE(physical[0].device->read(kDataStart + 5 * kExtent - 2, out));
    CHECK(to_text(out) == "ab");
    REQUIRE(physical[1].device->read(kDataStart + 1 * kExtent, out));
    CHECK(to_text(out) == "cd");

    const auto& wide = found.volumes[2];
    REQUIRE(wide.device);
    CHECK(wide.size == 4 * kExtent);
    REQUIRE(wide.device->write(3 * 1024 - 1, to_bytes("xy"))); // stripe 2 ends, stripe 3 begins
    out.resize(1);
    REQUIRE(physical[0].device->read(kDataStart + 6 * kExtent + 2047, out));
    CHECK(to_text(out) == "x");
    REQUIRE(physical[1].device->read(kDataStart + 5 * kExtent + 1024, out));
    CHECK(to_text(out) == "y");

    Bytes two(2);
    CHECK_FALSE(root.device->read(root.size - 1, two));
    CHECK_FALSE(root.device->write(~0ULL, two));
}

TEST_CASE("a volume with a part on an absent disk is named, not opened", "[volume]") {
    auto physical = two_disks();
    physical.pop_back();
    const auto found = find_logical_volumes(physical);
    REQUIRE(found.volumes.size() == 3);
    CHECK_FALSE(found.volumes[1].device);
    CHECK(found.volumes[1].why_not->kind == ErrorKind::not_found);
}

TEST_CASE("the newest metadata of a group wins", "[volume]") {
    auto physical = two_disks(9);
    const auto found = find_logical_volumes(physical);
    CHECK(found.volumes.size() == 3);
    CHECK(found.problems.empty());
}

TEST_CASE("two copies of one physical volume are never guessed between", "[volume]") {
    auto physical = two_disks();
    physical.push_back({2, block::memory_device("copy", physical_volume(kA, group_text(7), 8))});
    const auto found = find_logical_volumes(physical);
    CHECK(found.problems.size() == 1);
    CHECK_FALSE(found.volumes[1].device);
}

TEST_CASE("a flipped bit in label, header or text is found by its checksum", "[volume]") {
    const Bytes good = physical_volume(kA, group_text(7), 8);
    for (const std::size_t at : {std::size_t{512 + 40}, std::size_t{1024 + 44},
                                 std::size_t{1024 + 520}, kDataStart - 30}) {
        Bytes bad = good;
        bad[at] ^= std::byte{1};
        const auto device = block::memory_device("a", bad);
        CHECK_FALSE(read_lvm_label(*device));
    }
}

TEST_CASE("broken metadata text is an error with its line", "[volume]") {
    for (const char* bad : {"vg {", "a", "a = ", "a = [1, ", "a = \"x", "= 1", "a }", "a = @"})
        CHECK_FALSE(parse_lvm_text(bad));
    const auto error = parse_lvm_text("a = 1\n\nb {\n!");
    REQUIRE_FALSE(error);
    CHECK(error.error().where == "LVM metadata, line 4");
    std::string deep;
    for (int i = 0; i < 100; ++i)
        deep += "s {";
    CHECK_FALSE(parse_lvm_text(deep));
}

TEST_CASE("mutated metadata never maps outside the disks and never crashes", "[volume]") {
    std::mt19937 random(7); // NOLINT: the same mutants in every run
    const std::string good = group_text(7);
    for (int round = 0; round < 3000; ++round) {
        std::string text = good;
        for (unsigned n = 1 + random() % 4; n > 0; --n)
            text[random() % text.size()] = static_cast<char>(' ' + random() % 95);
        std::vector<PhysicalVolume> physical = {
            {0, block::memory_device("a", physical_volume(kA, text, 8))},
            {1, block::memory_device("b", physical_volume(kB, text, 8))}};
        for (const auto& volume : find_logical_volumes(physical).volumes) {
            if (!volume.device)
                continue;
            Bytes all(static_cast<std::size_t>(std::min<std::uint64_t>(volume.size, 1U << 20)));
            CHECK(volume.device->read(0, all));
        }
    }
}
