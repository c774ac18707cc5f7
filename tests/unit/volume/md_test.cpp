// SPDX-License-Identifier: GPL-2.0-or-later
// Linux software RAID: mirrors are read, all else is refused by name.
#include "support/md.hpp"

#include "block/image.hpp"
#include "support/images.hpp"
#include "volume/layout.hpp"
#include "volume/md.hpp"

#include <catch2/generators/catch_generators.hpp>

namespace lifeboat::volume {
namespace {

using test::kMiB;
using test::MdPart;
using test::TempDir;

Bytes ext_image(const TempDir& dir) {
    test::make_ext(dir.file("ext"), 4 * kMiB, {"-t", "ext4", "-L", "root"});
    return test::read_file(dir.file("ext"));
}

// Disks without a table, each a member of something.
class Machine {
public:
    explicit Machine(const std::vector<Bytes>& contents) : layouts(contents.size()) {
        for (std::size_t i = 0; i < contents.size(); ++i) {
            disks.push_back(block::memory_device("disk " + std::to_string(i + 1), contents[i]));
            auto layout = read_layout(*disks[i]);
            REQUIRE(layout);
            layouts[i] = std::move(*layout);
        }
        std::vector<DiskLayout> all;
        for (std::size_t i = 0; i < disks.size(); ++i)
            all.push_back({disks[i], &layouts[i]});
        REQUIRE(add_arrays(all));
        REQUIRE(add_logical_volumes(all));
    }
    [[nodiscard]] std::string notes() const {
        std::string out;
        for (const auto& layout : layouts)
            for (const auto& note : layout.notes)
                out += note + "\n";
        return out;
    }
    [[nodiscard]] std::size_t arrays() const {
        std::size_t out = 0;
        for (const auto& layout : layouts)
            for (const auto& volume : layout.volumes)
                out += volume.array ? 1 : 0;
        return out;
    }
    [[nodiscard]] bool says(std::string_view words) const {
        return notes().find(words) != std::string::npos;
    }

    std::vector<block::DevicePtr> disks;
    std::vector<Layout> layouts;
};

} // namespace

TEST_CASE("a mirror is read, whatever the version of its superblock") {
    const TempDir dir;
    const auto data = ext_image(dir);
    const std::string version = GENERATE("0.90", "1.0", "1.1", "1.2");
    INFO(version);
    const Machine machine({test::md_member(data, {.version = version, .role = 0}),
                           test::md_member(data, {.version = version, .role = 1})});
    INFO(machine.notes());
    for (const auto& layout : machine.layouts) {
        REQUIRE_FALSE(layout.volumes.empty());
        CHECK(layout.volumes[0].content == Content::md_member);
        CHECK(layout.volumes[0].member_of == "md/0");
    }
    REQUIRE(machine.arrays() == 1);
    REQUIRE(machine.layouts[0].volumes.size() == 2);
    const auto& array = machine.layouts[0].volumes[1];
    CHECK(array.id == "md/0");
    CHECK(array.content == Content::ext);
    CHECK(array.label == "root");
    CHECK(array.size == data.size());
    const auto device = open_volume(machine.disks[0], array);
    REQUIRE(device);
    CHECK(block::read_bytes(**device, 0, data.size()).value() == data);
    CHECK_FALSE((*device)->writable());
    CHECK((*device)->write(0, Bytes(512)).error().kind == ErrorKind::refused);
    CHECK(machine.says("cannot be changed"));
}

TEST_CASE("one half of a mirror is enough, and the newer one is read") {
    const TempDir dir;
    const auto now = ext_image(dir);
    auto before = now;
    before[3 * kMiB] = std::byte{1};
    SECTION("one disk is missing") {
        const Machine machine({test::md_member(now, {.role = 1})});
        CHECK(machine.arrays() == 1);
    }
    SECTION("one disk is out of date") {
        const Machine machine({test::md_member(before, {.role = 0, .events = 18}),
                               test::md_member(now, {.role = 1, .events = 20})});
        REQUIRE(machine.arrays() == 1);
        CHECK(machine.says("disk 1 is out of date"));
        const auto& array = machine.layouts[1].volumes.at(1);
        CHECK(block::read_bytes(*array.mapped, 0, now.size()).value() == now);
    }
    SECTION("one disk has failed") {
        const Machine machine({test::md_member(before, {.role = 0xfffe, .events = 30}),
                               test::md_member(now, {.role = 1, .events = 20})});
        REQUIRE(machine.arrays() == 1);
        CHECK(machine.layouts[0].volumes[0].why_not.find("failed") != std::string::npos);
        CHECK(block::read_bytes(*machine.layouts[1].volumes.at(1).mapped, 0, now.size()).value() ==
              now);
    }
    SECTION("it was not stopped cleanly") {
        const Machine machine({test::md_member(now, {.role = 0, .clean = false})});
        CHECK(machine.arrays() == 1);
        CHECK(machine.says("not stopped cleanly"));
    }
}

TEST_CASE("what is no plain mirror is refused by name") {
    const TempDir dir;
    const auto data = ext_image(dir);
    const auto refused = [&](const MdPart& part, std::string_view words) {
        const Machine machine({test::md_member(data, part)});
        INFO(machine.notes());
        CHECK(machine.arrays() == 0);
        CHECK(machine.says(words));
        CHECK(machine.layouts[0].volumes[0].why_not.find(words) != std::string::npos);
    };
    refused({.level = 5}, "RAID 5");
    refused({.level = 0}, "RAID 0");
    refused({.version = "0.90", .level = 10}, "RAID 10");
    refused({.level = static_cast<std::uint32_t>(-1)}, "linear");
    refused({.features = 4}, "features");
    refused({.features = 2}, "being filled");
    SECTION("two copies of the same disk") {
        const Machine machine({test::md_member(data, {}), test::md_member(data, {})});
        CHECK(machine.arrays() == 0);
        CHECK(machine.says("same part"));
    }
    SECTION("two arrays of the same name") {
        const Machine machine({test::md_member(data, {}), test::md_member(data, {.uuid = 'v'})});
        CHECK(machine.arrays() == 2);
        CHECK(machine.layouts[0].volumes.at(1).id != machine.layouts[1].volumes.at(1).id);
    }
    SECTION("a superblock with a wrong checksum") {
        auto disk = test::md_member(data, {});
        disk[4096 + 200] ^= std::byte{1};
        const auto device = block::memory_device("disk", disk);
        CHECK(read_md_superblock(*device).error().kind == ErrorKind::damaged);
    }
    SECTION("sizes past the end") {
        auto disk = test::md_member(data, {});
        disk.resize(disk.size() - kMiB);
        const auto device = block::memory_device("disk", disk);
        CHECK(read_md_superblock(*device).error().kind == ErrorKind::damaged);
    }
}

TEST_CASE("mdadm sees the members of these tests as we do") {
    test::need_tools({"mdadm"});
    const TempDir dir;
    const auto data = ext_image(dir);
    const std::string version = GENERATE("0.90", "1.0", "1.1", "1.2");
    const auto image = dir.file("member");
    test::write_file(image, test::md_member(data, {.version = version, .role = 1, .events = 77}));
    const auto text = test::run_ok({"mdadm", "--examine", image});
    INFO(text);
    const auto member = read_md_superblock(*block::open_image(image, block::Access::read).value());
    REQUIRE(member.value());
    CHECK((*member)->version == version);
    CHECK((*member)->events == 77);
    CHECK((*member)->role == 1U);
    CHECK(text.find("Raid Level : raid1") != std::string::npos);
    CHECK(text.find("Raid Devices : 2") != std::string::npos);
    CHECK(text.find("77") != std::string::npos);
    CHECK(text.find(" - correct") != std::string::npos); // the checksum
}

} // namespace lifeboat::volume
