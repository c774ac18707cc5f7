// SPDX-License-Identifier: GPL-2.0-or-later
#include "grub_world.hpp"
#include "text/grub/convert.hpp"
#include "text/grub/legacy_menu.hpp"

#include <catch2/catch_test_macros.hpp>

#include <random>

using namespace lifeboat;
using namespace lifeboat::text::grub;
using test::GrubWorld;

namespace {

const std::string kDisk = "(hd0,msdos1)";

// The lines that `script` says, run as a guest's configuration.
std::vector<std::string> said(const std::string& script) {
    GrubWorld world;
    world.put(kDisk + "/s", script);
    Run run(world, {});
    (void)run.start("hd0,msdos1", "/s");
    return run.said();
}

Ending run_guest(const std::map<std::string, std::string>& files, std::string* title = nullptr) {
    GrubWorld world;
    for (const auto& [name, content] : files)
        world.put(kDisk + name, content);
    world.put(kDisk + "/boot/vmlinuz-1", "kernel");
    world.put(kDisk + "/boot/vmlinuz-2", "kernel");
    world.put(kDisk + "/boot/initrd.img-1", "ramdisk");
    world.put(kDisk + "/boot/initrd.img-2", "ramdisk");
    world.put(kDisk + "/etc/fstab", "#");
    world.uuids["hd0,msdos1"] = "aaaa-bbbb";
    world.put_stage();
    Run run(world, {"lb_add"});
    for (const auto* name : {"feature_menuentry_id", "feature_platform_search_hint"})
        run.set(name, "y", true);
    run.set("grub_platform", "pc", true);
    run.set("grub_cpu", "i386", true);
    run.set("prefix", "(memdisk)/boot/grub", true);
    const auto ending = run.start("memdisk", "/boot/grub/grub.cfg");
    if (title != nullptr)
        *title = run.chosen().empty() ? "" : run.chosen().back();
    return ending;
}

const std::string kSerial = " console=ttyS0,115200n8";

} // namespace

TEST_CASE("GRUB script expands words as GRUB does", "[grub]") {
    using Lines = std::vector<std::string>;
    CHECK(said("set a='x y'\nfor w in $a; do echo $w; done\n") == Lines{"x", "y"});
    CHECK(said("set a='x y'\nfor w in \"$a\"; do echo $w; done\n") == Lines{"x y"});
    CHECK(said("echo \"a\\$b\\\\c\\\"d\\e\" 'f$g' h\\ i\n") == Lines{"a$b\\c\"d\\e f$g h i"});
    CHECK(said("function f { echo $#-$1-\"$*\"; shift; echo $1; setparams x \"$@\"; echo $# $1; }\n"
               "f one 'two three'\n") == Lines{"2-one-one two three", "two three", "2 x"});
    CHECK(said("a=1; if [ x$a = x1 -a ! -n \"$b\" ]; then echo yes; else echo no; fi\n") ==
          Lines{"yes"});
    CHECK(said("if false; then echo 1; elif [ 3 -gt 12 ]; then echo 2; else echo 3; fi # end\n") ==
          Lines{"3"});
    CHECK(said("for w in 1 2 3; do if [ $w = 2 ]; then continue; fi; echo $w; done\n") ==
          Lines{"1", "3"});
    CHECK(said("while true; do while true; do break 2; done; echo no; done; echo out\n") ==
          Lines{"out"});
    CHECK(said("if regexp --set 1:n --set 2:m -- '^a([0-9]+)(.*)$' a12b; then echo $n $m; fi\n") ==
          Lines{"12 b"});
    CHECK(said("if ! regexp -- '^b' abc; then echo no; fi\n") == Lines{"no"});
    CHECK(said("eval \"set lb=\\\"\\$HOME-x\\\"\"; echo $lb\n") == Lines{"-x"});
    CHECK(said("echo a\\\nb 'c\nd'\n") == Lines{"ab c\nd"});
}

TEST_CASE("a line that is no GRUB script is left out, and told", "[grub]") {
    GrubWorld world;
    world.put(kDisk + "/s", "echo one\nif ]; then\necho two\nfi\necho three | cat\necho four\n");
    Run run(world, {});
    (void)run.start("hd0,msdos1", "/s");
    REQUIRE(run.said().size() >= 2);
    CHECK(run.said().front() == "one");
    CHECK(run.said().back() == "four");
    CHECK_FALSE(run.doubts().empty());
}

TEST_CASE("the functions that a prediction watches are in the boot stage", "[grub]") {
    GrubWorld world;
    world.put_stage();
    std::string all;
    for (const auto& [name, content] : world.files)
        all += content;
    for (const auto* name : {"lb_add", "lb_boot", "lb_linux", "lb_failed"})
        CHECK(all.find("function " + std::string(name) + " {") != std::string::npos);
    CHECK(all.find("lb_root_device") != std::string::npos);
}

TEST_CASE("every command that the boot stage uses is known", "[grub]") {
    GrubWorld world;
    world.put_stage();
    world.put(kDisk + "/nothing", "x");
    Run run(world, {"lb_failed"});
    run.set("grub_platform", "pc", true);
    run.set("grub_cpu", "i386", true);
    const auto ending = run.start("memdisk", "/boot/grub/grub.cfg");
    CHECK(ending.kind == Ending::Kind::waits);
    CHECK(run.doubts().empty());
    CHECK(std::any_of(run.said().begin(), run.said().end(), [](const std::string& line) {
        return line.find("nothing that can be booted") != std::string::npos;
    }));
}

TEST_CASE("an Ubuntu configuration with a saved entry in a submenu", "[grub]") {
    const std::string config = R"(
if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env -f $prefix/grubenv
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
else
   set default="${saved_entry}"
fi
if [ x"${feature_menuentry_id}" = xy ]; then menuentry_id_option="--id"; else menuentry_id_option=""; fi
export menuentry_id_option
function recordfail {
  set recordfail=1
  if [ -n "${have_grubenv}" ]; then if [ -z "${boot_once}" ]; then save_env recordfail; fi; fi
}
set timeout=0
menuentry 'Ubuntu' --class ubuntu $menuentry_id_option 'gnulinux-simple' {
	recordfail
	search --no-floppy --fs-uuid --set=root aaaa-bbbb
	linux	/boot/vmlinuz-1 root=UUID=aaaa-bbbb ro quiet splash $vt_handoff
	initrd	/boot/initrd.img-1
}
submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced' {
	menuentry 'Ubuntu 2' $menuentry_id_option 'gnulinux-2' {
		search --no-floppy --fs-uuid --set=root aaaa-bbbb
		linux	/boot/vmlinuz-2 root=/dev/xvda1 ro console=hvc0
		initrd	/boot/initrd.img-2
	}
}
)";
    std::string title;
    const auto first = run_guest({{"/boot/grub/grub.cfg", config}}, &title);
    CHECK(title == "Ubuntu");
    CHECK(first.line ==
          "BOOT_IMAGE=/boot/vmlinuz-1 root=UUID=aaaa-bbbb ro quiet splash console=tty0" + kSerial);
    const auto saved =
        run_guest({{"/boot/grub/grub.cfg", config},
                   {"/boot/grub/grubenv", "# GRUB Environment Block\n"
                                          "saved_entry=gnulinux-advanced>gnulinux-2\n"
                                          "####"}},
                  &title);
    CHECK(title == "Ubuntu 2");
    CHECK(saved.line == "BOOT_IMAGE=/boot/vmlinuz-2 root=UUID=aaaa-bbbb ro" + kSerial);
    CHECK(saved.ramdisk == std::vector<std::string>{"(hd0,msdos1)/boot/initrd.img-2"});
}

TEST_CASE("a menu.lst becomes GRUB 2's script, counted from one", "[grub]") {
    const auto menu = legacy_to_script("default=1\n# a comment\ntimeout 5\nhiddenmenu\n"
                                       "title  One of many \nroot (hd0,0)\n"
                                       "kernel --type=linux (hd1,2)/vm'z ro  a=$b\ninitrd /i\n"
                                       "title Two\nsavedefault\n");
    CHECK(menu.before.find("set default='1'") != std::string::npos);
    CHECK(menu.before.find("set timeout=5\n") != std::string::npos);
    CHECK_FALSE(menu.after.empty());
    REQUIRE(menu.entries.size() == 2);
    CHECK(menu.entries[0].title == "One of many");
    CHECK(menu.entries[0].source ==
          "set root='(hd0,1)'\n"
          "legacy_kernel --type=linux '(hd1,3)/vm'\\''z' '(hd1,2)/vm'\\''z' 'ro' 'a=$b'\n"
          "legacy_initrd '/i' '/i'\n");
}

TEST_CASE("a menu.lst as GRUB Legacy itself reads it", "[grub]") {
    const auto menu = read_legacy_menu("default 1\nfallback 0 2\ntimeout=3\ntitle A\nroot (hd0,0)\n"
                                       "title B\nroot (hd0,1)\nkernel (hd0,1)/k  ro  root=x\n"
                                       "initrd /i\n");
    REQUIRE(menu.entries.size() == 2);
    CHECK(menu.chosen == 1);
    CHECK(menu.timeout == 3);
    CHECK(menu.fallback == std::vector<std::size_t>{0, 2});
    CHECK(menu.entries[1].root == "hd0,1");
    CHECK(menu.entries[1].kernel == "(hd0,1)/k");
    CHECK(menu.entries[1].line == "ro  root=x");
    CHECK(menu.entries[1].ramdisk == "/i");
}

TEST_CASE("a configuration without an end is given up, not followed for ever", "[grub]") {
    const auto kind = [](const std::string& script) {
        GrubWorld world;
        world.put(kDisk + "/s", script);
        Run run(world, {});
        return run.start("hd0,msdos1", "/s").kind;
    };
    CHECK(kind("while true; do set a=b; done\n") == Ending::Kind::cannot_tell);
    CHECK(kind("function f { f; }\nf\n") == Ending::Kind::cannot_tell);
    CHECK(kind("source (hd0,msdos1)/s\n") == Ending::Kind::cannot_tell);
    CHECK(kind("configfile (hd0,msdos1)/s\n") == Ending::Kind::cannot_tell);
    CHECK(kind("set a=xxxxxxxx\nwhile true; do set a=$a$a$a$a; done\n") ==
          Ending::Kind::cannot_tell);
    CHECK(kind("set timeout=0\nmenuentry a { configfile (hd0,msdos1)/s; }\n") ==
          Ending::Kind::cannot_tell);
    CHECK(kind("regexp '(.*)\\1{9}' aaaa\n") == Ending::Kind::cannot_tell);
}

TEST_CASE("whatever stands in a configuration, reading it ends", "[grub][property]") {
    constexpr std::string_view kPieces[] = {"if ",
                                            "then\n",
                                            "fi\n",
                                            "{ ",
                                            "}\n",
                                            "menuentry a ",
                                            "'",
                                            "\"",
                                            "$a",
                                            "${",
                                            "*",
                                            "(hd*)",
                                            "/boot/*",
                                            "set a=b\n",
                                            "\\",
                                            ";",
                                            "while",
                                            " do ",
                                            "done\n",
                                            "for x in ",
                                            "[ -e x ]",
                                            "function f ",
                                            "\n",
                                            "linux /k\n",
                                            "source (hd0,msdos1)/s\n",
                                            "break\n",
                                            "return\n",
                                            "submenu s ",
                                            "#",
                                            "|",
                                            "f\n",
                                            "boot\n"};
    std::mt19937 random(20261120);
    for (int round = 0; round < 400; ++round) {
        std::string script;
        const auto count = random() % 60;
        for (unsigned i = 0; i < count; ++i)
            script += kPieces[random() % std::size(kPieces)];
        INFO(script);
        GrubWorld world;
        world.put(kDisk + "/s", script);
        Run run(world, {});
        const auto ending = run.start("hd0,msdos1", "/s");
        CHECK(static_cast<int>(ending.kind) >= 0);
    }
}
