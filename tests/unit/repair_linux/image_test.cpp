// SPDX-License-Identifier: GPL-2.0-or-later
// The Linux repairs on a real disk image, judged by e2fsprogs.
#include "block/image.hpp"
#include "repair/linux/linux.hpp"
#include "support/images.hpp"
#include "support/linux_guest.hpp"

using namespace lifeboat;
using test::kMiB;

namespace {

const repair::Repair* const kAll[] = {&repair::kLinuxRootDevice, &repair::kLinuxFstab,
                                      &repair::kLinuxKernelConsole, &repair::kLinuxGetty};

// Partition 1 swap, 2 the root (ext3), 3 /boot (ext4).
constexpr std::uint64_t kSwap = 1 * kMiB, kRoot = 9 * kMiB, kBoot = 25 * kMiB, kEnd = 41 * kMiB;

void write_tree(const test::TempDir& scratch, const std::string& root, const test::Files& files) {
    for (const auto& [path, content] : files) {
        const auto file = scratch.file(root) + path;
        test::files::create_directories(test::files::path(file).parent_path());
        test::write_file(file, std::string_view(content));
    }
}

std::string make_guest_disk(const test::TempDir& scratch) {
    test::need_tools({"mke2fs", "tune2fs", "sfdisk", "mkswap", "debugfs"});
    write_tree(scratch, "root",
               {{"/etc/debian_version", "7.11\n"},
                {"/etc/inittab", "1:2345:respawn:/sbin/getty 38400 hvc0\n"},
                {"/sbin/init", "x"},
                {"/boot/keep", ""},
                {"/etc/fstab", "/dev/xvda2 / ext3 defaults 0 1\n/dev/xvdb7 /boot ext4 ro 0 2\n"
                               "/dev/xvda1 none swap sw 0 0\n"}});
    write_tree(scratch, "boot",
               {{"/grub/menu.lst", "title x\nkernel /vmlinuz root=/dev/xvda2 ro console=hvc0\n"
                                   "initrd /initrd.img\n"}});
    test::make_sparse(scratch.file("swap.img"), kRoot - kSwap);
    test::run_ok(
        {"mkswap", "-U", "11111111-2222-3333-4444-555555555555", scratch.file("swap.img")});
    test::make_ext(scratch.file("root.img"), kBoot - kRoot,
                   {"-t", "ext3", "-U", "aaaaaaaa-2222-3333-4444-555555555555"},
                   scratch.file("root"));
    test::make_ext(scratch.file("boot.img"), kEnd - kBoot,
                   {"-t", "ext4", "-U", "bbbbbbbb-2222-3333-4444-555555555555", "-M", "/boot"},
                   scratch.file("boot"));
    const auto disk = scratch.file("disk.img");
    test::make_disk(
        disk, kEnd + 8 * kMiB,
        "label: dos\nstart=2048, size=16384, type=82\nstart=18432, size=32768, type=83\n"
        "start=51200, size=32768, type=83\n");
    test::put_into_disk(disk, kSwap, scratch.file("swap.img"));
    test::put_into_disk(disk, kRoot, scratch.file("root.img"));
    test::put_into_disk(disk, kBoot, scratch.file("boot.img"));
    return disk;
}

guest::Machine open_machine(const std::string& path, fs::Access access) {
    auto device = block::open_image(path, access == fs::Access::write ? block::Access::write
                                                                      : block::Access::read);
    REQUIRE(device);
    auto layout = volume::read_layout(**device);
    REQUIRE(layout);
    std::vector<guest::Disk> disks{{path, *device, *layout}};
    return {std::move(disks), access};
}

std::string cat(const test::TempDir& scratch, const std::string& disk, std::uint64_t from,
                std::uint64_t to, const std::string& file) {
    const auto part = scratch.file("part.img");
    test::take_from_disk(disk, from, to - from, part);
    test::check_ext(part);
    const auto out = scratch.file("out");
    test::run_ok({"debugfs", "-R", "dump " + file + " " + out, part});
    return to_text(test::read_file(out));
}

} // namespace

TEST_CASE("a Debian guest on a disk image is found with its own /boot, and repaired") {
    const test::TempDir scratch;
    const auto disk = make_guest_disk(scratch);
    {
        auto machine = open_machine(disk, fs::Access::read);
        const auto found = guest::find_guests(machine);
        REQUIRE(found);
        REQUIRE(found->guests.size() == 1);
        const auto& one = *found->guests[0];
        CHECK(one.id() == "linux1");
        CHECK(one.volume() == "disk 1, partition 2");
        CHECK(one.linux_facts()->boot_volume == "disk 1, partition 3");
        CHECK(one.obstacles().empty());
        for (const auto* repair : kAll) {
            INFO(repair->id);
            CHECK(test::trouble(repair->diagnose(one)));
        }
    }
    {
        auto machine = open_machine(disk, fs::Access::write);
        const auto found = guest::find_guests(machine);
        REQUIRE(found);
        guest::Editor editor(found->guests.at(0));
        for (const auto* repair : kAll) {
            INFO(repair->id);
            REQUIRE(repair->apply(editor));
            CHECK(test::healthy(repair->diagnose(editor.guest())));
        }
        REQUIRE(editor.finish());
        CHECK(editor.changes().size() == 3);
        REQUIRE(machine.close());
    }
    CHECK(cat(scratch, disk, kRoot, kBoot, "/etc/fstab") ==
          "UUID=aaaaaaaa-2222-3333-4444-555555555555 / ext3 defaults 0 1\n"
          "UUID=bbbbbbbb-2222-3333-4444-555555555555 /boot ext4 ro 0 2\n"
          "UUID=11111111-2222-3333-4444-555555555555 none swap sw 0 0\n");
    CHECK(cat(scratch, disk, kRoot, kBoot, "/etc/inittab") ==
          "1:2345:respawn:/sbin/getty 38400 tty1\n"
          "S0:2345:respawn:/sbin/getty -L ttyS0 115200 vt102\n");
    CHECK(cat(scratch, disk, kBoot, kEnd, "/grub/menu.lst") ==
          "title x\nkernel /vmlinuz root=UUID=aaaaaaaa-2222-3333-4444-555555555555 ro "
          "console=tty0 console=ttyS0,115200n8\ninitrd /initrd.img\n");
}
