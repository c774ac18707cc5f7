// SPDX-License-Identifier: GPL-2.0-or-later
// A Debian-like guest on ext4, as xen-tools lays it out, and files put into it.
#include "image/program.hpp"
#include "support/linux_disk.hpp"

using namespace lifeboat;
using namespace lifeboat::test;

TEST_CASE("a Debian guest from Xen is diagnosed, repaired, checked by e2fsck, and undone") {
    const TempDir dir;
    const auto disk = make_linux(dir);
    const auto before = hash_of(disk);
    const auto diagnosis = lifeboat_ok({"diagnose", disk}, 1);
    CHECK(diagnosis.find("linux.kernel-console") != std::string::npos);
    CHECK(hash_of(disk) == before);

    const auto undo = dir.file("repair.undo");
    const auto report = lifeboat_ok({"repair", disk, "--all", "--undo", undo});
    CHECK(report.find("lifeboat undo " + undo) != std::string::npos);
    check_part(dir, disk);
    const auto grub = by_debugfs(dir, disk, "/boot/grub/grub.cfg");
    CHECK(grub.find("console=ttyS0") != std::string::npos);
    CHECK(grub.find("hvc0") == std::string::npos);

    const auto repaired = hash_of(disk);
    lifeboat_ok({"diagnose", disk}, 0);
    lifeboat_ok({"repair", disk, "--all"});
    CHECK(hash_of(disk) == repaired);
    lifeboat_ok({"undo", undo, disk});
    CHECK(hash_of(disk) == before);
}

TEST_CASE("repairing only one finding leaves the others, and says so") {
    const TempDir dir;
    const auto disk = make_linux(dir);
    lifeboat_ok({"repair", disk, "--only", "linux.kernel-console", "--undo", dir.file("u")}, 1);
    const auto after = lifeboat_ok({"diagnose", disk}, 1);
    CHECK(after.find("critical: linux.kernel-console") == std::string::npos);
    lifeboat_ok({"repair", disk, "--only", "linux.no-such-thing"}, 2);
    lifeboat_ok({"repair", disk, "--all", "--guest", "linux7"}, 2);
}

TEST_CASE("a guest on a disk without a partition table is repaired as volume 0") {
    const TempDir dir;
    put_tree(dir.file("root"), debian());
    const auto disk = dir.file("disk.img");
    make_ext(disk, 48 * kMiB, {"-t", "ext3"}, dir.file("root"));
    CHECK(lifeboat_ok({"cat", disk + ":0:/etc/debian_version"}) == "12.5\n");
    lifeboat_ok({"repair", disk, "--all", "--undo", dir.file("u")});
    check_ext(disk);
}

TEST_CASE("files are listed, printed, replaced, created and removed, and all of it undone") {
    const TempDir dir;
    const auto disk = make_linux(dir);
    const auto before = hash_of(disk);
    CHECK(lifeboat_ok({"ls", disk + ":1:/etc"}).find("os-release") != std::string::npos);
    CHECK(lifeboat_ok({"ls", disk + ":1"}).find("boot") != std::string::npos);
    CHECK(lifeboat_ok({"cat", disk + ":1:/etc/debian_version"}) == "12.5\n");
    const auto steps = {dir.file("1"), dir.file("2"), dir.file("3")};
    auto step = steps.begin();
    lifeboat_ok({"put", disk + ":1:/etc/debian_version", "--undo", *step++}, 0, "13.0\n");
    CHECK(by_debugfs(dir, disk, "/etc/debian_version").find("13.0") != std::string::npos);
    lifeboat_ok({"put", disk + ":1:/etc/new:name", "--undo", *step++}, 0, "new\n");
    CHECK(lifeboat_ok({"cat", disk + ":1:/etc/new:name"}) == "new\n");
    lifeboat_ok({"rm", disk + ":1:/etc/fstab", "--undo", *step++});
    lifeboat_ok({"cat", disk + ":1:/etc/fstab"}, 3);
    check_part(dir, disk);
    while (step != steps.begin())
        lifeboat_ok({"undo", *--step, disk});
    CHECK(hash_of(disk) == before);
}

TEST_CASE("putting what is there already, and a dry run, write nothing") {
    const TempDir dir;
    const auto disk = make_linux(dir);
    const auto before = hash_of(disk);
    const auto same =
        lifeboat_ok({"put", disk + ":1:/etc/debian_version", "--undo", dir.file("u")}, 0, "12.5\n");
    CHECK(same == "Nothing to change.\n");
    const auto dry = lifeboat_ok(
        {"put", disk + ":1:/etc/debian_version", "--dry-run", "--undo", dir.file("u")}, 0, "13\n");
    CHECK(dry.find("-12.5\n    +13\n") != std::string::npos);
    lifeboat_ok({"rm", disk + ":1:/etc", "--undo", dir.file("u")}, 3); // not empty
    CHECK(hash_of(disk) == before);
    CHECK_FALSE(files::exists(dir.file("u")));
}

TEST_CASE("two disks of one session are told apart") {
    const TempDir dir;
    const auto one = make_linux(dir, "one.img");
    const auto two = make_linux(dir, "two.img");
    const auto before_one = hash_of(one);
    const auto before_two = hash_of(two);
    const auto diagnosis = lifeboat_ok({"diagnose", one, two}, 1);
    CHECK(diagnosis.find("disk 2, partition 1") != std::string::npos);
    lifeboat_ok({"repair", one, two, "--all", "--guest", "linux2", "--undo", dir.file("u")}, 1);
    CHECK(hash_of(one) == before_one);
    CHECK(hash_of(two) != before_two);
    lifeboat_ok({"undo", dir.file("u"), one, two});
    CHECK(hash_of(two) == before_two);
    lifeboat_ok({"repair", one, two, "--all", "--undo", dir.file("both")});
    lifeboat_ok({"diagnose", one, two}, 0);
    lifeboat_ok({"undo", dir.file("both"), one, two});
    CHECK(hash_of(one) == before_one);
    CHECK(hash_of(two) == before_two);
    lifeboat_ok({"diagnose", one, one}, 2);
}

TEST_CASE("a disk that has changed since the repair is not undone") {
    const TempDir dir;
    const auto disk = make_linux(dir);
    lifeboat_ok({"repair", disk, "--all", "--undo", dir.file("u")});
    lifeboat_ok({"put", disk + ":1:/etc/default/grub", "--undo", dir.file("u2")}, 0, "other\n");
    const auto before = hash_of(disk);
    lifeboat_ok({"undo", dir.file("u"), disk}, 3);
    CHECK(hash_of(disk) == before);
}

TEST_CASE("an undo file that exists already is never overwritten") {
    const TempDir dir;
    const auto disk = make_linux(dir);
    const auto before = hash_of(disk);
    write_file(dir.file("u"), "precious");
    lifeboat_ok({"repair", disk, "--all", "--undo", dir.file("u")}, 3);
    CHECK(hash_of(disk) == before);
    CHECK(to_text(read_file(dir.file("u"))) == "precious");
}
