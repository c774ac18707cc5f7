// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/fstab.hpp"
#include "text/inittab.hpp"
#include "text/upstart.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace lifeboat::text;

TEST_CASE("fstab: fields, escapes, and a change of one device only") {
    const std::string file = "# /dev/xvda9 / ext3\n/dev/xvda1\t/\text3  defaults,noatime 1 1\r\n"
                             "LABEL=\"my disk\" /a\\040b auto nofail\n/dev/xvda2 none swap sw 0 0\n"
                             "proc /proc";
    const auto entries = fstab_entries(file);
    REQUIRE(entries.size() == 3);
    CHECK(entries[0].line == 2);
    CHECK(entries[0].spec == "/dev/xvda1");
    CHECK(entries[0].pass == 1);
    CHECK(entries[0].has_option("noatime"));
    CHECK(!entries[0].has_option("no"));
    CHECK(entries[2].is_swap());
    const auto changed = set_fstab_spec(file, 2, "UUID=1");
    CHECK(changed == "# /dev/xvda9 / ext3\nUUID=1\t/\text3  defaults,noatime 1 1\r\n"
                     "LABEL=\"my disk\" /a\\040b auto nofail\n/dev/xvda2 none swap sw 0 0\n"
                     "proc /proc");
    CHECK(set_fstab_spec(file, 99, "x") == file);
}

TEST_CASE("fstab: escapes and quotes are undone when read") {
    const auto entries = fstab_entries("LABEL=\"root\" /a\\040b ext4\n");
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].spec == "LABEL=root");
    CHECK(entries[0].mount_point == "/a b");
}

TEST_CASE("inittab: a Debian guest whose first login was moved to hvc0") {
    const std::string before = "id:2:initdefault:\n1:2345:respawn:/sbin/getty 38400 hvc0\n"
                               "#2:23:respawn:/sbin/getty 38400 tty2\n#\t0:23:respawn:/sbin/getty "
                               "-L ttyS0 9600 vt100\n";
    const std::string after = "id:2:initdefault:\n1:2345:respawn:/sbin/getty 38400 tty1\n"
                              "S0:2345:respawn:/sbin/getty -L ttyS0 115200 vt102\n"
                              "#2:23:respawn:/sbin/getty 38400 tty2\n#\t0:23:respawn:/sbin/getty "
                              "-L ttyS0 9600 vt100\n";
    CHECK(inittab_logins(before).xen == std::vector<std::string>{"hvc0"});
    CHECK(!inittab_logins(before).any());
    CHECK(with_serial_login(before, {}) == after);
    CHECK(with_serial_login(after, {}) == after);
    CHECK((inittab_logins(after).serial && inittab_logins(after).screen));
}

TEST_CASE("inittab: Red Hat's xvc0 line keeps its id and terminal type") {
    const SerialLogin redhat{"S0", "2345", "/sbin/agetty", "vt100", false, false};
    const std::string tty = "1:2345:respawn:/sbin/mingetty tty1\n";
    CHECK(with_serial_login(tty + "co:2345:respawn:/sbin/agetty xvc0 9600 vt100-nav\n", redhat) ==
          tty + "co:2345:respawn:/sbin/agetty -L ttyS0 115200 vt100-nav\n");
    CHECK(with_serial_login(tty + "8:2345:respawn:/sbin/mingetty xvc0\n", redhat) ==
          tty + "8:2345:respawn:/sbin/agetty -L ttyS0 115200 vt100\n");
}

TEST_CASE("inittab: commented screen logins come back when there is no other") {
    const SerialLogin redhat{"S0", "2345", "/sbin/agetty", "vt100", false, false};
    CHECK(with_serial_login("#1:2345:respawn:/sbin/mingetty tty1\n"
                            "#2:2345:respawn:/sbin/mingetty tty2\n"
                            "co:2345:respawn:/sbin/agetty hvc0 9600\n",
                            redhat) == "1:2345:respawn:/sbin/mingetty tty1\n"
                                       "#2:2345:respawn:/sbin/mingetty tty2\n"
                                       "co:2345:respawn:/sbin/agetty -L ttyS0 115200 vt100\n");
}

TEST_CASE("inittab: the console login is serial already, and a second Xen login is switched off") {
    const std::string console = "1:2345:respawn:/sbin/mingetty tty1\n"
                                "co:2345:respawn:/sbin/mingetty console\n";
    CHECK(with_serial_login(console, {}) == console);
    CHECK(with_serial_login(console + "h0:2345:respawn:/sbin/agetty hvc0 9600\n", {}) ==
          console + "#h0:2345:respawn:/sbin/agetty hvc0 9600\n");
}

TEST_CASE("inittab: ids stay unique") {
    const auto after = with_serial_login("S0:2345:respawn:/sbin/getty 9600 ttyS1\n"
                                         "1:2345:respawn:/sbin/getty 38400 tty1\n",
                                         {});
    CHECK(after.find("\ns0:2345:respawn:/sbin/getty -L ttyS0") != std::string::npos);
}

TEST_CASE("inittab: busybox names the terminal by the id") {
    const SerialLogin alpine{"S0", "2345", "/sbin/getty", "vt100", true, true};
    CHECK(with_serial_login("tty1::respawn:/sbin/getty 38400 tty1\n"
                            "#ttyS0::respawn:/sbin/getty -L ttyS0 9600 vt100\n",
                            alpine) == "tty1::respawn:/sbin/getty 38400 tty1\n"
                                       "ttyS0::respawn:/sbin/getty -L ttyS0 115200 vt100\n");
    CHECK(with_serial_login("tty1::respawn:/sbin/getty 38400 tty1\n"
                            "hvc0::respawn:/sbin/getty -L 0 hvc0\n",
                            alpine) == "tty1::respawn:/sbin/getty 38400 tty1\n"
                                       "ttyS0::respawn:/sbin/getty -L ttyS0 115200 vt100\n");
}

TEST_CASE("upstart: a job is copied to another terminal") {
    const std::string job = "# hvc0 - getty\nstart on stopped rc RUNLEVEL=[2345] and (\n"
                            "            not-container or\n            container CONTAINER=lxc)\n"
                            "respawn\nexec /sbin/getty -8 38400 hvc0\n";
    CHECK(upstart_job_for(job, "hvc0", "ttyS0", "/sbin/getty -L ttyS0 115200 vt102") ==
          "# ttyS0 - getty\nstart on stopped rc RUNLEVEL=[2345] and (\n"
          "            not-container or\n            container CONTAINER=lxc)\n"
          "respawn\nexec /sbin/getty -L ttyS0 115200 vt102\n");
    CHECK(upstart_job_for("respawn", "hvc0", "ttyS0", "x") == "respawn\nexec x\n");
    CHECK(upstart_is_manual("# why\nmanual\n"));
    CHECK(!upstart_is_manual("# manual\n"));
}

TEST_CASE("securetty: one exact line is added") {
    CHECK(with_securetty("tty1\nttyS01", "ttyS0") == "tty1\nttyS01\nttyS0\n");
    CHECK(with_securetty("ttyS0\n", "ttyS0") == "ttyS0\n");
    CHECK(with_securetty("", "ttyS0") == "ttyS0\n");
}
