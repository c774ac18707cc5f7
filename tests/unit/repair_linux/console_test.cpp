// SPDX-License-Identifier: GPL-2.0-or-later
#include "repair/linux/linux.hpp"
#include "support/linux_guest.hpp"

using namespace lifeboat;
using repair::kLinuxKernelConsole;
using repair::Severity;
using test::healthy;
using test::LinuxGuest;
using test::trouble;

namespace {

const char* const kSystemd = "-> /lib/systemd/systemd";

// Debian 12, installed by xen-tools: GRUB 2 and systemd.
test::Files debian12() {
    return {{"/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian 12\"\n"},
            {"/sbin/init", kSystemd},
            {"/lib/systemd/systemd", "x"},
            {"/etc/fstab", "/dev/xvda2 / ext4 defaults 0 1\n/dev/xvda1 none swap sw 0 0\n"},
            {"/etc/default/grub", "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n"
                                  "GRUB_CMDLINE_LINUX=\"console=hvc0\"\n"},
            {"/boot/grub/grub.cfg",
             "menuentry 'Debian' {\n"
             "\tlinux\t/boot/vmlinuz-6.1.0-18-amd64 root=/dev/xvda2 ro console=hvc0 quiet\n"
             "\tinitrd\t/boot/initrd.img-6.1.0-18-amd64\n}\n"}};
}

void check_cured(const LinuxGuest& guest, const repair::Repair& repair) {
    const auto once = guest.files();
    CHECK(healthy(guest.diagnose(repair)));
    CHECK(guest.apply(repair).empty());
    CHECK(guest.files() == once);
}

} // namespace

TEST_CASE("Debian 12 with GRUB 2: hvc0 becomes the screen and the serial line") {
    const LinuxGuest guest(debian12());
    const auto found = guest.diagnose(kLinuxKernelConsole);
    REQUIRE(trouble(found));
    CHECK(trouble(found)->severity == Severity::critical);
    CHECK(
        trouble(found)->evidence ==
        std::vector<std::string>{
            "/boot/grub/grub.cfg, line 2: linux: the console is Xen's (hvc0 or xvc0)",
            "/etc/default/grub, line 3: GRUB_CMDLINE_LINUX: the console is Xen's (hvc0 or xvc0)"});
    const auto changes = guest.apply(kLinuxKernelConsole);
    REQUIRE(changes.size() == 2);
    auto expected = debian12();
    expected["/boot/grub/grub.cfg"] =
        "menuentry 'Debian' {\n"
        "\tlinux\t/boot/vmlinuz-6.1.0-18-amd64 root=/dev/xvda2 ro console=tty0 "
        "console=ttyS0,115200n8 quiet\n"
        "\tinitrd\t/boot/initrd.img-6.1.0-18-amd64\n}\n";
    expected["/etc/default/grub"] = "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n"
                                    "GRUB_CMDLINE_LINUX=\"console=tty0 console=ttyS0,115200n8\"\n";
    CHECK(guest.files() == expected);
    check_cured(guest, kLinuxKernelConsole);
}

TEST_CASE("a guest without any console= gets one, also for the next update-grub") {
    auto files = debian12();
    files["/boot/grub/grub.cfg"] = "linux /boot/vmlinuz root=/dev/xvda2 ro\n";
    files["/etc/default/grub"] = "GRUB_CMDLINE_LINUX=\"\"";
    const LinuxGuest guest(files);
    const auto found = guest.diagnose(kLinuxKernelConsole);
    REQUIRE(trouble(found));
    CHECK(trouble(found)->severity == Severity::warning);
    guest.apply(kLinuxKernelConsole);
    CHECK(guest.files().at("/boot/grub/grub.cfg") ==
          "linux /boot/vmlinuz root=/dev/xvda2 ro console=tty0 console=ttyS0,115200n8\n");
    CHECK(guest.files().at("/etc/default/grub") ==
          "GRUB_CMDLINE_LINUX=\"console=tty0 console=ttyS0,115200n8\"");
    check_cured(guest, kLinuxKernelConsole);
}

TEST_CASE("defaults put together from variables get a line of their own, in the last file") {
    auto files = debian12();
    files["/boot/grub/grub.cfg"] = "";
    files["/etc/default/grub"] = "GRUB_CMDLINE_LINUX=quiet\n";
    files["/etc/default/grub.d/50-x.cfg"] =
        "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX nomodeset\"\n";
    files["/etc/default/grub.d/README"] = "GRUB_CMDLINE_LINUX=console=hvc0\n";
    const LinuxGuest guest(files);
    guest.apply(kLinuxKernelConsole);
    auto expected = files;
    expected["/etc/default/grub.d/50-x.cfg"] +=
        "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX console=tty0 console=ttyS0,115200n8\"\n";
    CHECK(guest.files() == expected);
    check_cured(guest, kLinuxKernelConsole);
}

TEST_CASE("a serial console in grub.d is enough for the defaults") {
    auto files = debian12();
    files["/boot/grub/grub.cfg"] = "linux /vmlinuz root=LABEL=x ro console=tty1 console=ttyS0\n";
    files["/etc/default/grub"] = "GRUB_CMDLINE_LINUX=\"\"\n";
    files["/etc/default/grub.d/50-cloudimg-settings.cfg"] =
        "GRUB_CMDLINE_LINUX_DEFAULT=\"console=tty1 console=ttyS0\"\n";
    const LinuxGuest guest(files);
    CHECK(healthy(guest.diagnose(kLinuxKernelConsole)));
}

TEST_CASE("GRUB Legacy: entries and Debian's automagic defaults") {
    test::Files files{{"/etc/debian_version", "7.11\n"},
                      {"/etc/inittab", ""},
                      {"/sbin/init", "x"},
                      {"/boot/grub/menu.lst",
                       "default 0\n### BEGIN AUTOMAGIC KERNELS LIST\n# kopt=root=/dev/xvda2 ro\n"
                       "# defoptions=console=hvc0\n# indomU=detect\n## ## End Default Options ##\n"
                       "title Debian\nroot (hd0,0)\nkernel /boot/vmlinuz root=/dev/xvda2 ro\n"
                       "initrd /boot/initrd.img\n"}};
    const LinuxGuest guest(files);
    REQUIRE(trouble(guest.diagnose(kLinuxKernelConsole)));
    guest.apply(kLinuxKernelConsole);
    files["/boot/grub/menu.lst"] =
        "default 0\n### BEGIN AUTOMAGIC KERNELS LIST\n# kopt=root=/dev/xvda2 ro\n"
        "# defoptions=console=tty0 console=ttyS0,115200n8\n# indomU=false\n"
        "## ## End Default Options ##\ntitle Debian\nroot (hd0,0)\n"
        "kernel /boot/vmlinuz root=/dev/xvda2 ro console=tty0 console=ttyS0,115200n8\n"
        "initrd /boot/initrd.img\n";
    CHECK(guest.files() == files);
    check_cured(guest, kLinuxKernelConsole);
}

TEST_CASE("one file under two names is edited once") {
    const LinuxGuest guest(
        test::Files{{"/etc/redhat-release", "CentOS release 5.11 (Final)\n"},
                    {"/etc/inittab", ""},
                    {"/sbin/init", "x"},
                    {"/boot/grub/grub.conf", "title x\nkernel /vmlinuz ro ide0=noprobe\n"},
                    {"/boot/grub/menu.lst", "-> ./grub.conf"},
                    {"/etc/grub.conf", "-> ../boot/grub/grub.conf"}});
    const auto found = guest.diagnose(kLinuxKernelConsole);
    REQUIRE(trouble(found));
    CHECK(trouble(found)->severity == Severity::critical);
    CHECK(trouble(found)->evidence.size() == 1);
    CHECK(guest.apply(kLinuxKernelConsole).size() == 1);
    CHECK(guest.files().at("/boot/grub/grub.conf") ==
          "title x\nkernel /vmlinuz ro console=tty0 console=ttyS0,115200n8\n");
    CHECK(guest.files().at("/boot/grub/menu.lst") == "-> ./grub.conf");
    check_cured(guest, kLinuxKernelConsole);
}

TEST_CASE("RHEL 8: kernelopts in grubenv, entries, and kernel-install's command line") {
    std::string block = "# GRUB Environment Block\nkernelopts=root=/dev/xvda1 ro console=hvc0\n";
    block.append(1024 - block.size(), '#');
    const LinuxGuest guest(test::Files{
        {"/etc/os-release", "ID=rhel\nVERSION_ID=\"8.9\"\n"},
        {"/sbin/init", kSystemd},
        {"/boot/grub2/grubenv", block},
        {"/etc/kernel/cmdline", "root=/dev/xvda1 ro\n"},
        {"/boot/loader/entries/a.conf", "linux /vmlinuz\noptions $kernelopts $tuned_params\n"},
        {"/boot/loader/entries/b.conf", "linux /vmlinuz\noptions root=/dev/xvda1 ro\n"}});
    const auto found = guest.diagnose(kLinuxKernelConsole);
    REQUIRE(trouble(found));
    CHECK(trouble(found)->evidence.size() == 3);
    guest.apply(kLinuxKernelConsole);
    const auto files = guest.files();
    CHECK(files.at("/boot/grub2/grubenv").size() == 1024);
    CHECK(files.at("/boot/grub2/grubenv")
              .find("kernelopts=root=/dev/xvda1 ro console=tty0 console=ttyS0,115200n8\n#") !=
          std::string::npos);
    CHECK(files.at("/boot/loader/entries/a.conf") ==
          "linux /vmlinuz\noptions $kernelopts $tuned_params\n");
    CHECK(files.at("/boot/loader/entries/b.conf") ==
          "linux /vmlinuz\noptions root=/dev/xvda1 ro console=tty0 console=ttyS0,115200n8\n");
    CHECK(files.at("/etc/kernel/cmdline") ==
          "root=/dev/xvda1 ro console=tty0 console=ttyS0,115200n8\n");
    check_cured(guest, kLinuxKernelConsole);
}

TEST_CASE("a guest without a boot loader configuration is not judged") {
    const LinuxGuest guest(test::Files{{"/etc/debian_version", "12.0\n"}});
    CHECK(std::holds_alternative<repair::NotApplicable>(guest.diagnose(kLinuxKernelConsole)));
    CHECK(guest.apply(kLinuxKernelConsole).empty());
}

TEST_CASE("the repairs do not depend on the order in which they run") {
    const repair::Repair* all[] = {&kLinuxKernelConsole, &repair::kLinuxRootDevice,
                                   &repair::kLinuxFstab, &repair::kLinuxGetty};
    auto files = debian12();
    files["/etc/systemd/system/getty.target.wants/serial-getty@hvc0.service"] =
        "-> /lib/systemd/system/serial-getty@.service";
    files["/etc/securetty"] = "hvc0\n";
    const LinuxGuest forward(files);
    const LinuxGuest backward(files);
    for (const auto* repair : all)
        forward.apply(*repair);
    for (auto at = std::rbegin(all); at != std::rend(all); ++at)
        backward.apply(**at);
    CHECK(forward.files() == backward.files());
    CHECK(forward.files().at("/boot/grub/grub.cfg").find("root=UUID=R-1 ro console=tty0") !=
          std::string::npos);
    for (const auto* repair : all)
        check_cured(forward, *repair);
}
