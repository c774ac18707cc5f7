// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/linux_devices.hpp"
#include "support/linux_guest.hpp"

using namespace lifeboat;
using guest::Architecture;
using guest::DeviceResolver;
using guest::Init;
using test::made_volume;
using volume::Content;

namespace {

std::string elf(char machine) {
    std::string head(64, '\0');
    head.replace(0, 4,
                 "\x7f"
                 "ELF");
    head[18] = machine;
    return head;
}

guest::Machine machine_with(std::vector<std::vector<volume::Volume>> disks) {
    std::vector<guest::Disk> list;
    for (auto& volumes : disks) {
        guest::Disk disk;
        disk.layout.volumes = std::move(volumes);
        list.push_back(std::move(disk));
    }
    return {std::move(list), fs::Access::read};
}

std::string resolved(const DeviceResolver& resolver, const std::string& fstab, std::size_t line) {
    for (const auto& entry : text::fstab_entries(fstab))
        if (entry.line == line)
            if (const auto found = resolver.resolve(entry); found.volume)
                return found.volume->name;
    return "?";
}

} // namespace

TEST_CASE("Debian 12 with systemd is recognised") {
    const test::LinuxGuest guest(
        {{"/usr/lib/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
                                 "VERSION_ID=\"12\"\nID=debian\n"},
         {"/etc/os-release", "-> ../usr/lib/os-release"},
         {"/sbin", "-> usr/sbin"},
         {"/usr/sbin/init", "-> /lib/systemd/systemd"},
         {"/lib", "-> usr/lib"},
         {"/usr/lib/systemd/systemd", elf(62)}});
    CHECK(guest.guest()->title() == "Debian GNU/Linux 12 (bookworm)");
    CHECK(guest.guest()->version() == "12");
    CHECK(guest.guest()->architecture() == Architecture::x86_64);
    CHECK(guest.guest()->linux_facts()->init == Init::systemd);
    CHECK(guest.guest()->linux_facts()->distribution == "debian");
    CHECK(guest.guest()->volume() == "disk 1, partition 2");
}

TEST_CASE("the years before os-release are recognised by their own files") {
    struct Case {
        test::Files files;
        const char* distribution;
        const char* version;
        Init init;
    };
    const Case cases[] = {
        {{{"/etc/redhat-release", "CentOS release 5.11 (Final)\n"},
          {"/sbin/init", elf(3)},
          {"/etc/inittab", "id:3:initdefault:\n"}},
         "centos",
         "5.11",
         Init::sysvinit},
        {{{"/etc/redhat-release", "Red Hat Enterprise Linux Server release 6.5 (Santiago)\n"},
          {"/sbin/init", elf(62)},
          {"/etc/inittab", "id:3:initdefault:\n"},
          {"/etc/init/rcS.conf", ""}},
         "rhel",
         "6.5",
         Init::upstart},
        {{{"/etc/SuSE-release", "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\n"},
          {"/sbin/init", elf(62)},
          {"/etc/inittab", ""}},
         "sles",
         "11",
         Init::sysvinit},
        {{{"/etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=8.04\n"},
          {"/etc/debian_version", "lenny/sid\n"},
          {"/sbin/init", elf(62)},
          {"/etc/event.d/rc-default", ""}},
         "ubuntu",
         "8.04",
         Init::upstart},
        {{{"/etc/alpine-release", "3.1.0\n"},
          {"/bin/busybox", elf(62)},
          {"/sbin/init", "-> /bin/busybox"}},
         "alpine",
         "3.1.0",
         Init::busybox},
    };
    for (const auto& c : cases) {
        INFO(c.distribution);
        const test::LinuxGuest guest(c.files);
        CHECK(guest.guest()->linux_facts()->distribution == c.distribution);
        CHECK(guest.guest()->version() == c.version);
        CHECK(guest.guest()->linux_facts()->init == c.init);
        CHECK(guest.guest()->architecture() != Architecture::unknown);
    }
}

TEST_CASE("a volume without a system is no guest") {
    auto machine = machine_with({});
    fs::Tree tree;
    tree.mount("/", "data", test::memory_files({{"/etc/motd", "x"}, {"/home/", ""}}));
    CHECK(!guest::linux_from_tree(tree, machine));
}

TEST_CASE("device names") {
    CHECK(guest::parse_device_name("/dev/xvda2")->partition == 2);
    CHECK(guest::parse_device_name("/dev/xvds")->letter == 18);
    CHECK(guest::parse_device_name("/dev/sdab3")->letter == 27);
    CHECK(!guest::parse_device_name("/dev/xvda")->partition);
    for (const auto* none : {"/dev/md0", "/dev/sd", "/dev/sda1x", "UUID=1", "/dev/mapper/a-b",
                             "/dev/sr0", "xvda1", "/dev/xvda99999999999999999999"})
        CHECK(!guest::parse_device_name(none));
}

TEST_CASE("swap and root as volumes of their own, in one disk") {
    const auto machine =
        machine_with({{made_volume("1", Content::swap, "S"), made_volume("2", Content::ext, "R")}});
    const std::string fstab = "/dev/xvda2 / ext4 defaults 0 1\n/dev/xvda1 none swap sw 0 0\n";
    const DeviceResolver resolver(machine, "disk 1, partition 2", text::fstab_entries(fstab));
    CHECK(resolved(resolver, fstab, 1) == "disk 1, partition 2");
    CHECK(resolved(resolver, fstab, 2) == "disk 1, partition 1");
    CHECK(resolver.unique_spec(*resolver.root().volume) == "UUID=R");
}

TEST_CASE("whole-disk volumes, letters with a gap between") {
    const auto machine = machine_with(
        {{made_volume("0", Content::ext, "R")}, {made_volume("0", Content::swap, "S")}});
    const std::string fstab = "/dev/xvda / ext3 defaults 0 1\n/dev/xvds swap swap defaults 0 0\n";
    const DeviceResolver resolver(machine, "disk 1", text::fstab_entries(fstab));
    CHECK(resolved(resolver, fstab, 2) == "disk 2");
}

TEST_CASE("two volumes that fit equally well are not told apart") {
    const auto machine = machine_with({{made_volume("1", Content::ext, "R")},
                                       {made_volume("1", Content::ext, "A")},
                                       {made_volume("1", Content::ext, "B")}});
    const std::string fstab = "/dev/xvda1 / ext3 defaults 0 1\n/dev/xvdx7 /srv ext3 defaults 0 2\n";
    const DeviceResolver resolver(machine, "disk 1, partition 1", text::fstab_entries(fstab));
    CHECK(resolved(resolver, fstab, 1) == "disk 1, partition 1");
    CHECK(resolved(resolver, fstab, 2) == "?");
}

TEST_CASE("a volume that another line names, or of another kind, is not taken") {
    const auto machine =
        machine_with({{made_volume("1", Content::ext, "R"), made_volume("2", Content::ext, "H"),
                       made_volume("3", Content::xfs, "X", "xfs")}});
    const std::string fstab = "/dev/xvda1 / ext3 defaults 0 1\nUUID=H /home ext3 defaults 0 2\n"
                              "/dev/xvda2 /srv ext3 defaults 0 2\n/dev/xvda2 /data xfs ro 0 0\n";
    const DeviceResolver resolver(machine, "disk 1, partition 1", text::fstab_entries(fstab));
    CHECK(resolved(resolver, fstab, 2) == "disk 1, partition 2");
    CHECK(resolved(resolver, fstab, 3) == "?");
}

TEST_CASE("a UUID that two volumes share is not used") {
    const auto machine = machine_with(
        {{made_volume("1", Content::ext, "R")}, {made_volume("1", Content::ext, "R")}});
    const DeviceResolver resolver(machine, "disk 1, partition 1", {});
    REQUIRE(resolver.root().volume);
    CHECK(!resolver.unique_spec(*resolver.root().volume));
}

TEST_CASE("tags and logical volumes are found by name") {
    const auto machine = machine_with(
        {{made_volume("1", Content::ext, "R"), made_volume("vg-0/my-root", Content::ext, "L")}});
    const std::string fstab = "/dev/vg-0/my-root /a ext4 x 0 0\n/dev/mapper/vg--0-my--root /b ext4 "
                              "x 0 0\nPARTUUID=part-R /c ext4 x 0 0\nLABEL=no /d ext4 x 0 0\n";
    const DeviceResolver resolver(machine, "disk 1", text::fstab_entries(fstab));
    CHECK(resolved(resolver, fstab, 1) == "disk 1, volume vg-0/my-root");
    CHECK(resolved(resolver, fstab, 2) == "disk 1, volume vg-0/my-root");
    CHECK(resolved(resolver, fstab, 3) == "disk 1, partition 1");
    CHECK(resolved(resolver, fstab, 4) == "?");
}

TEST_CASE("two lines never get the same volume") {
    const auto machine =
        machine_with({{made_volume("1", Content::ext, "A"), made_volume("2", Content::ext, "R")}});
    const std::string fstab = "/dev/xvda2 / ext4 x 0 1\n/dev/xvda1 /srv ext4 x 0 2\n"
                              "/dev/xvdb1 /data ext4 x 0 2\n";
    const DeviceResolver resolver(machine, "disk 1, partition 2", text::fstab_entries(fstab));
    CHECK(resolved(resolver, fstab, 2) == "disk 1, partition 1");
    CHECK(resolved(resolver, fstab, 3) == "?");
}

TEST_CASE("a tie stays a tie when a worse volume follows") {
    const auto machine = machine_with({{made_volume("2", Content::ext, "R")},
                                       {made_volume("1", Content::ext, "A")},
                                       {made_volume("1", Content::ext, "B")},
                                       {made_volume("3", Content::ext, "C")}});
    const std::string fstab = "/dev/xvda2 / ext4 x 0 1\n/dev/xvdz1 /srv ext4 x 0 2\n"
                              "/dev/sdq9 swap swap x 0 0\n/dev/sdr9 swap swap x 0 0\n"
                              "/dev/sds9 swap swap x 0 0\n";
    const DeviceResolver resolver(machine, "disk 1, partition 2", text::fstab_entries(fstab));
    CHECK(resolved(resolver, fstab, 2) == "?");
}
