// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/tree.hpp"

#include <catch2/catch_test_macros.hpp>

namespace lifeboat::fs {
namespace {

void put(const FileSystemPtr& fs, std::string_view path, std::string_view text) {
    REQUIRE(fs->create(path, to_bytes(text), {}));
}

struct Guest {
    FileSystemPtr root = memory_filesystem(false);
    FileSystemPtr boot = memory_filesystem(false);
    Tree tree;

    Guest() {
        for (const auto* const directory : {"/etc", "/usr", "/usr/lib", "/boot", "/home"})
            REQUIRE(root->make_directory(directory, {}));
        REQUIRE(boot->make_directory("/grub", {}));
        put(root, "/etc/fstab", "fstab");
        put(boot, "/grub/grub.cfg", "menu");
        put(root, "/usr/lib/os-release", "name");
        REQUIRE(root->make_symlink("/lib", "usr/lib"));
        REQUIRE(root->make_symlink("/etc/os-release", "../usr/lib/os-release"));
        REQUIRE(root->make_symlink("/etc/grub.conf", "/boot/grub/grub.cfg"));
        tree.mount("/", "disk:1", root);
        tree.mount("/boot", "disk:2", boot);
    }
    std::string text(std::string_view path) {
        const auto found = tree.read_text(path);
        REQUIRE(found);
        return found->value_or("(nothing)");
    }
};

} // namespace

TEST_CASE("links and mount points are followed inside the guest") {
    Guest guest;
    CHECK(guest.text("/etc/fstab") == "fstab");
    CHECK(guest.text("etc//./fstab") == "fstab");
    CHECK(guest.text("/lib/os-release") == "name");
    CHECK(guest.text("/etc/os-release") == "name");
    CHECK(guest.text("/etc/grub.conf") == "menu");
    CHECK(guest.text("/etc/nothing") == "(nothing)");
    CHECK(guest.text("/etc/fstab/below") == "(nothing)");
    const auto place = guest.tree.locate("/etc/grub.conf");
    REQUIRE(place);
    CHECK(place->volume == "disk:2");
    CHECK(place->path == "/grub/grub.cfg");
    CHECK(place->full == "/boot/grub/grub.cfg");
    CHECK(guest.tree.locate("/boot")->path == "/");
    CHECK(guest.tree.list("/boot")->at(0).name == "grub");
    CHECK(guest.tree.lstat("/lib").value()->type == NodeType::symlink);
    CHECK(guest.tree.stat("/lib").value()->type == NodeType::directory);
    CHECK(guest.tree.locate("/nothing").error().kind == ErrorKind::not_found);
}

TEST_CASE("no link leads out of the guest, and circles end") {
    Guest guest;
    REQUIRE(guest.root->make_symlink("/out", "../../../../etc/fstab"));
    REQUIRE(guest.root->make_symlink("/a", "/b"));
    REQUIRE(guest.root->make_symlink("/b", "/a"));
    REQUIRE(guest.root->make_symlink("/grow", "grow/grow"));
    REQUIRE(guest.root->make_symlink("/dangling", "/nowhere/at/all"));
    CHECK(guest.text("/out") == "fstab");
    CHECK(guest.text("/../../etc/../etc/fstab") == "fstab");
    CHECK(guest.tree.stat("/a").error().kind == ErrorKind::damaged);
    CHECK(guest.tree.stat("/grow").error().kind == ErrorKind::damaged);
    CHECK_FALSE(guest.tree.stat("/dangling").value());
    CHECK_FALSE(*guest.tree.exists("/dangling"));
    CHECK(guest.tree.lstat("/dangling").value()->target == "/nowhere/at/all");
    CHECK_FALSE(guest.tree.stat(std::string_view("/e\0tc", 5)));
}

TEST_CASE("a new file's place is found through links in its directory") {
    Guest guest;
    const auto place = guest.tree.locate_parent("/lib/new.conf");
    REQUIRE(place);
    CHECK(place->full == "/usr/lib/new.conf");
    CHECK(guest.tree.locate_parent("/nothing/new").error().kind == ErrorKind::not_found);
    CHECK(guest.tree.locate_parent("/etc/os-release")->full == "/etc/os-release"); // not followed
    CHECK(guest.tree.locate_parent("/boot/new")->volume == "disk:2");
}

TEST_CASE("a Windows tree ignores case and tells the stored names") {
    Tree tree;
    const auto fs = memory_filesystem(true);
    REQUIRE(fs->make_directory("/Windows", {}));
    put(fs, "/Windows/System.INI", "x");
    tree.mount("/", "disk:1", fs);
    CHECK(tree.ignores_case());
    CHECK(tree.locate("/WINDOWS/system.ini")->full == "/Windows/System.INI");
    CHECK(fs->create("/windows/SYSTEM.ini", {}, {}).error().kind == ErrorKind::refused);
    CHECK(fs->create("/a:b", {}, {}).error().kind == ErrorKind::usage);
}

TEST_CASE("files in memory behave like those of a real file system") {
    const auto fs = memory_filesystem(false);
    REQUIRE(fs->make_directory("/d", {}));
    put(fs, "/d/f", "one");
    const auto id = fs->stat("/d/f").value()->id;
    REQUIRE(fs->replace("/d/f", to_bytes("three")));
    CHECK(fs->stat("/d/f").value()->id == id);
    CHECK(fs->stat("/d/f").value()->size == 5);
    CHECK(to_text(*fs->read_head("/d/f", 2)) == "th");
    CHECK(fs->read("/d/f", 4).error().kind == ErrorKind::unsupported);
    CHECK(fs->remove("/d").error().kind == ErrorKind::refused);
    CHECK(fs->rename("/d", "/d/inside").error().kind == ErrorKind::usage);
    CHECK(fs->replace("/none", {}).error().kind == ErrorKind::not_found);
    CHECK(fs->read("/d").error().kind == ErrorKind::usage);
    CHECK(fs->stat("relative").error().kind == ErrorKind::usage);
    CHECK(fs->stat("/d/../d").error().kind == ErrorKind::usage);
    REQUIRE(fs->rename("/d/f", "/g"));
    REQUIRE(fs->remove("/d"));
    CHECK(fs->list("/")->size() == 1);
}

} // namespace lifeboat::fs
