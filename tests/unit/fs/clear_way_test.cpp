// SPDX-License-Identifier: GPL-2.0-or-later
// Obstacles that are cleared away. The journals are written by debugfs and judged by e2fsck's own
// replay of the same journal.
#include "block/image.hpp"
#include "fs/clear_way.hpp"
#include "fs/ext_journal.hpp"
#include "support/images.hpp"
#include "support/tools.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <random>

namespace lifeboat::fs {
namespace {

using test::kMiB;
using test::run_ok;
using test::TempDir;

constexpr std::uint64_t kSuper = 1024;

block::DevicePtr in_memory(const Bytes& content) { return block::memory_device("disk", content); }

Bytes noise(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    Bytes out(size);
    for (auto& byte : out)
        byte = static_cast<std::byte>(random());
    return out;
}

struct Kit {
    std::vector<std::string> features; // of mke2fs
    std::string open;                  // of debugfs' journal_open
    std::size_t block = 1024;
};

void debugfs(const TempDir& dir, const std::string& image, const std::string& commands) {
    test::write_file(dir.file("commands"), commands);
    const auto said = run_ok({"debugfs", "-w", "-f", dir.file("commands"), image});
    INFO(said);
    CHECK(said.find("rror") == std::string::npos);
}

// An ext4 whose journal holds two transactions: five blocks, one of which looks like a part of the
// journal; then one block again, and another one revoked.
std::string with_journal(const TempDir& dir, const Kit& kit, const std::string& more = {}) {
    test::need_tools({"debugfs", "e2fsck"});
    const auto image = dir.file("image");
    auto options = std::vector<std::string>{"-t", "ext4", "-b", std::to_string(kit.block)};
    options.insert(options.end(), kit.features.begin(), kit.features.end());
    test::make_ext(image, 32 * kMiB, options);
    auto first = noise(5 * kit.block, 1);
    REQUIRE(write_le(first, 2 * kit.block, __builtin_bswap32(0xC03B3998U)));
    test::write_file(dir.file("first"), ByteSpan(first));
    test::write_file(dir.file("second"), ByteSpan(noise(kit.block, 2)));
    debugfs(dir, image,
            "jo" + kit.open + "\njw -b 5000-5004 " + dir.file("first") + "\njw -b 5001 -r 5003 " +
                dir.file("second") + "\n" + more + "jc\n");
    return image;
}

// The same image after e2fsck replayed its journal, and nothing else.
Bytes by_e2fsck(const TempDir& dir, const std::string& image) {
    const auto copy = dir.file("copy");
    test::files::copy_file(image, copy, test::files::copy_options::overwrite_existing);
    const auto ran = test::run_tool({"e2fsck", "-y", "-E", "journal_only", copy});
    INFO(ran.output);
    REQUIRE(ran.status <= 1);
    return test::read_file(copy);
}

// In which blocks of the file system two images differ.
std::vector<std::size_t> differing(const Bytes& a, const Bytes& b, std::size_t block) {
    std::vector<std::size_t> out;
    REQUIRE(a.size() == b.size());
    for (std::size_t at = 0; at < a.size(); at += block)
        if (!equal(ByteSpan(a).subspan(at, block), ByteSpan(b).subspan(at, block)))
            out.push_back(at / block);
    return out;
}

Bytes content_of(block::BlockDevice& disk) {
    return block::read_bytes(disk, 0, static_cast<std::size_t>(disk.size())).value();
}

// One of the two restart pages of a $LogFile of `length` bytes that is in use (layout: ntfs-3g,
// include/ntfs-3g/logfile.h). Version 2.0 is what Windows 8 and later write for fast startup.
Bytes restart_page(std::uint64_t length, std::uint16_t major) {
    Bytes page(4096);
    const auto put = [&page](std::size_t at, auto value) { REQUIRE(write_le(page, at, value)); };
    std::copy_n(to_bytes("RSTR").begin(), 4, page.begin());
    put(4, std::uint16_t{30}); // update sequence
    put(6, std::uint16_t{9});
    put(16, std::uint32_t{4096});
    put(20, std::uint32_t{4096});
    put(24, std::uint16_t{48}); // restart area
    put(26, static_cast<std::uint16_t>(major == 1 ? 1 : 0));
    put(28, major);
    constexpr std::size_t area = 48;
    std::uint32_t bits = 0;
    for (auto rest = length; rest != 0; rest >>= 1)
        ++bits;
    put(area + 8, std::uint16_t{1});       // clients
    put(area + 10, std::uint16_t{0xFFFF}); // none is free
    put(area + 12, std::uint16_t{0});      // the first is in use
    put(area + 16, 67 - bits);
    put(area + 20, std::uint16_t{208});
    put(area + 22, std::uint16_t{48});
    put(area + 24, length);
    put(area + 36, std::uint16_t{48});
    put(area + 38, std::uint16_t{64});
    put(area + 48 + 16, std::uint16_t{0xFFFF});
    put(area + 48 + 18, std::uint16_t{0xFFFF});
    put(area + 48 + 28, std::uint32_t{8});
    std::copy_n(to_bytes(std::string("N\0T\0F\0S\0", 8)).begin(), 8, page.begin() + area + 48 + 32);
    put(30, std::uint16_t{1}); // the number at the end of each sector, and what was there
    for (std::size_t sector = 1; sector <= 8; ++sector)
        put(sector * 512 - 2, std::uint16_t{1});
    return page;
}

void use_log(Bytes& content, std::uint16_t major) {
    std::size_t start = 0; // mkntfs fills $LogFile with 0xff
    while (content[start] != std::byte{0xFF} || content[start + 4096] != std::byte{0xFF})
        start += 4096;
    std::size_t end = start;
    while (content[end] == std::byte{0xFF})
        end += 4096;
    const auto page = restart_page(end - start, major);
    for (const auto at : {start, start + 4096})
        std::copy(page.begin(), page.end(), content.begin() + static_cast<std::ptrdiff_t>(at));
}

// ntfs-3g's tools, on a copy.
std::string ntfs_listing(const TempDir& dir, const Bytes& content) {
    test::need_tools({"ntfsls"});
    test::write_file(dir.file("ntfs.look"), ByteSpan(content));
    return run_ok({"ntfsls", "-a", "-f", dir.file("ntfs.look")});
}

} // namespace

TEST_CASE("the journal of ext4 is replayed as e2fsck replays it") {
    const TempDir dir;
    const auto kit = GENERATE(Kit{{"-O", "^metadata_csum,^64bit"}, "", 1024},
                              Kit{{"-O", "^metadata_csum,64bit"}, "", 4096},
                              Kit{{"-O", "metadata_csum,64bit"}, " -c -v 3", 1024},
                              Kit{{"-O", "metadata_csum,^64bit"}, " -c -v 2", 4096},
                              Kit{{"-O", "metadata_csum,^64bit"}, " -c -v 3", 4096});
    INFO(kit.features[1] << kit.open << ", blocks of " << kit.block);
    const auto image = with_journal(dir, kit);
    const auto expected = by_e2fsck(dir, image);
    const auto disk = in_memory(test::read_file(image));
    REQUIRE(*write_obstacle(disk, Kind::ext));
    const auto done = replay_ext_journal(disk);
    INFO((done ? "" : done.error().text()));
    REQUIRE(done);
    REQUIRE(*done);
    CHECK((*done)->transactions == 2);
    CHECK((*done)->blocks == 5); // 5001 twice, 5003 not at all
    CHECK_FALSE(*write_obstacle(disk, Kind::ext));
    // e2fsck notes the time of its visit in the superblock; that is all.
    const auto ours = content_of(*disk);
    const auto differs = differing(ours, expected, kit.block);
    CHECK(differs == std::vector<std::size_t>{kSuper / kit.block});
    test::write_file(dir.file("after"), ByteSpan(ours));
    test::check_ext(dir.file("after"));
    CHECK_FALSE(*replay_ext_journal(disk)); // once
    CHECK(content_of(*disk) == ours);
}

TEST_CASE("a transaction that was not finished is left out") {
    const TempDir dir;
    const Kit kit{{"-O", "metadata_csum,64bit"}, " -c -v 3", 1024};
    const auto image = with_journal(dir, kit, "jw -b 5002 -c " + dir.file("second") + "\n");
    const auto expected = by_e2fsck(dir, image);
    const auto disk = in_memory(test::read_file(image));
    const auto done = replay_ext_journal(disk);
    REQUIRE(done);
    CHECK((*done)->transactions < 3);
    CHECK(differing(content_of(*disk), expected, kit.block) ==
          std::vector<std::size_t>{kSuper / kit.block});
}

TEST_CASE("journals that lie are refused, and never crash") {
    const TempDir dir;
    const Kit kit{{"-O", "metadata_csum,64bit"}, " -c -v 3", 1024};
    const auto good = test::read_file(with_journal(dir, kit));
    const auto layout = run_ok({"debugfs", "-R", "bmap <8> 0", dir.file("image")});
    const auto start =
        std::stoul(layout.substr(layout.find('\n') == std::string::npos
                                     ? 0
                                     : layout.find_last_of('\n', layout.size() - 2) + 1)) *
        kit.block;
    std::mt19937 random(7);
    int replayed = 0;
    for (int round = 0; round < 400; ++round) {
        auto bent = good;
        for (int flips = 0; flips < 3; ++flips)
            bent[start + random() % (12 * kit.block)] = static_cast<std::byte>(random());
        const auto disk = in_memory(bent);
        const auto done = replay_ext_journal(disk);
        if (!done) {
            CHECK_FALSE(done.error().next.empty());
            continue;
        }
        ++replayed;
        // Checksums leave no room for a block that was not meant.
        CHECK(differing(content_of(*disk), bent, kit.block).size() <= 5 + 2);
    }
    CHECK(replayed < 400);
}

TEST_CASE("a journal is replayed only when that was asked for, and another kind not at all") {
    const TempDir dir;
    const auto before = test::read_file(with_journal(dir, {{"-O", "64bit"}, " -c -v 3", 1024}));
    const auto disk = in_memory(before);
    CHECK(clear_way(disk, Kind::ext, {true, false}).value().empty());
    CHECK(content_of(*disk) == before);
    const auto done = clear_way(disk, Kind::ext, {false, true});
    REQUIRE(done);
    REQUIRE(done->size() == 1);
    CHECK(done->front().find("2 transactions, 5 blocks") != std::string::npos);
}

TEST_CASE("a hibernated Windows is written to when its memory may be lost") {
    const TempDir dir;
    const auto image = dir.file("ntfs");
    test::make_ntfs(image, 16 * kMiB);
    {
        const auto disk = block::open_image(image, block::Access::write).value();
        const auto fs = open_ntfs(disk, Access::write).value();
        REQUIRE(fs->create("/hiberfil.sys", to_bytes("hibr" + std::string(300000, 'm')), {}));
        REQUIRE(fs->create("/kept", to_bytes("kept"), {}));
        REQUIRE(fs->close());
    }
    const auto before = test::read_file(image);
    const auto disk = in_memory(before);
    REQUIRE(*write_obstacle(disk, Kind::ntfs));
    CHECK(clear_way(disk, Kind::ntfs, {false, true}).value().empty());
    CHECK(content_of(*disk) == before);
    const auto done = clear_way(disk, Kind::ntfs, {true, false});
    INFO((done ? "" : done.error().text()));
    REQUIRE(done);
    REQUIRE(done->size() == 1);
    CHECK(done->front().find("hiberfil.sys is removed") != std::string::npos);
    CHECK_FALSE(*write_obstacle(disk, Kind::ntfs));
    const auto listing = ntfs_listing(dir, content_of(*disk));
    CHECK(listing.find("hiberfil.sys") == std::string::npos);
    CHECK(listing.find("kept") != std::string::npos);
    test::check_ntfs(dir.file("ntfs.look"));
    CHECK(clear_way(disk, Kind::ntfs, {true, false}).value().empty());
}

TEST_CASE("fast startup leaves $LogFile in use, and it is emptied with the hibernation") {
    const TempDir dir;
    const auto image = dir.file("ntfs");
    test::make_ntfs(image, 16 * kMiB);
    {
        const auto disk = block::open_image(image, block::Access::write).value();
        const auto fs = open_ntfs(disk, Access::write).value();
        REQUIRE(fs->create("/hiberfil.sys", to_bytes("hibr" + std::string(300000, 'm')), {}));
        REQUIRE(fs->close());
    }
    auto content = test::read_file(image);
    use_log(content, GENERATE(std::uint16_t{1}, std::uint16_t{2}));
    const auto disk = in_memory(content);
    REQUIRE(*write_obstacle(disk, Kind::ntfs));
    const auto done = clear_way(disk, Kind::ntfs, {true, false});
    INFO((done ? "" : done.error().text()));
    REQUIRE(done);
    CHECK(done->size() == 2);
    CHECK_FALSE(*write_obstacle(disk, Kind::ntfs));
    const auto listing = ntfs_listing(dir, content_of(*disk));
    CHECK(listing.find("hiberfil.sys") == std::string::npos);
    test::check_ntfs(dir.file("ntfs.look"));
}

TEST_CASE("a journal in use without a hibernation is left alone") {
    const TempDir dir;
    const auto image = dir.file("ntfs");
    test::make_ntfs(image, 16 * kMiB);
    auto content = test::read_file(image);
    use_log(content, 1);
    const auto disk = in_memory(content);
    REQUIRE(*write_obstacle(disk, Kind::ntfs));
    CHECK((*write_obstacle(disk, Kind::ntfs))->what.find("journal") != std::string::npos);
    CHECK(clear_way(disk, Kind::ntfs, {true, true}).value().empty());
    CHECK(content_of(*disk) == content);
}

} // namespace lifeboat::fs
