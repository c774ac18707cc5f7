// SPDX-License-Identifier: GPL-2.0-or-later
// FAT by our own code, against mtools and fsck.fat.
#include "unit/fs/fat.hpp"

#include "block/image.hpp"
#include "fs/fat_geometry.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <map>
#include <random>

namespace lifeboat::fs {
namespace {

using test::FatKind;
using test::kMiB;
using test::TempDir;

void ok(const Result<void>& result) {
    INFO((result ? "" : result.error().text()));
    REQUIRE(result);
}

FileSystemPtr opened(const std::string& image, Access access) {
    auto disk = block::open_image(image, access == Access::write ? block::Access::write
                                                                 : block::Access::read);
    REQUIRE(disk);
    auto fs = open_fat(*disk, access);
    INFO((fs ? "" : fs.error().text()));
    REQUIRE(fs);
    return *fs;
}

FileSystemPtr opened(const block::DevicePtr& disk, Access access) {
    auto fs = open_fat(disk, access);
    INFO((fs ? "" : fs.error().text()));
    REQUIRE(fs);
    return *fs;
}

Bytes noise(std::size_t length, unsigned seed) {
    std::mt19937 random(seed);
    Bytes bytes(length);
    for (auto& byte : bytes)
        byte = static_cast<std::byte>(random());
    return bytes;
}

FatKind any_kind() { return GENERATE(test::kFat12, test::kFat16, test::kFat32); }

std::vector<std::string> names_in(FileSystem& fs, std::string_view path) {
    const auto nodes = fs.list(path);
    INFO((nodes ? "" : nodes.error().text()));
    REQUIRE(nodes);
    std::vector<std::string> out;
    for (const auto& node : *nodes)
        out.push_back(node.name);
    return out;
}

// Changes made at known places of a FAT12, FAT16 or FAT32 volume in memory.
class Broken {
public:
    explicit Broken(const FatKind& kind) {
        const auto image = test::make_fat(dir_, kind);
        test::mtools_put(dir_, image, "/one", noise(9000, 1));
        test::mtools_put(dir_, image, "/two", noise(9000, 2));
        test::run_ok({"mmd", "-i", image, "::/sub"});
        disk = block::memory_device("disk", test::read_file(image));
        geometry = read_fat_geometry(*disk).value();
    }
    // The entry of a cluster in FAT16 and FAT32; in one copy or in all.
    void set_entry(std::uint32_t cluster, std::uint32_t value, bool all = true) {
        const auto width = static_cast<std::uint64_t>(geometry.bits / 8);
        for (std::uint32_t copy = 0; copy < (all ? geometry.fats : 1); ++copy) {
            Bytes bytes;
            append_le(bytes, value);
            bytes.resize(width);
            REQUIRE(disk->write(geometry.fat_offset + copy * geometry.fat_size + cluster * width,
                                bytes));
        }
    }
    [[nodiscard]] std::uint32_t first_cluster(std::string_view path) const {
        const auto node = opened(disk, Access::read)->stat(path).value();
        const auto entry = block::read_bytes(*disk, node->id, 32).value();
        return std::uint32_t{*read_le<std::uint16_t>(entry, 20)} << 16 |
               *read_le<std::uint16_t>(entry, 26);
    }
    [[nodiscard]] std::string complaint() const {
        const auto obstacle = write_obstacle(disk, Kind::fat);
        REQUIRE(obstacle);
        REQUIRE_FALSE(open_fat(disk, Access::write));
        REQUIRE(*obstacle);
        CHECK((*obstacle)->kind == ErrorKind::refused);
        CHECK_FALSE((*obstacle)->next.empty());
        return (*obstacle)->text();
    }
    static bool says(const std::string& text, std::string_view word) {
        return text.find(word) != std::string::npos;
    }

    block::DevicePtr disk;
    FatGeometry geometry;

private:
    TempDir dir_;
};

} // namespace

TEST_CASE("FAT: what mtools wrote is read") {
    const auto kind = any_kind();
    INFO(kind.name);
    const TempDir dir;
    const auto image = test::make_fat(dir, kind);
    const auto large = noise(700000, 1);
    test::run_ok({"mmd", "-i", image, "::/EFI", "::/EFI/Microsoft", "::/EFI/Microsoft/Boot"});
    test::mtools_put(dir, image, "/EFI/Microsoft/Boot/BCD", large);
    test::mtools_put(dir, image, "/EFI/Microsoft/Boot/empty", {});
    test::mtools_put(dir, image, "/A long name with blanks and Grüße.conf", to_bytes("text\n"));
    test::mtools_put(dir, image, "/" + std::string(200, 'n') + ".txt", to_bytes("x"));
    for (int i = 0; i < 90; ++i) // the directory needs several clusters
        test::mtools_put(dir, image, "/EFI/entry number " + std::to_string(i), to_bytes("e"));
    const auto before = test::read_file(image);
    const auto fs = opened(image, Access::read);
    CHECK(fs->read("/EFI/Microsoft/Boot/BCD").value() == large);
    CHECK(fs->read("/efi/MICROSOFT/boot/bcd").value() == large);
    CHECK(fs->read("/EFI/Microsoft/Boot/empty").value().empty());
    CHECK(to_text(fs->read("/A long name with blanks and Grüße.conf").value()) == "text\n");
    CHECK(to_text(fs->read("/ALONGN~1.CON").value()) == "text\n");
    CHECK(fs->read_head("/EFI/Microsoft/Boot/BCD", 3).value() ==
          Bytes(large.begin(), large.begin() + 3));
    CHECK(names_in(*fs, "/") == std::vector<std::string>{"A long name with blanks and Grüße.conf",
                                                         "EFI", std::string(200, 'n') + ".txt"});
    CHECK(names_in(*fs, "/EFI").size() == 91);
    CHECK(fs->stat("/efi").value()->name == "EFI");
    CHECK(fs->stat("/efi").value()->type == NodeType::directory);
    CHECK(fs->stat("/EFI/Microsoft/Boot/BCD").value()->size == large.size());
    CHECK_FALSE(fs->stat("/nothing").value());
    CHECK_FALSE(fs->stat("/EFI/Microsoft/Boot/BCD/below").value());
    CHECK(fs->read("/nothing").error().kind == ErrorKind::not_found);
    CHECK(fs->read("/EFI").error().kind == ErrorKind::usage);
    CHECK(fs->list("/EFI/Microsoft/Boot/BCD").error().kind == ErrorKind::usage);
    CHECK(fs->read("/EFI/Microsoft/Boot/BCD", 1000).error().kind == ErrorKind::unsupported);
    CHECK(fs->replace("/EFI/Microsoft/Boot/BCD", large).error().kind == ErrorKind::internal);
    CHECK(test::read_file(image) == before);
}

TEST_CASE("FAT: mtools reads what we wrote, and fsck.fat finds nothing") {
    const auto kind = any_kind();
    INFO(kind.name);
    const TempDir dir;
    const auto image = test::make_fat(dir, kind);
    test::mtools_put(dir, image, "/old", noise(50000, 1));
    test::mtools_put(dir, image, "/lower case and long.cfg", noise(3000, 2));
    std::map<std::string, Bytes> wanted;
    {
        const auto fs = opened(image, Access::write);
        const auto create = [&](const std::string& path, Bytes content) {
            ok(fs->create(path, content, {}));
            wanted[path] = std::move(content);
        };
        ok(fs->make_directory("/EFI", {}));
        ok(fs->make_directory("/EFI/a longer directory", {}));
        create("/EFI/BOOTX64.EFI", noise(100000, 3));
        create("/EFI/grubx64.efi", noise(70000, 4));
        create("/EFI/empty", {});
        create("/EFI/a longer directory/Grüße 日本 \U0001F600.txt", noise(77, 5));
        create("/EFI/a longer directory/" + std::string(251, 'y') + ".txt", noise(1, 6));
        for (int i = 0; i < 70; ++i)
            create("/EFI/a longer directory/longer name number " + std::to_string(i), noise(10, 7));
        ok(fs->replace("/old", noise(60001, 8)));
        wanted["/old"] = noise(60001, 8);
        ok(fs->replace("/EFI/empty", noise(5, 9)));
        wanted["/EFI/empty"] = noise(5, 9);
        ok(fs->replace("/EFI/GRUBX64.EFI", {}));
        wanted["/EFI/grubx64.efi"] = {};
        ok(fs->remove("/lower case and long.cfg"));
        ok(fs->rename("/EFI/BOOTX64.EFI", "/EFI/bootx64 before.efi"));
        wanted["/EFI/bootx64 before.efi"] = noise(100000, 3);
        wanted.erase("/EFI/BOOTX64.EFI");
        ok(fs->rename("/old", "/EFI/new"));
        wanted["/EFI/new"] = noise(60001, 8);
        wanted.erase("/old");
        ok(fs->rename("/EFI/new", "/EFI/NEW"));
        wanted["/EFI/NEW"] = noise(60001, 8);
        wanted.erase("/EFI/new");
        CHECK(fs->create("/EFI/NEW", {}, {}).error().kind == ErrorKind::refused);
        CHECK(fs->create("/efi/bootX64 BEFORE.efi", {}, {}).error().kind == ErrorKind::refused);
        CHECK(fs->create("/EFI/what?", {}, {}).error().kind == ErrorKind::usage);
        CHECK(fs->remove("/EFI").error().kind == ErrorKind::refused);
        CHECK(fs->make_symlink("/link", "old").error().kind == ErrorKind::unsupported);
        CHECK(fs->written_in_place().empty());
        ok(fs->make_directory("/gone", {}));
        ok(fs->remove("/gone"));
        ok(fs->close());
    }
    const auto fsck = test::run_tool({"fsck.fat", "-n", image});
    INFO(fsck.output);
    CHECK(fsck.status == 0);
    const auto fs = opened(image, Access::read);
    CHECK(names_in(*fs, "/") == std::vector<std::string>{"EFI"});
    CHECK(names_in(*fs, "/EFI/a longer directory").size() == 72);
    for (const auto& [path, content] : wanted) {
        INFO(path);
        CHECK(fs->read(path).value() == content);
        if (path.find("日") == std::string::npos) // mtools' own character set
            CHECK(test::mtools_get(dir, image, path) == content);
    }
}

TEST_CASE("FAT: random edits, judged by a model and fsck.fat") {
    const auto kind = GENERATE(test::kFat12, test::kFat16, test::kFat32);
    const auto seed = GENERATE(range(0U, 4U));
    INFO(kind.name << ", seed " << seed);
    const TempDir dir;
    const auto image = test::make_fat(dir, kind);
    std::mt19937 random(seed);
    std::map<std::string, Bytes> model;
    auto fs = opened(image, Access::write);
    ok(fs->make_directory("/a directory", {}));
    for (unsigned step = 0; step < 250; ++step) {
        const auto fresh = (random() % 2 == 0 ? "/a directory/" : "/") +
                           std::string(1 + random() % 40, 'n') + std::to_string(step);
        const auto content = noise(random() % 9000, step + 1);
        const auto what = random() % 10;
        if (model.empty() || what < 4) {
            ok(fs->create(fresh, content, {}));
            model[fresh] = content;
        } else {
            const auto at = std::next(model.begin(), static_cast<long>(random() % model.size()));
            if (what < 6) {
                ok(fs->replace(at->first, content));
                at->second = content;
            } else if (what < 8) {
                ok(fs->rename(at->first, fresh));
                auto node = model.extract(at);
                node.key() = fresh;
                model.insert(std::move(node));
            } else {
                ok(fs->remove(at->first));
                model.erase(at);
            }
        }
        if (step == 120) {
            ok(fs->close());
            fs.reset();
            fs = opened(image, Access::write);
        }
    }
    ok(fs->close());
    fs.reset();
    const auto fsck = test::run_tool({"fsck.fat", "-n", image});
    INFO(fsck.output);
    REQUIRE(fsck.status == 0);
    fs = opened(image, Access::read);
    CHECK(names_in(*fs, "/").size() + names_in(*fs, "/a directory").size() == model.size() + 1);
    for (const auto& [path, content] : model)
        REQUIRE(fs->read(path).value() == content);
}

TEST_CASE("FAT: a disk with 4 KiB sectors") { // mtools does not read it
    const TempDir dir;
    const auto image = test::make_fat(dir, test::kFat32Large);
    const auto content = noise(100000, 1);
    {
        const auto fs = opened(image, Access::write);
        ok(fs->make_directory("/EFI", {}));
        for (int i = 0; i < 60; ++i)
            ok(fs->create("/EFI/a long name, number " + std::to_string(i), content, {}));
        ok(fs->replace("/EFI/a long name, number 7", to_bytes("x")));
        ok(fs->close());
    }
    const auto fsck = test::run_tool({"fsck.fat", "-n", image});
    INFO(fsck.output);
    CHECK(fsck.status == 0);
    CHECK(opened(image, Access::read)->read("/EFI/a long name, number 59").value() == content);
}

TEST_CASE("FAT: lower case that Windows notes without a long name") {
    const TempDir dir;
    const auto image = test::make_fat(dir, test::kFat16);
    const auto disk = block::memory_device("disk", test::read_file(image));
    {
        const auto fs = opened(disk, Access::write);
        ok(fs->create("/BOOTMGR.EFI", to_bytes("x"), {}));
        ok(fs->close());
    }
    const auto at = opened(disk, Access::read)->stat("/BOOTMGR.EFI").value()->id;
    const Bytes lower{std::byte{0x08}};
    REQUIRE(disk->write(at + 12, lower));
    CHECK(names_in(*opened(disk, Access::read), "/") == std::vector<std::string>{"bootmgr.EFI"});
    const Bytes letters{std::byte{0x05}, std::byte{0x81}}; // 0xe5 and 0x81 of code page 437
    REQUIRE(disk->write(at, letters));
    const Bytes plain{std::byte{0}};
    REQUIRE(disk->write(at + 12, plain));
    CHECK(names_in(*opened(disk, Access::read), "/") == std::vector<std::string>{"σüOTMGR.EFI"});
}

TEST_CASE("FAT: a volume that was not unmounted may be written when nothing is wrong with it") {
    Broken fat(GENERATE(test::kFat16, test::kFat32));
    fat.set_entry(1, fat.geometry.bits == 32 ? 0x07ffffffU : 0x7fffU);
    const Bytes mark{std::byte{1}};
    REQUIRE(fat.disk->write(fat.geometry.bits == 32 ? 65 : 37, mark));
    CHECK_FALSE(write_obstacle(fat.disk, Kind::fat).value());
    const auto fs = opened(fat.disk, Access::write);
    ok(fs->replace("/one", to_bytes("new")));
    ok(fs->close());
    CHECK(to_text(opened(fat.disk, Access::read)->read("/one").value()) == "new");
    // The guest still checks it by itself.
    CHECK(block::read_bytes(*fat.disk, fat.geometry.bits == 32 ? 65 : 37, 1).value() == mark);
    SECTION("but not when something is") {
        fat.set_entry(fat.first_cluster("/two"), fat.first_cluster("/one"));
        CHECK(Broken::says(fat.complaint(), "not unmounted cleanly"));
    }
}

TEST_CASE("FAT: damage is refused for writing, and reading stays within bounds") {
    Broken fat(GENERATE(test::kFat16, test::kFat32));
    const auto one = fat.first_cluster("/one");
    const auto two = fat.first_cluster("/two");
    SECTION("a circle") {
        fat.set_entry(one + 1, one);
        CHECK(Broken::says(fat.complaint(), "circle"));
    }
    SECTION("two files share clusters") {
        fat.set_entry(one, two);
        CHECK(Broken::says(fat.complaint(), "shares a cluster"));
        CHECK(opened(fat.disk, Access::read)->read("/two").value() == noise(9000, 2));
    }
    SECTION("a chain into free clusters") {
        fat.set_entry(one, fat.geometry.last_cluster);
        CHECK(Broken::says(fat.complaint(), "which is not there"));
        CHECK(opened(fat.disk, Access::read)->read("/one").error().kind == ErrorKind::damaged);
    }
    SECTION("a chain out of the volume") {
        fat.set_entry(one, fat.geometry.last_cluster + 1);
        CHECK(Broken::says(fat.complaint(), "which is not there"));
        CHECK(opened(fat.disk, Access::read)->read("/one").error().kind == ErrorKind::damaged);
    }
    SECTION("a file that is shorter than it says") {
        fat.set_entry(one, fat.geometry.bits == 32 ? 0x0fffffffU : 0xffffU);
        CHECK(Broken::says(fat.complaint(), "shorter"));
        CHECK(opened(fat.disk, Access::read)->read("/one").error().kind == ErrorKind::damaged);
    }
    SECTION("copies that differ about a file") {
        fat.set_entry(one + 1, fat.geometry.bits == 32 ? 0x0fffffffU : 0xffffU, false);
        const auto text = fat.complaint();
        CHECK((Broken::says(text, "shorter") || Broken::says(text, "differ")));
    }
    SECTION("a directory that is its own parent's circle") {
        fat.set_entry(fat.first_cluster("/sub"), fat.first_cluster("/sub"));
        CHECK(Broken::says(fat.complaint(), "circle"));
        CHECK(opened(fat.disk, Access::read)->list("/sub").error().kind == ErrorKind::damaged);
    }
    SECTION("copies that differ where nothing is, do not matter") {
        fat.set_entry(fat.geometry.last_cluster, 5, false);
        CHECK_FALSE(write_obstacle(fat.disk, Kind::fat).value());
    }
}

TEST_CASE("FAT: boot sectors that lie, and exFAT") {
    const TempDir dir;
    const auto image = test::make_fat(dir, test::kFat32);
    const auto with = [&](std::size_t at, const Bytes& bytes) {
        auto content = test::read_file(image);
        std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(at));
        return open_fat(block::memory_device("disk", std::move(content)), Access::read);
    };
    CHECK(with(11, Bytes(2)).error().kind == ErrorKind::damaged);       // bytes of a sector
    CHECK(with(13, {std::byte{3}}).error().kind == ErrorKind::damaged); // sectors of a cluster
    CHECK(with(16, {std::byte{0}}).error().kind == ErrorKind::damaged); // copies of the table
    CHECK(with(36, Bytes(4)).error().kind == ErrorKind::damaged);       // size of a table
    CHECK(with(44, Bytes(4)).error().kind == ErrorKind::damaged);       // root directory
    CHECK(with(32, Bytes(4, std::byte{0x7f})).error().kind == ErrorKind::damaged); // sectors
    const auto exfat = with(3, to_bytes("EXFAT   "));
    CHECK(exfat.error().kind == ErrorKind::unsupported);
    CHECK(exfat.error().what.find("exFAT") != std::string::npos);
}

TEST_CASE("FAT: without space for a second copy a file is overwritten where it lies") {
    const auto kind = GENERATE(test::kFat12, test::kFat16);
    const TempDir dir;
    const auto image = test::make_fat(dir, kind);
    const auto size = static_cast<std::size_t>(kind.size) / 2;
    const auto fs = opened(image, Access::write);
    ok(fs->create("/file", noise(size, 1), {}));
    ok(fs->replace("/file", noise(size + 70000, 2)));
    CHECK(fs->written_in_place() == std::vector<std::string>{"/file"});
    CHECK(fs->read("/file").value() == noise(size + 70000, 2));
    CHECK(fs->create("/more", noise(size, 3), {}).error().kind == ErrorKind::unsupported);
    ok(fs->close());
    CHECK(test::mtools_get(dir, image, "/file") == noise(size + 70000, 2));
    CHECK(test::fsck_fat(image).empty());
}

} // namespace lifeboat::fs
