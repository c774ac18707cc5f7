// SPDX-License-Identifier: GPL-2.0-or-later
// When a file system must not be written to, and what hostile ones do.
#include "block/image.hpp"
#include "block/overlay.hpp"
#include "fs/filesystem.hpp"
#include "support/images.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <random>

namespace lifeboat::fs {
namespace {

using test::kMiB;
using test::TempDir;

block::DevicePtr in_memory(const std::string& path) {
    return block::memory_device("disk", test::read_file(path));
}

void poke(block::BlockDevice& disk, std::uint64_t offset, std::string_view bytes) {
    REQUIRE(disk.write(offset, to_bytes(bytes)));
}

void refused(const block::DevicePtr& disk, Kind kind, ErrorKind why, std::string_view word) {
    const auto obstacle = write_obstacle(disk, kind);
    INFO((obstacle ? "" : obstacle.error().text()));
    REQUIRE(obstacle);
    REQUIRE(*obstacle);
    CHECK((*obstacle)->kind == why);
    CHECK((*obstacle)->what.find(word) != std::string::npos);
    CHECK_FALSE((*obstacle)->next.empty());
    const auto fs =
        kind == Kind::ext ? open_ext(disk, Access::write) : open_ntfs(disk, Access::write);
    REQUIRE_FALSE(fs);
    CHECK(fs.error().kind == why);
}

constexpr std::uint64_t kSuper = 1024; // offsets below: ext4 documentation, "The Super Block"

// A small NTFS with a file of that name and content.
std::string ntfs_with(const TempDir& dir, std::string_view name, std::string_view content) {
    const auto image = dir.file("ntfs");
    test::make_ntfs(image, 16 * kMiB);
    auto disk = block::open_image(image, block::Access::write);
    REQUIRE(disk);
    auto fs = open_ntfs(*disk, Access::write);
    REQUIRE(fs);
    REQUIRE((*fs)->create(name, to_bytes(content), {}));
    REQUIRE((*fs)->close());
    return image;
}

// Looks at everything there is, a few levels deep; only crashes and hangs would be wrong.
void walk(FileSystem& fs, const std::string& path, int depth, int& budget) {
    const auto nodes = fs.list(path);
    if (!nodes)
        return;
    for (const auto& node : *nodes) {
        if (--budget < 0)
            return;
        const auto child = (path == "/" ? "" : path) + "/" + node.name;
        static_cast<void>(fs.read_head(child, 1 << 16));
        if (node.type == NodeType::directory && depth > 0)
            walk(fs, child, depth - 1, budget);
    }
}

} // namespace

TEST_CASE("an ext file system in a doubtful state is read, but not written to") {
    const TempDir dir;
    const auto image = dir.file("image");
    test::make_ext(image, 16 * kMiB, {"-t", "ext4", "-O", "^metadata_csum"});
    const auto disk = in_memory(image);
    REQUIRE(write_obstacle(disk, Kind::ext));
    CHECK_FALSE(*write_obstacle(disk, Kind::ext));
    auto super = block::read_bytes(*disk, kSuper, 1024);
    REQUIRE(super);
    const auto with_bits = [&](std::size_t offset, std::uint32_t bits) {
        const auto old = read_le<std::uint32_t>(*super, offset).value();
        Bytes value;
        append_le(value, old | bits);
        poke(*disk, kSuper + offset, to_text(value));
    };
    SECTION("the journal needs recovery") {
        with_bits(0x60, 0x0004);
        refused(disk, Kind::ext, ErrorKind::refused, "journal");
        CHECK(open_ext(disk, Access::read));
    }
    SECTION("errors were noted") {
        poke(*disk, kSuper + 0x3a, std::string_view("\x03\x00", 2));
        refused(disk, Kind::ext, ErrorKind::refused, "errors");
        CHECK(open_ext(disk, Access::read));
    }
    SECTION("not unmounted") {
        poke(*disk, kSuper + 0x3a, std::string_view("\x00\x00", 2));
        refused(disk, Kind::ext, ErrorKind::refused, "cleanly");
    }
    SECTION("quota, which nobody would keep right") {
        with_bits(0x64, 0x0100);
        refused(disk, Kind::ext, ErrorKind::unsupported, "quota");
        CHECK(open_ext(disk, Access::read));
    }
    SECTION("a feature from the future") {
        with_bits(0x60, 0x40000000);
        CHECK(open_ext(disk, Access::read).error().kind == ErrorKind::unsupported);
        CHECK(open_ext(disk, Access::write).error().kind == ErrorKind::unsupported);
    }
}

TEST_CASE("hibernated Windows is read, but not written to") {
    const TempDir dir;
    SECTION("the header says so") {
        const auto* const mark = GENERATE("hibr", "HIBR");
        const auto disk =
            in_memory(ntfs_with(dir, "/hiberfil.sys", mark + std::string(8188, '\0')));
        refused(disk, Kind::ntfs, ErrorKind::refused, "hibernated");
        CHECK(open_ntfs(disk, Access::read));
    }
    SECTION("the file is shorter than its header") {
        const auto disk = in_memory(ntfs_with(dir, "/hiberfil.sys", "short"));
        refused(disk, Kind::ntfs, ErrorKind::refused, "hibernated");
    }
    SECTION("but not after a resume") {
        const auto* const mark = GENERATE("wake", "RSTR");
        const auto disk =
            in_memory(ntfs_with(dir, "/hiberfil.sys", mark + std::string(8188, '\0')));
        const auto obstacle = write_obstacle(disk, Kind::ntfs);
        REQUIRE(obstacle);
        CHECK_FALSE(*obstacle);
    }
}

TEST_CASE("BitLocker is named") {
    const TempDir dir;
    const auto disk = in_memory(ntfs_with(dir, "/a", "b"));
    poke(*disk, 3, "-FVE-FS-");
    refused(disk, Kind::ntfs, ErrorKind::refused, "BitLocker");
    CHECK(open_ntfs(disk, Access::read).error().what.find("BitLocker") != std::string::npos);
}

TEST_CASE("a volume that Windows marked for a check is not written to") {
    const TempDir dir;
    const auto disk = in_memory(ntfs_with(dir, "/a", "b"));
    // $Volume is MFT record 3; its $VOLUME_INFORMATION (type 0x70) has the flags at byte 10 of its
    // value. mkntfs keeps it resident.
    auto content = block::read_bytes(*disk, 0, static_cast<std::size_t>(disk->size()));
    REQUIRE(content);
    const auto mft = read_le<std::uint64_t>(*content, 0x30).value() * 4096;
    const auto record = mft + 3 * 1024;
    auto at = record + read_le<std::uint16_t>(*content, record + 0x14).value();
    while (read_le<std::uint32_t>(*content, at).value() != 0x70)
        at += read_le<std::uint32_t>(*content, at + 4).value();
    const auto value = at + read_le<std::uint16_t>(*content, at + 0x14).value();
    poke(*disk, value + 10, std::string_view("\x01\x00", 2));
    // The first four records have a copy, which must say the same.
    const auto mirror = read_le<std::uint64_t>(*content, 0x38).value() * 4096;
    poke(*disk, mirror + (value - mft) + 10, std::string_view("\x01\x00", 2));
    refused(disk, Kind::ntfs, ErrorKind::refused, "check");
    CHECK(open_ntfs(disk, Access::read));
}

TEST_CASE("an NTFS journal in use is refused") {
    const TempDir dir;
    const auto image = ntfs_with(dir, "/a", "b");
    const auto disk = in_memory(image);
    // A restart area with a client that is not closed, version 1.1 or 2.0, in both restart pages of
    // $LogFile (record 2). Layout: ntfs-3g logfile.h.
    const auto version = GENERATE(std::uint16_t{1}, std::uint16_t{2});
    Bytes page(4096);
    const auto put = [&](std::size_t offset, auto value) {
        REQUIRE(write_le(page, offset, value));
    };
    const std::string_view magic = "RSTR";
    for (std::size_t i = 0; i < 4; ++i)
        page[i] = static_cast<std::byte>(magic[i]);
    put(4, std::uint16_t{0x1e}); // update sequence array
    put(6, std::uint16_t{9});
    put(16, std::uint32_t{4096}); // system page size
    put(20, std::uint32_t{4096}); // log page size
    put(24, std::uint16_t{0x30}); // restart area
    put(26, static_cast<std::uint16_t>(version == 1 ? 1 : 0));
    put(28, version);
    put(0x1e, std::uint16_t{1});
    for (std::size_t sector = 1; sector <= 8; ++sector)
        put(sector * 512 - 2, std::uint16_t{1});
    put(0x30, std::uint64_t{100});         // current LSN
    put(0x38, std::uint16_t{1});           // clients
    put(0x3a, std::uint16_t{0xffff});      // free list: none
    put(0x3c, std::uint16_t{0});           // in use: client 0
    put(0x3e, std::uint16_t{0});           // flags: not clean
    put(0x40, std::uint32_t{0x2c});        // sequence number bits, set below
    put(0x44, std::uint16_t{0x30 + 0xa0}); // length of the restart area
    put(0x46, std::uint16_t{0x30});        // clients start here
    put(0x48, std::uint64_t{2 << 20});     // file size
    put(0x60 + 0x10, std::uint16_t{0xffff});
    put(0x60 + 0x12, std::uint16_t{0xffff});
    auto content = block::read_bytes(*disk, 0, static_cast<std::size_t>(disk->size()));
    REQUIRE(content);
    const auto mft = read_le<std::uint64_t>(*content, 0x30).value() * 4096;
    const auto record = mft + 2 * 1024;
    auto at = record + read_le<std::uint16_t>(*content, record + 0x14).value();
    while (read_le<std::uint32_t>(*content, at).value() != 0x80)
        at += read_le<std::uint32_t>(*content, at + 4).value();
    const auto runs = at + read_le<std::uint16_t>(*content, at + 0x20).value();
    const auto head = std::to_integer<unsigned>((*content)[runs]);
    std::uint64_t cluster = 0;
    for (unsigned i = 0; i < head >> 4; ++i)
        cluster |= std::to_integer<std::uint64_t>((*content)[runs + 1 + (head & 15) + i])
                   << (8 * i);
    REQUIRE(disk->write(cluster * 4096, page));
    REQUIRE(disk->write(cluster * 4096 + 4096, page));
    const auto obstacle = write_obstacle(disk, Kind::ntfs);
    REQUIRE(obstacle);
    REQUIRE(*obstacle);
    CHECK((*obstacle)->kind == ErrorKind::refused);
    CHECK(open_ntfs(disk, Access::read));
}

TEST_CASE("mutated file systems give errors, not crashes") {
    const TempDir dir;
    const bool ntfs = GENERATE(false, true);
    std::string image;
    if (ntfs) {
        image = ntfs_with(dir, "/file", std::string(100000, 'x'));
    } else {
        image = dir.file("ext");
        test::files::create_directories(dir.file("tree/a/b"));
        test::write_file(dir.file("tree/a/b/file"), std::string(100000, 'x'));
        test::make_ext(image, 4 * kMiB, {"-t", "ext4", "-O", "^metadata_csum"}, dir.file("tree"));
    }
    const auto good = test::read_file(image);
    std::vector<std::size_t> used; // blocks that hold something worth breaking
    for (std::size_t at = 0; at + 512 <= good.size(); at += 512)
        if (!all_zero(ByteSpan(good).subspan(at, 512)))
            used.push_back(at);
    std::mt19937 random(21);
    const auto disk = block::memory_device("disk", good);
    const auto base = std::shared_ptr<block::BlockDevice>(disk);
    for (int round = 0; round < 150; ++round) {
        block::Overlay overlay(base);
        const std::shared_ptr<block::Overlay> lent(std::shared_ptr<void>(), &overlay);
        for (int change = 0; change < 1 + round % 8; ++change) {
            Bytes bytes(1 + random() % 8);
            for (auto& byte : bytes)
                byte = static_cast<std::byte>(random() % 3 == 0 ? 0xff : random());
            REQUIRE(overlay.write(used[random() % used.size()] + random() % 500, bytes));
        }
        for (const auto access : {Access::read, Access::write}) {
            auto fs = ntfs ? open_ntfs(lent, access) : open_ext(lent, access);
            if (!fs)
                continue;
            int budget = 200;
            walk(**fs, "/", 4, budget);
            if (access == Access::write) {
                static_cast<void>((*fs)->create("/new", Bytes(5000), {}));
                static_cast<void>((*fs)->remove("/file"));
                static_cast<void>((*fs)->close());
            }
        }
    }
    CHECK(test::read_file(image) == good);
}

} // namespace lifeboat::fs
