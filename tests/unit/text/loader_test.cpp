// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/grubenv.hpp"
#include "text/shell_vars.hpp"
#include "text/sites.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace lifeboat;
using namespace lifeboat::text;

namespace {

using Reader = std::vector<Site> (*)(std::string_view);

std::string serial(std::string_view file, Reader read) {
    return edit_sites(file, read(file), [](Arguments& arguments, const Site& site) {
        use_serial_console(arguments, site.role != SiteRole::part);
    });
}

std::vector<std::string> texts(std::string_view file, Reader read) {
    std::vector<std::string> result;
    for (const auto& site : read(file))
        result.emplace_back(file.substr(site.offset, site.length));
    return result;
}

const char* const kBoth = " console=tty0 console=ttyS0,115200n8";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

const std::string kDebianCfg = R"(# made by grub-mkconfig
if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
menuentry 'Debian GNU/Linux' --class debian {
	insmod ext2
	set root='hd0,msdos1'
	echo	'Loading Linux 6.1 ...'
	linux	/boot/vmlinuz-6.1.0-18-amd64 root=/dev/xvda1 ro  console=hvc0
	initrd	/boot/initrd.img-6.1.0-18-amd64
}
submenu 'More' {
	menuentry 'recovery' { linux /boot/vmlinuz-6.1.0-18-amd64 root=/dev/xvda1 ro single; }
	menuentry 'Xen' {
		multiboot	/boot/xen-4.17-amd64.gz placeholder
		module	/boot/vmlinuz-6.1.0-18-amd64 placeholder root=/dev/xvda1 ro console=hvc0
	}
	menuentry 'memtest' {
		linux16 /boot/memtest86+.bin
	}
}
# linux /boot/vmlinuz console=hvc0
)";

} // namespace

TEST_CASE("grub.cfg: command lines are found, the hypervisor and comments are not") {
    const auto sites = grub2_sites(kDebianCfg);
    REQUIRE(sites.size() == 3);
    CHECK(texts(kDebianCfg, grub2_sites) ==
          std::vector<std::string>{" root=/dev/xvda1 ro  console=hvc0",
                                   " root=/dev/xvda1 ro single", ""});
    CHECK(sites[0].line == 10);
    CHECK(sites[0].has_initrd);
    CHECK(sites[1].line == 14);
    CHECK(!sites[1].has_initrd);
    CHECK(sites[2].role == SiteRole::part);
}

TEST_CASE("grub.cfg: only the command lines of Linux entries change") {
    auto expected = replaced(kDebianCfg, "ro  console=hvc0", std::string("ro ") + kBoth);
    expected = replaced(expected, "ro single;", std::string("ro single") + kBoth + ";");
    CHECK(serial(kDebianCfg, grub2_sites) == expected);
    CHECK(serial(expected, grub2_sites) == expected);
}

TEST_CASE("grub.cfg: RHEL 8's kernelopts is completed, entries that use it are not") {
    const std::string file = "set kernelopts=\"root=/dev/xvda1 ro \"\n"
                             "linux16 /vmlinuz $kernelopts $tuned_params\n"
                             "linuxefi /vmlinuz-2 root=/dev/xvda1 ${kernelopts}\n";
    CHECK(serial(file, grub2_sites) == "set kernelopts=\"root=/dev/xvda1 ro" + std::string(kBoth) +
                                           " \"\n" +
                                           "linux16 /vmlinuz $kernelopts $tuned_params\n"
                                           "linuxefi /vmlinuz-2 root=/dev/xvda1 ${kernelopts}\n");
}

TEST_CASE("grub.cfg: continued lines, CRLF and a last line without an end") {
    CHECK(serial("linux /vmlinuz ro \\\n  console=hvc0 \\\n quiet\n", grub2_sites) ==
          "linux /vmlinuz ro \\\n  console=tty0 console=ttyS0,115200n8 \\\n quiet\n");
    CHECK(serial("linux /vmlinuz ro\r\ninitrd /i\r\n", grub2_sites) ==
          "linux /vmlinuz ro" + std::string(kBoth) + "\r\ninitrd /i\r\n");
    CHECK(serial("linux /vmlinuz", grub2_sites) == "linux /vmlinuz" + std::string(kBoth));
}

TEST_CASE("menu.lst: entries and Debian's automagic defaults") {
    const std::string file = "default 0\ntimeout 2\n"
                             "### BEGIN AUTOMAGIC KERNELS LIST\n"
                             "## e.g. kopt=root=/dev/hda1 ro\n"
                             "# kopt=root=/dev/xvda2 ro\n"
                             "# defoptions=console=hvc0\n"
                             "# altoptions=(single-user mode) single\n"
                             "# indomU=detect\n"
                             "## ## End Default Options ##\n"
                             "title\t\tDebian\nroot\t\t(hd0,0)\n"
                             "kernel\t\t/boot/vmlinuz root=/dev/xvda2 ro console=hvc0\n"
                             "initrd\t\t/boot/initrd.img\n"
                             "title Xen\nkernel /boot/xen-3.2.gz dom0_mem=512M\n"
                             "module /boot/vmlinuz-xen root=/dev/xvda2 console=hvc0\n"
                             "title memtest\nkernel=/boot/memtest86+.bin\n";
    auto expected =
        replaced(file, "defoptions=console=hvc0", "defoptions=console=tty0 console=ttyS0,115200n8");
    expected = replaced(expected, "root=/dev/xvda2 ro console=hvc0",
                        "root=/dev/xvda2 ro" + std::string(kBoth));
    CHECK(serial(file, grub_legacy_sites) == expected);
    CHECK(serial(expected, grub_legacy_sites) == expected);
    const auto sites = grub_legacy_sites(file);
    REQUIRE(sites.size() == 4);
    CHECK(sites[2].has_initrd);
    CHECK(automagic_value(file, "indomU") == "detect");
    CHECK(set_automagic_value(file, "indomU", "false") ==
          replaced(file, "indomU=detect", "indomU=false"));
    CHECK(!automagic_value(file, "groot"));
}

TEST_CASE("menu.lst: empty defoptions are filled, defoptions beside a serial kopt are not") {
    const std::string head = "### BEGIN AUTOMAGIC KERNELS LIST\n";
    CHECK(serial(head + "# kopt=root=/dev/xvda1 ro\n# defoptions=\n", grub_legacy_sites) ==
          head + "# kopt=root=/dev/xvda1 ro\n# defoptions=console=tty0 console=ttyS0,115200n8\n");
    const auto good = head + "# kopt=root=/dev/sda1 console=ttyS0\n# defoptions=quiet\n";
    CHECK(serial(good, grub_legacy_sites) == good);
    const std::string outside = "# defoptions=console=hvc0\n";
    CHECK(serial(outside, grub_legacy_sites) == outside);
}

TEST_CASE("menu.lst: options of the kernel command and the '=' form are passed over") {
    CHECK(texts("kernel --type=linux --no-mem-option /vmlinuz ro\nkernel = (hd0,0)/vmlinuz a\n",
                grub_legacy_sites) == std::vector<std::string>{" ro", " a"});
}

TEST_CASE("Boot Loader Specification entries") {
    const std::string literal = "title Fedora\nlinux /vmlinuz\noptions root=UUID=1 ro\n";
    CHECK(serial(literal, bls_sites) ==
          "title Fedora\nlinux /vmlinuz\noptions root=UUID=1 ro" + std::string(kBoth) + "\n");
    const std::string variable = "linux /vmlinuz\noptions $kernelopts $tuned_params\n";
    CHECK(serial(variable, bls_sites) == variable);
    const std::string two = "linux /v\noptions console=ttyS0\noptions ro\n";
    CHECK(serial(two, bls_sites) == two);
}

TEST_CASE("extlinux: labels with a Linux kernel, whatever the case of the keywords") {
    const std::string file =
        "DEFAULT menu.c32\nAPPEND quiet\nLABEL lts\n  LINUX vmlinuz-lts\n"
        "  INITRD initramfs-lts\n  APPEND root=/dev/xvda1 console=hvc0\n"
        "label hdt\n kernel hdt.c32\n append modules=x\n"
        "label xen\n kernel mboot.c32\n append xen.gz --- vmlinuz console=hvc0\n";
    const auto fixed = serial(file, extlinux_sites);
    CHECK(fixed.find("  APPEND root=/dev/xvda1" + std::string(kBoth) + "\n") != std::string::npos);
    CHECK(fixed.find("append modules=x\n") != std::string::npos);
    CHECK(fixed.find("append xen.gz --- vmlinuz console=hvc0\n") != std::string::npos);
    CHECK(serial(fixed, extlinux_sites) == fixed);
}

TEST_CASE("grubenv keeps its 1024 bytes") {
    std::string block = "# GRUB Environment Block\nsaved_entry=x\\\\y\n"
                        "kernelopts=root=/dev/xvda1 ro \nboot_success=0\n";
    block.append(1024 - block.size(), '#');
    CHECK(grubenv_value(block, "kernelopts") == "root=/dev/xvda1 ro ");
    CHECK(grubenv_value(block, "saved_entry") == "x\\y");
    CHECK(!grubenv_value(block, "kernel"));
    const auto changed = set_grubenv_value(block, "kernelopts", "a\\b");
    REQUIRE(changed);
    CHECK(changed->size() == 1024);
    CHECK(changed->find("kernelopts=a\\\\b\nboot_success=0\n####") != std::string::npos);
    CHECK(grubenv_value(*changed, "kernelopts") == "a\\b");
    const auto back = set_grubenv_value(*changed, "kernelopts", "root=/dev/xvda1 ro ");
    REQUIRE(back);
    CHECK(*back == block);
    CHECK(set_grubenv_value(block, "kernelopts", std::string(1024, 'x')).error().kind ==
          ErrorKind::unsupported);
    CHECK(set_grubenv_value(block, "missing", "x").error().kind == ErrorKind::not_found);
    CHECK(set_grubenv_value("hello", "kernelopts", "x").error().kind == ErrorKind::damaged);
}

TEST_CASE("shell variables: quotes, composites and what stands where") {
    const std::string file = "# GRUB_A=\"no\"\nGRUB_A=\"one two\"\nexport GRUB_B='x $y'\n"
                             "GRUB_C=bare # note\nGRUB_A=\"$GRUB_A three\"\nif x; then\n"
                             "  GRUB_A+=\" four\"\nfi\nGRUB_D=\"a\"$b\nGRUB_E=";
    const auto found = assignments(file);
    REQUIRE(found.size() == 7);
    CHECK(found[0].value(file) == "one two");
    CHECK((found[0].literal && !found[0].nested && found[0].line == 2));
    CHECK((found[1].literal && found[1].value(file) == "x $y"));
    CHECK((found[2].literal && found[2].value(file) == "bare"));
    CHECK(!found[3].literal);
    CHECK((found[4].appends && found[4].nested));
    CHECK(!found[5].literal);
    CHECK(found[6].value(file).empty());
    CHECK(last_assignment(file, "GRUB_A")->line == 7);
    CHECK(append_assignment("A=1", "B", "x") == "A=1\nB=\"x\"\n");
    CHECK(append_assignment("A=1\r\n", "B", "x") == "A=1\r\nB=\"x\"\r\n");
}

TEST_CASE("a bare shell word gets quotes when blanks come into it") {
    const std::string file = "GRUB_CMDLINE_LINUX=console=hvc0\n";
    const auto fixed =
        edit_sites(file, {assignments(file)[0].site(SiteRole::part)},
                   [](Arguments& arguments, const Site&) { use_serial_console(arguments, false); });
    CHECK(fixed == "GRUB_CMDLINE_LINUX=\"console=tty0 console=ttyS0,115200n8\"\n");
}
