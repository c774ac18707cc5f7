// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/attach.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>

using namespace lifeboat;
using namespace lifeboat::session;

namespace {

std::string slurp(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

// What a shell makes of `script`, with qemu-system-x86_64, qm and openstack printing their words.
std::vector<std::string> words_of(const std::string& script) {
    std::string program = "show() { for word; do printf '%s\\n' \"$word\"; done; }\n" + script;
    // POSIX function names have no dash, so the name is replaced where a command begins.
    for (const std::string name : {"qemu-system-x86_64", "openstack", "qm"})
        for (std::size_t at = 0; (at = program.find(name + " ", at)) != std::string::npos;)
            if (at == 0 || program[at - 1] == '\n')
                program.replace(at, name.size(), "show");
            else
                ++at;
    std::string quoted = "'";
    for (const char c : program)
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    std::FILE* pipe = popen(("sh -c " + quoted + "'").c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string text;
    std::array<char, 512> buffer{};
    while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr)
        text += buffer.data();
    REQUIRE(pclose(pipe) == 0);
    std::vector<std::string> words;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        words.push_back(line);
    return words;
}

bool has(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

Attachment guest(Platform platform) {
    return {
        platform, "/iso/lifeboat-grub2.iso", "web 1", {"/srv/a.img", "/srv/b.img"}, false, false,
        {}};
}

} // namespace

TEST_CASE("a name with blanks, quotes, commas and dollars is one word of QEMU's command line") {
    auto what = guest(Platform::qemu);
    what.disks = {"/srv/it's $HOME, a \"guest\".img"};
    what.parameters = {{"console", "ttyS0,9600"}, {"root", "keep"}};
    const auto text = attach_text(what);
    REQUIRE(text);
    const auto words = words_of(*text);
    CHECK(has(words, "if=none,id=disk0,format=raw,file=/srv/it's $HOME,, a \"guest\".img"));
    CHECK(has(words, "type=11,value=lifeboat:console=ttyS0,,9600;root=keep"));
    CHECK(has(words, "virtio-blk-pci,drive=disk0,bootindex=1"));
}

TEST_CASE("every disk has a boot index after the medium, for UEFI sees no other") {
    auto what = guest(Platform::qemu);
    what.uefi = true;
    const auto words = words_of(attach_text(what).value());
    CHECK(has(words, "ide-cd,drive=lifeboat,bootindex=0"));
    CHECK(has(words, "virtio-blk-pci,drive=disk1,bootindex=2"));
    const auto xml = attach_text(guest(Platform::libvirt)).value();
    for (const char* order : {"<boot order='1'/>", "<boot order='2'/>", "<boot order='3'/>"})
        CHECK(xml.find(order) != std::string::npos);
}

TEST_CASE("libvirt's text is XML whatever the names are") {
    auto what = guest(Platform::libvirt);
    what.disks = {"/srv/<a> & 'b' \"c\".img"};
    what.parameters = {{"entry", "Debian & <more>"}};
    const auto xml = attach_text(what).value();
    CHECK(xml.find("file='/srv/&lt;a&gt; &amp; &apos;b&apos; &quot;c&quot;.img'") !=
          std::string::npos);
    CHECK(xml.find("<entry>lifeboat:entry=Debian &amp; &lt;more&gt;</entry>") != std::string::npos);
}

TEST_CASE("Proxmox gets the arguments for QEMU as one word") {
    auto what = guest(Platform::proxmox);
    what.guest = "100";
    what.parameters = {{"entry", "Debian GNU/Linux"}};
    const auto words = words_of(attach_text(what).value());
    CHECK(has(words, "-smbios 'type=11,value=lifeboat:entry=Debian GNU/Linux'"));
    CHECK(has(words, "order=ide2;scsi0"));
}

TEST_CASE("what a platform needs is asked for") {
    for (const auto platform : {Platform::libvirt, Platform::xl, Platform::qemu}) {
        auto what = guest(platform);
        what.disks.clear();
        const auto text = attach_text(what);
        REQUIRE_FALSE(text);
        CHECK(text.error().kind == ErrorKind::usage);
    }
    for (const auto platform : {Platform::proxmox, Platform::openstack}) {
        auto what = guest(platform);
        what.guest.clear();
        CHECK_FALSE(attach_text(what));
    }
    for (const auto platform : {Platform::libvirt, Platform::xl}) {
        auto what = guest(platform);
        what.disks = {"b.img"};
        CHECK_FALSE(attach_text(what));
        what = guest(platform);
        what.medium = "lifeboat-grub2.iso";
        CHECK_FALSE(attach_text(what));
    }
    auto what = guest(Platform::xl);
    what.disks = {"/srv/a\",access=rw,target=/etc/shadow"};
    CHECK_FALSE(attach_text(what));
    what = guest(Platform::xl);
    what.medium = "/iso/a\", \"format=raw, target=/etc/shadow";
    CHECK_FALSE(attach_text(what));
}

TEST_CASE("parameters are checked before they reach a guest") {
    for (const char* good : {"mode=rescue", "console=ttyS0", "console=ttyS0,9600", "console=hvc0",
                             "timeout=-1", "entry=Debian GNU/Linux, with Linux 6.1", "lock=1"})
        CHECK(boot_parameter(good));
    for (const char* bad : {"mode", "mode=", "mode=now", "Mode=boot", "console=serial",
                            "timeout=soon", "entry=a;mode=rescue", "entry=$root", "entry=\"x",
                            "entry=a\nb", "color=red", "root=/dev/sda1"})
        CHECK_FALSE(boot_parameter(bad));
    CHECK(oem_string({{"mode", "boot"}, {"root", "keep"}}) == "lifeboat:mode=boot;root=keep");
}

TEST_CASE("the boot stage knows the very same parameters") {
    const auto script = slurp(LIFEBOAT_SOURCE_DIR "/chainload/stage/parameters.cfg");
    REQUIRE_FALSE(script.empty());
    std::string list;
    for (const auto name : boot_parameter_names()) {
        CHECK(script.find("[ \"$1\" = \"" + std::string(name) + "\" ]") != std::string::npos);
        list += " " + std::string(name);
    }
    CHECK(script.find("lifeboat.env\"" + list + "\n") != std::string::npos);
}
