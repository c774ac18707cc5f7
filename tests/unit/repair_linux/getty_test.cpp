// SPDX-License-Identifier: GPL-2.0-or-later
#include "repair/linux/linux.hpp"
#include "support/linux_guest.hpp"

using namespace lifeboat;
using repair::kLinuxGetty;
using repair::Severity;
using test::healthy;
using test::LinuxGuest;
using test::trouble;

namespace {

const std::string kWants = "/etc/systemd/system/getty.target.wants/";
const std::string kUnit = "-> /lib/systemd/system/serial-getty@.service";

test::Files systemd() {
    return {{"/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"},
            {"/sbin/init", "-> /lib/systemd/systemd"},
            {"/lib/systemd/systemd", "x"},
            {kWants + "getty@tty1.service", "-> /lib/systemd/system/getty@.service"}};
}

test::Files ubuntu(const std::string& version) {
    return {{"/etc/os-release", "ID=ubuntu\nVERSION_ID=\"" + version + "\"\n"},
            {"/sbin/init", "x"},
            {"/etc/init/rc-sysinit.conf", ""},
            {"/etc/init/hvc0.conf", "start on stopped rc RUNLEVEL=[2345]\nrespawn\n"
                                    "exec /sbin/getty -8 38400 hvc0\n"}};
}

void check_cured(const LinuxGuest& guest) {
    const auto once = guest.files();
    CHECK(healthy(guest.diagnose(kLinuxGetty)));
    CHECK(guest.apply(kLinuxGetty).empty());
    CHECK(guest.files() == once);
}

} // namespace

TEST_CASE("systemd starts its serial login by itself") {
    CHECK(healthy(LinuxGuest(systemd()).diagnose(kLinuxGetty)));
}

TEST_CASE("systemd: a login enabled on hvc0 by hand is moved") {
    auto files = systemd();
    files[kWants + "serial-getty@hvc0.service"] = kUnit;
    const LinuxGuest guest(files);
    const auto found = guest.diagnose(kLinuxGetty);
    REQUIRE(trouble(found));
    CHECK(trouble(found)->severity == Severity::warning);
    const auto changes = guest.apply(kLinuxGetty);
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].kind == guest::FileChangeKind::renamed);
    auto expected = systemd();
    expected[kWants + "serial-getty@ttyS0.service"] = kUnit;
    CHECK(guest.files() == expected);
    check_cured(guest);
}

TEST_CASE("systemd: beside a login on ttyS0 the one on hvc0 goes") {
    auto files = systemd();
    files[kWants + "serial-getty@ttyS0.service"] = kUnit;
    const auto expected = files;
    files[kWants + "serial-getty@hvc0.service"] = kUnit;
    const LinuxGuest guest(files);
    guest.apply(kLinuxGetty);
    CHECK(guest.files() == expected);
}

TEST_CASE("systemd: a masked serial login is left alone") {
    auto files = systemd();
    files[kWants + "serial-getty@hvc0.service"] = kUnit;
    files["/etc/systemd/system/serial-getty@ttyS0.service"] = "-> /dev/null";
    const LinuxGuest guest(files);
    CHECK(std::holds_alternative<repair::NotApplicable>(guest.diagnose(kLinuxGetty)));
    CHECK(guest.apply(kLinuxGetty).empty());
}

TEST_CASE("sysvinit: the only login on hvc0 is critical; screen and serial line get one") {
    const LinuxGuest guest(
        test::Files{{"/etc/debian_version", "7.11\n"},
                    {"/sbin/init", "x"},
                    {"/etc/securetty", "console\ntty1\nhvc0"},
                    {"/etc/inittab", "id:2:initdefault:\n"
                                     "1:2345:respawn:/sbin/getty 38400 hvc0\n"}});
    const auto found = guest.diagnose(kLinuxGetty);
    REQUIRE(trouble(found));
    CHECK(trouble(found)->severity == Severity::critical);
    guest.apply(kLinuxGetty);
    CHECK(guest.files().at("/etc/inittab") ==
          "id:2:initdefault:\n1:2345:respawn:/sbin/getty 38400 tty1\n"
          "S0:2345:respawn:/sbin/getty -L ttyS0 115200 vt102\n");
    CHECK(guest.files().at("/etc/securetty") == "console\ntty1\nhvc0\nttyS0\n");
    check_cured(guest);
}

TEST_CASE("sysvinit: a missing serial login beside the screen's is a warning") {
    const LinuxGuest guest(test::Files{{"/etc/redhat-release", "CentOS release 5.11 (Final)\n"},
                                       {"/sbin/init", "x"},
                                       {"/etc/inittab", "1:2345:respawn:/sbin/mingetty tty1\n"}});
    const auto found = guest.diagnose(kLinuxGetty);
    REQUIRE(trouble(found));
    CHECK(trouble(found)->severity == Severity::warning);
    guest.apply(kLinuxGetty);
    CHECK(guest.files().at("/etc/inittab") ==
          "1:2345:respawn:/sbin/mingetty tty1\n"
          "S0:2345:respawn:/sbin/agetty -L ttyS0 115200 vt100\n");
    CHECK(guest.files().count("/etc/securetty") == 0);
    check_cured(guest);
}

TEST_CASE("SUSE, Gentoo and Alpine use the line they ship") {
    const LinuxGuest suse(
        test::Files{{"/etc/SuSE-release", "SUSE Linux Enterprise Server 11 (x86_64)\n"},
                    {"/sbin/init", "x"},
                    {"/etc/inittab", "1:2345:respawn:/sbin/mingetty --noclear tty1\n"
                                     "#S0:12345:respawn:/sbin/agetty -L 9600 ttyS0 vt102\n"
                                     "#cons:12345:respawn:/sbin/smart_agetty -L 38400 "
                                     "console\n"}});
    suse.apply(kLinuxGetty);
    CHECK(suse.files()
              .at("/etc/inittab")
              .find("\nS0:12345:respawn:/sbin/agetty -L ttyS0 115200 "
                    "vt102\n#cons") != std::string::npos);
    check_cured(suse);
    const LinuxGuest alpine(test::Files{{"/etc/alpine-release", "3.18.0\n"},
                                        {"/sbin/init", "-> /bin/busybox"},
                                        {"/bin/busybox", "x"},
                                        {"/etc/inittab", "hvc0::respawn:/sbin/getty -L 0 hvc0\n"}});
    alpine.apply(kLinuxGetty);
    CHECK(alpine.files().at("/etc/inittab") ==
          "ttyS0::respawn:/sbin/getty -L ttyS0 115200 vt100\n");
    check_cured(alpine);
}

TEST_CASE("upstart: hvc0's job is copied to ttyS0 and tty1 and switched off") {
    const LinuxGuest guest(ubuntu("14.04"));
    const auto found = guest.diagnose(kLinuxGetty);
    REQUIRE(trouble(found));
    CHECK(trouble(found)->severity == Severity::critical);
    guest.apply(kLinuxGetty);
    auto expected = ubuntu("14.04");
    expected["/etc/init/hvc0.override"] = "manual\n";
    expected["/etc/init/ttyS0.conf"] = "start on stopped rc RUNLEVEL=[2345]\nrespawn\n"
                                       "exec /sbin/getty -L ttyS0 115200 vt102\n";
    expected["/etc/init/tty1.conf"] = "start on stopped rc RUNLEVEL=[2345]\nrespawn\n"
                                      "exec /sbin/getty -8 38400 tty1\n";
    CHECK(guest.files() == expected);
    check_cured(guest);
}

TEST_CASE("upstart before overrides: the job is renamed") {
    const LinuxGuest guest(ubuntu("10.04"));
    guest.apply(kLinuxGetty);
    CHECK(guest.files().count("/etc/init/hvc0.conf") == 0);
    CHECK(guest.files().count("/etc/init/hvc0.disabled") == 1);
    check_cured(guest);
}

TEST_CASE("upstart of RHEL 6 needs nothing but the kernel's console") {
    const LinuxGuest guest(
        {{"/etc/redhat-release", "CentOS release 6.10 (Final)\n"},
         {"/sbin/init", "x"},
         {"/etc/inittab", "id:3:initdefault:\n"},
         {"/etc/init/rcS.conf", ""},
         {"/etc/init/serial.conf", "exec /sbin/agetty /dev/$DEV $SPEED vt100\n"}});
    CHECK(healthy(guest.diagnose(kLinuxGetty)));
}
