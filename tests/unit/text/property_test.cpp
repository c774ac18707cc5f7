// SPDX-License-Identifier: GPL-2.0-or-later
// Laws that hold for every text: nothing intended, nothing changed; twice is once; random bytes
// harm nobody. And the same on real files where they are at hand.
#include "text/fstab.hpp"
#include "text/grubenv.hpp"
#include "text/inittab.hpp"
#include "text/lines.hpp"
#include "text/shell_vars.hpp"
#include "text/sites.hpp"
#include "text/upstart.hpp"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

using namespace lifeboat::text;

namespace {

using Reader = std::vector<Site> (*)(std::string_view);
const Reader kReaders[] = {grub2_sites, grub_legacy_sites, bls_sites, extlinux_sites,
                           cmdline_file_sites};

std::string unchanged(std::string_view file, Reader read) {
    return edit_sites(file, read(file), [](Arguments&, const Site&) {});
}

std::string serial(std::string_view file, Reader read) {
    return edit_sites(file, read(file), [](Arguments& arguments, const Site& site) {
        use_serial_console(arguments, site.role != SiteRole::part);
    });
}

// Lines without a kernel command line of any format stay byte for byte.
void check_only_sites_differ(const std::string& before, const std::string& after, Reader read) {
    const auto old_sites = read(before);
    const auto new_sites = read(after);
    REQUIRE(old_sites.size() == new_sites.size());
    std::size_t at_old = 0;
    std::size_t at_new = 0;
    for (std::size_t i = 0; i < old_sites.size(); ++i) {
        CHECK(before.substr(at_old, old_sites[i].offset - at_old) ==
              after.substr(at_new, new_sites[i].offset - at_new));
        at_old = old_sites[i].offset + old_sites[i].length;
        at_new = new_sites[i].offset + new_sites[i].length;
    }
    CHECK(before.substr(at_old) == after.substr(at_new));
}

void check_laws(const std::string& text) {
    CHECK(join_lines(split_lines(text)) == text);
    for (const auto read : kReaders) {
        CHECK(unchanged(text, read) == text);
        const auto once = serial(text, read);
        CHECK(serial(once, read) == once);
        check_only_sites_differ(text, once, read);
    }
    for (const auto& how :
         {SerialLogin{}, SerialLogin{"s0", "12345", "/sbin/agetty", "vt100", true, true}}) {
        const auto once = with_serial_login(text, how);
        CHECK(with_serial_login(once, how) == once);
        CHECK(inittab_logins(once).serial);
        CHECK(inittab_logins(once).xen.empty());
    }
    for (const auto& entry : fstab_entries(text)) {
        const auto changed = set_fstab_spec(text, entry.line, "UUID=x");
        CHECK(set_fstab_spec(changed, entry.line, "UUID=x") == changed);
        CHECK(split_lines(changed).size() == split_lines(text).size());
    }
    for (const auto& found : assignments(text))
        CHECK(found.value(text).size() == found.length);
    const auto listed = with_securetty(text, "ttyS0");
    CHECK(with_securetty(listed, "ttyS0") == listed);
    static_cast<void>(grubenv_value(text, "kernelopts"));
    static_cast<void>(set_grubenv_value(text, "kernelopts", "x"));
}

class Random {
public:
    explicit Random(unsigned seed) : engine_(seed) {}
    std::size_t below(std::size_t limit) { return engine_() % limit; }
    std::string bytes(std::size_t length) {
        std::string text;
        for (std::size_t i = 0; i < length; ++i)
            text += static_cast<char>(static_cast<unsigned char>(below(256)));
        return text;
    }
    std::string pieces(std::size_t count) {
        static const char* const kPieces[] = {"linux ",
                                              "linux16 /vmlinuz",
                                              "kernel ",
                                              "kernel=/vmlinuz",
                                              "title x\n",
                                              "append ",
                                              "label a\n",
                                              "options ",
                                              "initrd /i",
                                              "set kernelopts=\"",
                                              "console=hvc0",
                                              "console=",
                                              "console=ttyS0",
                                              "console=tty0",
                                              " earlyprintk=xen ",
                                              "root=/dev/xvda1",
                                              "\n",
                                              "\n",
                                              "\r\n",
                                              " ",
                                              "\t",
                                              "\"",
                                              "'",
                                              "\\",
                                              "\\\n",
                                              "{",
                                              "}",
                                              "${",
                                              ";",
                                              "#",
                                              "--",
                                              " -- ",
                                              "# kopt=",
                                              "# defoptions=",
                                              "### BEGIN AUTOMAGIC KERNELS LIST\n",
                                              "1:2345:respawn:",
                                              "/sbin/getty 38400 hvc0",
                                              "#S0:2:respawn:/sbin/getty ttyS0\n",
                                              "/dev/xvda1 / ext3\n",
                                              "GRUB_CMDLINE_LINUX=",
                                              "+=",
                                              "$(",
                                              "ttyS0",
                                              "linux /boot/vmlinuz ro\n",
                                              "respawn",
                                              ":"};
        std::string text;
        for (std::size_t i = 0; i < count; ++i)
            text += kPieces[below(std::size(kPieces))];
        return text;
    }

private:
    std::mt19937 engine_;
};

} // namespace

TEST_CASE("the laws hold for texts put together at random") {
    for (unsigned seed = 1; seed <= 4000; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        check_laws(random.pieces(1 + random.below(60)));
    }
}

TEST_CASE("the laws hold for random bytes") {
    for (unsigned seed = 1; seed <= 300; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        check_laws(random.bytes(random.below(600)));
    }
}

TEST_CASE("the laws hold for real configuration files") {
    const std::filesystem::path root = std::string(LIFEBOAT_SPECIMENS) + "/linux";
    if (!std::filesystem::exists(root))
        SKIP("there are no specimens at " + root.string());
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
        if (!entry.is_regular_file())
            continue;
        INFO(entry.path());
        std::ifstream stream(entry.path(), std::ios::binary);
        std::stringstream text;
        text << stream.rdbuf();
        check_laws(text.str());
        ++files;
    }
    CHECK(files > 10);
}
