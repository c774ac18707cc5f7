// SPDX-License-Identifier: GPL-2.0-or-later
#include "modrename/rename.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

using namespace lifeboat;
using chainload::Rename;
using chainload::rename_strings;
using chainload::renames_for;

namespace {

// A minimal ELF32 file: .rodata.str1.1 with `strings`, .modname with `modname`, section names.
Bytes elf32(const std::string& strings, const std::string& modname) {
    using namespace std::string_literals;
    const std::string names = "\0.rodata.str1.1\0.modname\0.shstrtab\0"s;
    Bytes file(52);
    const auto put = [&](const std::string& text) {
        const std::size_t offset = file.size();
        for (const char c : text)
            file.push_back(static_cast<std::byte>(c));
        return offset;
    };
    const std::size_t strings_at = put(strings);
    const std::size_t modname_at = put(modname);
    const std::size_t names_at = put(names);
    const std::size_t table = file.size();
    const auto section = [&](std::uint32_t name, std::size_t offset, std::size_t size) {
        for (const std::uint32_t value : {name, 1u, 2u, 0u, static_cast<std::uint32_t>(offset),
                                          static_cast<std::uint32_t>(size), 0u, 0u, 1u, 0u})
            append_le(file, value);
    };
    section(0, 0, 0);
    section(1, strings_at, strings.size());
    section(16, modname_at, modname.size());
    section(25, names_at, names.size());
    const std::string ident = "\x7f"
                              "ELF\1\1\1"s;
    for (std::size_t i = 0; i < ident.size(); ++i)
        file[i] = static_cast<std::byte>(ident[i]);
    REQUIRE(write_le(file, 0x20, static_cast<std::uint32_t>(table)));
    REQUIRE(write_le(file, 0x2e, std::uint16_t{40}));
    REQUIRE(write_le(file, 0x30, std::uint16_t{4}));
    REQUIRE(write_le(file, 0x32, std::uint16_t{3}));
    return file;
}

std::optional<Bytes> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        return std::nullopt;
    return to_bytes(
        std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>()));
}

// The value of grub_version in modinfo.sh, which GRUB puts beside its modules.
std::string release_in(const std::string& modinfo) {
    const std::string key = "\ngrub_version=\"";
    const auto at = modinfo.find(key);
    REQUIRE(at != std::string::npos);
    const auto begin = at + key.size();
    return modinfo.substr(begin, modinfo.find('"', begin) - begin);
}

const std::string kZero(1, '\0');

} // namespace

TEST_CASE("whole strings are renamed, and nothing that only contains them") {
    const Bytes file =
        elf32("linux" + kZero + "Load linux" + kZero + "linux16" + kZero + "xlinux" + kZero,
              "linux" + kZero);
    const auto renamed = rename_strings(file, {{"linux", "_inux", 1}});
    REQUIRE(renamed);
    CHECK(*renamed ==
          elf32("_inux" + kZero + "Load linux" + kZero + "linux16" + kZero + "xlinux" + kZero,
                "linux" + kZero));
}

TEST_CASE("a count that differs stops the build") {
    const Bytes file = elf32("linux" + kZero + "linux" + kZero, "linux" + kZero);
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{3}}) {
        const auto renamed = rename_strings(file, {{"linux", "_inux", count}});
        REQUIRE_FALSE(renamed);
        CHECK(renamed.error().kind == ErrorKind::unsupported);
    }
    CHECK(rename_strings(file, {{"linux", "_inux", 2}}));
}

TEST_CASE("a new name of another length is refused") {
    const auto renamed = rename_strings(elf32("linux" + kZero, ""), {{"linux", "kernel", 1}});
    REQUIRE_FALSE(renamed);
    CHECK(renamed.error().kind == ErrorKind::usage);
}

TEST_CASE("a string that is not ended by NUL inside its section is not a string") {
    CHECK_FALSE(rename_strings(elf32("linux", "linux" + kZero), {{"linux", "_inux", 1}}));
}

TEST_CASE("no damaged ELF file is read outside its bytes") {
    const Bytes file = elf32("linux" + kZero, "linux" + kZero);
    for (std::size_t length = 0; length < file.size(); ++length) {
        const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
        CHECK_FALSE(rename_strings(cut, {{"linux", "_inux", 1}}));
    }
    // Every byte of the header and of the section table, set to the worst values.
    for (std::size_t at = 0; at < file.size(); ++at)
        for (const std::byte value : {std::byte{0xff}, std::byte{0x7f}, std::byte{0x00}}) {
            Bytes damaged = file;
            damaged[at] = value;
            const auto renamed = rename_strings(damaged, {{"linux", "_inux", 1}});
            if (renamed)
                CHECK(renamed->size() == file.size());
        }
}

TEST_CASE("each release of GRUB has its own counts, and a new one is refused") {
    const auto count = [](std::string_view release, std::string_view platform,
                          std::string_view name) {
        const auto renames = renames_for(release, platform, "linux.mod");
        REQUIRE(renames);
        std::size_t found = 0;
        for (const Rename& rename : *renames)
            if (rename.from == name)
                found += rename.count;
        return found;
    };
    CHECK(count("2.06", "i386-pc", "linux") == 2);
    CHECK(count("2.06", "x86_64-efi", "linux") == 2);
    CHECK(count("2.12", "i386-pc", "linux") == 2);
    CHECK(count("2.12", "x86_64-efi", "linux") == 3);
    CHECK(count("2.12", "i386-efi", "linux") == 3);
    CHECK(count("2.12", "i386-efi", "initrd") == 1);
    for (const std::string release : {"2.04", "2.14", "2.1", "2.12~rc1", ""}) {
        const auto renames = renames_for(release, "i386-pc", "linux.mod");
        REQUIRE_FALSE(renames);
        CHECK(renames.error().kind == ErrorKind::unsupported);
    }
    // A module of the other release: nothing is known about it.
    CHECK(renames_for("2.12", "x86_64-efi", "linuxefi.mod")->empty());
    CHECK_FALSE(renames_for("2.06", "x86_64-efi", "linuxefi.mod")->empty());
}

TEST_CASE("the table fits the GRUB of this machine") {
    std::size_t files = 0;
    for (const std::string platform : {"i386-pc", "x86_64-efi", "i386-efi"}) {
        const auto modinfo = read_file("/usr/lib/grub/" + platform + "/modinfo.sh");
        if (!modinfo)
            continue;
        const std::string release = release_in(to_text(*modinfo));
        for (const std::string name :
             {"kernel.img", "normal.mod", "linux.mod", "linux16.mod", "linuxefi.mod",
              "legacycfg.mod", "loadenv.mod", "terminal.mod", "biosdisk.mod"}) {
            const auto file = read_file("/usr/lib/grub/" + platform + "/" + name);
            if (!file)
                continue;
            ++files;
            INFO(release << " " << platform << " " << name);
            const auto renames = renames_for(release, platform, name);
            REQUIRE(renames);
            CHECK_FALSE(renames->empty());
            const auto renamed = rename_strings(*file, *renames);
            REQUIRE(renamed);
            // Renamed once, the old names are gone: a second time must fail.
            CHECK_FALSE(rename_strings(*renamed, *renames));
        }
    }
    if (files == 0)
        SKIP("GRUB's platform directories are not installed here");
}
