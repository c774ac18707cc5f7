// SPDX-License-Identifier: GPL-2.0-or-later
#include "repair/linux/linux.hpp"
#include "support/linux_guest.hpp"

using namespace lifeboat;
using repair::kLinuxFstab;
using repair::kLinuxFstabMissing;
using repair::kLinuxRootDevice;
using repair::Severity;
using test::healthy;
using test::LinuxGuest;
using test::made_volume;
using test::trouble;
using volume::Content;

namespace {

test::Files guest_files(const std::string& menu, const std::string& fstab) {
    return {{"/etc/debian_version", "7.11\n"},
            {"/sbin/init", "x"},
            {"/etc/inittab", ""},
            {"/etc/fstab", fstab},
            {"/boot/grub/menu.lst", menu}};
}

const std::string kFstab = "# <file system>\n/dev/xvda2\t/\text4 errors=remount-ro 0 1\n"
                           "/dev/xvda1 none swap sw 0 0\nproc /proc proc defaults 0 0\n";
const std::string kMenu = "# kopt=root=/dev/xvda9 ro\ntitle Debian\n"
                          "kernel /vmlinuz root=/dev/xvda2 ro resume=/dev/xvda1\n"
                          "initrd /initrd.img\n";

void check_cured(const LinuxGuest& guest, const repair::Repair& repair) {
    const auto once = guest.files();
    CHECK(healthy(guest.diagnose(repair)));
    CHECK(guest.apply(repair).empty());
    CHECK(guest.files() == once);
}

bool could_not_look(const repair::Diagnosis& diagnosis) {
    return std::holds_alternative<repair::CouldNotLook>(diagnosis);
}

} // namespace

TEST_CASE("fstab: root and swap are named by UUID, other lines stay") {
    const LinuxGuest guest(guest_files(kMenu, kFstab));
    const auto found = guest.diagnose(kLinuxFstab);
    REQUIRE(trouble(found));
    CHECK(trouble(found)->severity == Severity::critical);
    CHECK(trouble(found)->evidence.size() == 2);
    guest.apply(kLinuxFstab);
    CHECK(guest.files() ==
          guest_files(kMenu, "# <file system>\nUUID=R-1\t/\text4 errors=remount-ro 0 1\n"
                             "UUID=S-1 none swap sw 0 0\nproc /proc proc defaults 0 0\n"));
    check_cured(guest, kLinuxFstab);
    CHECK(healthy(guest.diagnose(kLinuxFstabMissing)));
}

TEST_CASE("fstab: what cannot be told is reported and left alone") {
    const auto table = kFstab + "/dev/xvdc1 /srv ext4 defaults 0 2\n";
    const LinuxGuest guest(guest_files(kMenu, table));
    REQUIRE(trouble(guest.diagnose(kLinuxFstab)));
    CHECK(could_not_look(guest.diagnose(kLinuxFstabMissing)));
    CHECK(guest.apply(kLinuxFstabMissing).empty());
    guest.apply(kLinuxFstab);
    CHECK(guest.files().at("/etc/fstab").find("/dev/xvdc1 /srv ext4 defaults 0 2\n") !=
          std::string::npos);
    check_cured(guest, kLinuxFstab);
    CHECK(could_not_look(guest.diagnose(kLinuxFstabMissing)));
}

TEST_CASE("fstab: names of a KVM host, removable drives and tags are not judged") {
    const LinuxGuest guest(guest_files(kMenu, "UUID=R-1 / ext4 x 0 1\n/dev/vda1 none swap sw 0 0\n"
                                              "/dev/hdc /cdrom iso9660 ro,noauto 0 0\n"
                                              "/dev/sdb1 /usb vfat noauto 0 0\n"));
    CHECK(healthy(guest.diagnose(kLinuxFstab)));
    CHECK(healthy(guest.diagnose(kLinuxFstabMissing)));
}

TEST_CASE("fstab: a UUID that is there twice is not written") {
    const LinuxGuest guest(
        guest_files(kMenu, kFstab),
        {{made_volume("1", Content::swap, "S-1"), made_volume("2", Content::ext, "R-1")},
         {made_volume("1", Content::ext, "R-1")}},
        "disk 1, partition 2");
    CHECK(could_not_look(guest.diagnose(kLinuxFstabMissing)));
    guest.apply(kLinuxFstab);
    CHECK(guest.files().at("/etc/fstab").find("/dev/xvda2\t/") != std::string::npos);
    CHECK(could_not_look(guest.diagnose(kLinuxRootDevice)));
}

TEST_CASE("root= and resume= are named by UUID in every entry") {
    const LinuxGuest guest(guest_files(kMenu, kFstab));
    const auto found = guest.diagnose(kLinuxRootDevice);
    REQUIRE(trouble(found));
    CHECK(trouble(found)->severity == Severity::critical);
    guest.apply(kLinuxRootDevice);
    CHECK(guest.files() ==
          guest_files("# kopt=root=/dev/xvda9 ro\ntitle Debian\n"
                      "kernel /vmlinuz root=UUID=R-1 ro resume=UUID=S-1\ninitrd /initrd.img\n",
                      kFstab));
    check_cured(guest, kLinuxRootDevice);
}

TEST_CASE("an entry without an initial RAM disk gets PARTUUID") {
    const LinuxGuest guest(guest_files("title x\nkernel /vmlinuz root=/dev/xvda2 ro\n", kFstab));
    guest.apply(kLinuxRootDevice);
    CHECK(guest.files().at("/boot/grub/menu.lst") ==
          "title x\nkernel /vmlinuz root=PARTUUID=part-R-1 ro\n");
    check_cured(guest, kLinuxRootDevice);
}

TEST_CASE("of several root devices only this guest's own is changed") {
    const std::string menu = "title a\nkernel /vmlinuz root=/dev/xvda2 ro\ninitrd /i\n"
                             "title b\nkernel /vmlinuz root=/dev/xvdb1 ro\ninitrd /i\n";
    const LinuxGuest guest(guest_files(menu, kFstab));
    guest.apply(kLinuxRootDevice);
    CHECK(guest.files().at("/boot/grub/menu.lst") ==
          "title a\nkernel /vmlinuz root=UUID=R-1 ro\ninitrd /i\n"
          "title b\nkernel /vmlinuz root=/dev/xvdb1 ro\ninitrd /i\n");
    const LinuxGuest unclear(guest_files(menu, "LABEL=root / ext4 x 0 1\n"));
    CHECK(could_not_look(unclear.diagnose(kLinuxRootDevice)));
}

TEST_CASE("the RAM disk's resume device is named by UUID too") {
    auto files = guest_files("title x\n", kFstab);
    files["/etc/initramfs-tools/conf.d/resume"] = "RESUME=/dev/xvda1\n";
    const LinuxGuest guest(files);
    guest.apply(kLinuxRootDevice);
    CHECK(guest.files().at("/etc/initramfs-tools/conf.d/resume") == "RESUME=UUID=S-1\n");
    check_cured(guest, kLinuxRootDevice);
}

TEST_CASE("root= by UUID, by label or on LVM is left alone") {
    for (const std::string root : {"UUID=x", "LABEL=/", "/dev/mapper/vg-root", "/dev/vda1"}) {
        const LinuxGuest guest(guest_files("kernel /vmlinuz root=" + root + " ro\n", kFstab));
        CHECK(healthy(guest.diagnose(kLinuxRootDevice)));
    }
}
