// SPDX-License-Identifier: GPL-2.0-or-later
#include "volume/layout.hpp"

#include "block/image.hpp"
#include "support/images.hpp"

#include <catch2/catch_test_macros.hpp>

namespace lifeboat::volume {
namespace {

using test::kMiB;
using test::TempDir;

Layout layout_of(const std::string& path, std::uint32_t sector_size = 0) {
    auto disk = block::open_image(path, block::Access::read, sector_size);
    REQUIRE(disk);
    auto layout = read_layout(**disk);
    INFO((layout ? "" : layout.error().text()));
    REQUIRE(layout);
    return *layout;
}

constexpr std::uint64_t kSector = 512;

std::uint32_t crc32(ByteSpan data) {
    std::uint32_t crc = 0xffffffff;
    for (const auto byte : data) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
    }
    return ~crc;
}

struct Extent {
    std::uint64_t start;
    std::uint64_t length;
};

// The older sfdisk cannot make a table for 4 KiB sectors in a file, so here it is by hand.
void make_gpt_4k(const std::string& path, std::uint64_t size, const std::vector<Extent>& parts) {
    constexpr std::uint64_t kLarge = 4096;
    const auto last = size / kLarge - 1;
    Bytes disk(static_cast<std::size_t>(size));
    const auto put = [&](std::uint64_t at, auto value) {
        REQUIRE(write_le(disk, static_cast<std::size_t>(at), value));
    };
    put(446 + 4, std::uint8_t{0xee});
    put(446 + 8, std::uint32_t{1});
    put(446 + 12, static_cast<std::uint32_t>(last));
    put(510, std::uint16_t{0xaa55});
    for (const bool primary : {true, false}) {
        const auto header = (primary ? 1 : last) * kLarge;
        const auto entries = (primary ? 2 : last - 4) * kLarge;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const auto at = entries + i * 128;
            put(at, std::uint64_t{0x477284830fc63daf}); // Linux file system data
            put(at + 8, std::uint64_t{0xe47d47d8693d798e});
            put(at + 16, std::uint64_t{i + 1});
            put(at + 32, parts[i].start);
            put(at + 40, parts[i].start + parts[i].length - 1);
        }
        for (std::size_t i = 0; i < 8; ++i)
            disk[header + i] = static_cast<std::byte>("EFI PART"[i]);
        put(header + 8, std::uint32_t{0x00010000});
        put(header + 12, std::uint32_t{92});
        put(header + 24, primary ? std::uint64_t{1} : last);
        put(header + 32, primary ? last : std::uint64_t{1});
        put(header + 40, std::uint64_t{6});
        put(header + 48, last - 5);
        put(header + 56, std::uint64_t{0x1234});
        put(header + 72, entries / kLarge);
        put(header + 80, std::uint32_t{128});
        put(header + 84, std::uint32_t{128});
        put(header + 88, crc32(ByteSpan(disk).subspan(entries, 128 * 128)));
        put(header + 16, crc32(ByteSpan(disk).subspan(header, 92)));
    }
    test::write_file(path, disk);
}

} // namespace

TEST_CASE("an MBR disk with logical partitions is read as it was made") {
    const TempDir dir;
    const auto disk = dir.file("disk");
    test::make_disk(disk, 64 * kMiB,
                    "label: dos\nlabel-id: 0x9f2c4d11\n"
                    "start=2048, size=20480, type=7, bootable\n"
                    "start=22528, size=4096, type=82\n"
                    "start=26624, size=60000, type=5\n"
                    "start=28672, size=8192, type=83\n"
                    "start=40960, size=8192, type=8e\n");
    test::make_ntfs(dir.file("ntfs"), 20480 * kSector, 4096, 2048, "Größe 日本");
    test::make_ext(dir.file("ext"), 8192 * kSector,
                   {"-t", "ext3", "-L", "root", "-U", "11111111-2222-3333-4444-555555555555"});
    test::put_into_disk(disk, 2048 * kSector, dir.file("ntfs"));
    test::put_into_disk(disk, 28672 * kSector, dir.file("ext"));

    const auto layout = layout_of(disk);
    CHECK(layout.table == TableKind::mbr);
    CHECK(layout.disk_id == "0x9f2c4d11");
    CHECK(layout.size == 64 * kMiB);
    CHECK(layout.notes.empty());
    REQUIRE(layout.volumes.size() == 4);
    const auto& windows = layout.volumes[0];
    CHECK(windows.id == "1");
    CHECK(windows.offset == 2048 * kSector);
    CHECK(windows.size == 20480 * kSector);
    CHECK(windows.type == "7");
    CHECK(windows.active);
    CHECK_FALSE(windows.logical);
    CHECK(windows.partition_uuid == "9f2c4d11-01");
    CHECK(windows.content == Content::ntfs);
    CHECK(windows.label == "Größe 日本");
    CHECK(layout.volumes[1].content == Content::empty);
    const auto& root = layout.volumes[2];
    CHECK(root.id == "5");
    CHECK(root.logical);
    CHECK(root.content == Content::ext);
    CHECK(root.content_name == "ext3");
    CHECK(root.label == "root");
    CHECK(root.uuid == "11111111-2222-3333-4444-555555555555");
    CHECK(root.partition_uuid == "9f2c4d11-05");
    CHECK(layout.volumes[3].type == "8e");
}

TEST_CASE("a GPT disk is read with its names, and a damaged backup header is noted") {
    const TempDir dir;
    const auto disk = dir.file("disk");
    test::make_disk(disk, 64 * kMiB,
                    "label: gpt\nlabel-id: 0CE4991B-E6B3-4B16-B23C-5E0D9250E5D9\n"
                    "start=2048, size=4096, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, "
                    "name=\"EFI system\", uuid=AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE\n"
                    "start=8192, size=8192, type=5808C8AA-7E8F-42E0-85D2-E1E90434CFB3\n"
                    "start=20480, size=8192, type=E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D\n");
    auto layout = layout_of(disk);
    CHECK(layout.table == TableKind::gpt);
    CHECK(layout.disk_id == "0ce4991b-e6b3-4b16-b23c-5e0d9250e5d9");
    CHECK(layout.notes.empty());
    REQUIRE(layout.volumes.size() == 3);
    CHECK(layout.volumes[0].type == "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    CHECK(layout.volumes[0].partition_uuid == "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee");
    CHECK(layout.volumes[0].partition_label == "EFI system");
    CHECK(layout.volumes[1].content == Content::ldm_member);
    CHECK(layout.volumes[2].content == Content::storage_spaces);

    const auto damage = [&](std::uint64_t offset) {
        std::fstream file(disk, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(offset));
        file.write("damaged!", 8);
    };
    damage(64 * kMiB - 512);
    layout = layout_of(disk);
    CHECK(layout.table == TableKind::gpt);
    CHECK(layout.volumes.size() == 3);
    REQUIRE(layout.notes.size() == 1);
    CHECK(layout.notes[0].find("backup") != std::string::npos);

    damage(512);
    layout = layout_of(disk);
    CHECK(layout.table == TableKind::none);
    CHECK(layout.notes.size() == 1);
}

TEST_CASE("a GPT whose primary header is gone is read from the backup") {
    const TempDir dir;
    const auto disk = dir.file("disk");
    test::make_disk(disk, 16 * kMiB, "label: gpt\nstart=2048, size=4096\n");
    std::fstream(disk, std::ios::binary | std::ios::in | std::ios::out).seekp(512).write("no", 2);
    const auto layout = layout_of(disk);
    CHECK(layout.table == TableKind::gpt);
    REQUIRE(layout.volumes.size() == 1);
    CHECK(layout.volumes[0].offset == 2048 * kSector);
    CHECK(layout.notes.size() == 1);
}

TEST_CASE("a file system on a whole disk is volume 0") {
    const TempDir dir;
    const auto disk = dir.file("disk");
    SECTION("ext4") {
        test::make_ext(disk, 16 * kMiB);
        const auto layout = layout_of(disk);
        CHECK(layout.table == TableKind::none);
        REQUIRE(layout.volumes.size() == 1);
        CHECK(layout.volumes[0].id == "0");
        CHECK(layout.volumes[0].content == Content::ext);
        CHECK(layout.volumes[0].size == 16 * kMiB);
    }
    SECTION("NTFS, whose boot sector ends like an MBR") {
        test::make_ntfs(disk, 16 * kMiB);
        const auto layout = layout_of(disk);
        CHECK(layout.table == TableKind::none);
        REQUIRE(layout.volumes.size() == 1);
        CHECK(layout.volumes[0].content == Content::ntfs);
        CHECK(layout.volumes[0].label == "Windows");
    }
    SECTION("FAT") {
        test::need_tools({"mkfs.fat"});
        test::make_sparse(disk, 64 * kMiB);
        test::run_ok({"mkfs.fat", "-F", "32", "-n", "ESP", disk});
        const auto layout = layout_of(disk);
        CHECK(layout.table == TableKind::none);
        REQUIRE(layout.volumes.size() == 1);
        CHECK(layout.volumes[0].content == Content::fat);
        CHECK(layout.volumes[0].label == "ESP");
    }
    SECTION("swap") {
        test::need_tools({"mkswap"});
        test::make_sparse(disk, 16 * kMiB);
        test::run_ok({"mkswap", disk});
        CHECK(layout_of(disk).volumes.at(0).content == Content::swap);
    }
    SECTION("nothing") {
        test::make_sparse(disk, 16 * kMiB);
        CHECK(layout_of(disk).volumes.at(0).content == Content::empty);
    }
    SECTION("BitLocker") {
        test::make_ntfs(disk, 16 * kMiB);
        std::fstream file(disk, std::ios::binary | std::ios::in | std::ios::out);
        file.write("\xeb\x58\x90-FVE-FS-", 11);
        file.close();
        const auto layout = layout_of(disk);
        CHECK(layout.volumes.at(0).content == Content::bitlocker);
    }
}

TEST_CASE("a disk with 4 KiB sectors is understood, also when nothing says so") {
    const TempDir dir;
    const auto disk = dir.file("disk");
    make_gpt_4k(disk, 64 * kMiB, {{256, 1024}, {2048, 1024}});
    for (const std::uint32_t told : {0U, 4096U}) {
        const auto layout = layout_of(disk, told);
        CHECK(layout.table == TableKind::gpt);
        CHECK(layout.sector_size == 4096);
        REQUIRE(layout.volumes.size() == 2);
        CHECK(layout.volumes[0].offset == 256 * 4096U);
        CHECK(layout.volumes[1].size == 1024 * 4096U);
    }
}

TEST_CASE("a disk of a tebibyte is looked at without reading it") {
    const TempDir dir;
    const auto disk = dir.file("disk");
    constexpr std::uint64_t kTiB = std::uint64_t{1} << 40;
    test::make_disk(disk, kTiB,
                    "label: gpt\nstart=2048, size=20480\nstart=2147399680, size=8192\n");
    test::make_ext(dir.file("ext"), 8192 * kSector);
    test::put_into_disk(disk, 2147399680 * kSector, dir.file("ext"));
    const auto layout = layout_of(disk);
    REQUIRE(layout.volumes.size() == 2);
    CHECK(layout.volumes[1].content == Content::ext);
}

TEST_CASE("hostile extended partitions end in a note") {
    const TempDir dir;
    const auto disk = dir.file("disk");
    test::make_disk(disk, 16 * kMiB,
                    "label: dos\nstart=2048, size=20000, type=5\nstart=4096, size=2048, type=83\n");
    const auto poke = [&](std::uint64_t offset, std::uint32_t value) {
        Bytes bytes;
        append_le(bytes, value);
        std::fstream file(disk, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(offset));
        const auto text = to_text(bytes);
        file.write(text.data(), 4);
    };
    SECTION("a circle") {
        // The second entry of the first link: type 5, pointing at the link itself.
        poke(2048 * kSector + 446 + 16, 0);
        poke(2048 * kSector + 446 + 16 + 4, 0x05);
        poke(2048 * kSector + 446 + 16 + 8, 1);
        poke(2048 * kSector + 446 + 16 + 12, 100);
        // Sector 2049 becomes such a link too and points back to itself.
        poke(2049 * kSector + 446 + 4, 0x05);
        poke(2049 * kSector + 446 + 8, 1);
        poke(2049 * kSector + 446 + 12, 100);
        poke(2049 * kSector + 508, 0xaa550000);
        const auto layout = layout_of(disk);
        CHECK(layout.table == TableKind::mbr);
        REQUIRE_FALSE(layout.notes.empty());
        CHECK(layout.notes[0].find("circle") != std::string::npos);
        CHECK(layout.volumes.size() < 100);
    }
    SECTION("past the end") {
        poke(2048 * kSector + 446 + 16 + 4, 0x05);
        poke(2048 * kSector + 446 + 16 + 8, 0x7fffffff);
        poke(2048 * kSector + 446 + 16 + 12, 100);
        const auto layout = layout_of(disk);
        REQUIRE_FALSE(layout.notes.empty());
        CHECK(layout.notes[0].find("past the end") != std::string::npos);
    }
    SECTION("a partition that is larger than the disk") {
        poke(2048 * kSector + 446 + 12, 0x7fffffff);
        const auto layout = layout_of(disk);
        CHECK(layout.volumes.empty());
        CHECK_FALSE(layout.notes.empty());
    }
}

} // namespace lifeboat::volume
