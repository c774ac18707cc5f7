// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/linux_guest.hpp"

using namespace lifeboat;
using guest::Editor;
using guest::FileChangeKind;

namespace {

const test::Files kFiles{{"/etc/debian_version", "12.5\n"},
                         {"/etc/a", "one\n"},
                         {"/etc/link", "-> a"},
                         {"/etc/lost", "-> nowhere"},
                         {"/boot/", ""}};

} // namespace

TEST_CASE("an editor records the net effect per file, in path order") {
    const test::LinuxGuest guest(kFiles);
    Editor editor(guest.guest());
    REQUIRE(editor.write_text("/etc/a", "two\n"));
    REQUIRE(editor.write_text("/etc/a", "three\n"));
    REQUIRE(editor.write_text("/boot/new", "x"));
    REQUIRE(editor.remove("/etc/lost"));
    REQUIRE(editor.finish());
    const auto changes = editor.changes();
    REQUIRE(changes.size() == 3);
    CHECK(changes[0].path == "/boot/new");
    CHECK(changes[0].kind == FileChangeKind::created);
    CHECK(changes[1].path == "/etc/a");
    CHECK(changes[1].kind == FileChangeKind::changed);
    CHECK(changes[1].before == to_bytes("one\n"));
    CHECK(changes[1].after == to_bytes("three\n"));
    CHECK(changes[1].volume == "disk 1, partition 2");
    CHECK(changes[2].kind == FileChangeKind::removed);
    CHECK(changes[2].link == "nowhere");
    CHECK(editor.read_text("/etc/a")->value() == "three\n");
}

TEST_CASE("what is put back, or written as it was, is no change") {
    const test::LinuxGuest guest(kFiles);
    Editor editor(guest.guest());
    REQUIRE(editor.write_text("/etc/a", "one\n"));
    REQUIRE(editor.write_text("/boot/new", "x"));
    REQUIRE(editor.remove("/boot/new"));
    REQUIRE(editor.rename("/etc/a", "/etc/b"));
    REQUIRE(editor.rename("/etc/b", "/etc/a"));
    CHECK(editor.changes().empty());
    CHECK(guest.files() == test::LinuxGuest(kFiles).files());
}

TEST_CASE("a link is followed when its file is written, and itself removed") {
    const test::LinuxGuest guest(kFiles);
    Editor editor(guest.guest());
    REQUIRE(editor.write_text("/etc/link", "new\n"));
    REQUIRE(editor.remove("/etc/link"));
    const auto changes = editor.changes();
    REQUIRE(changes.size() == 2);
    CHECK(changes[0].path == "/etc/a");
    CHECK(changes[1].path == "/etc/link");
    CHECK(editor.write_text("/etc/lost", "x").error().kind == ErrorKind::refused);
}

TEST_CASE("a rename is one change, with what it did to the content") {
    const test::LinuxGuest guest(kFiles);
    Editor editor(guest.guest());
    REQUIRE(editor.rename("/etc/a", "/etc/b"));
    REQUIRE(editor.rename("/etc/b", "/boot/c"));
    REQUIRE(editor.write_text("/boot/c", "changed\n"));
    const auto changes = editor.changes();
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].kind == FileChangeKind::renamed);
    CHECK(changes[0].from == "/etc/a");
    CHECK(changes[0].path == "/boot/c");
    CHECK(changes[0].before == to_bytes("one\n"));
    CHECK(changes[0].after == to_bytes("changed\n"));
    CHECK(editor.rename("/etc/a", "/etc/x").error().kind == ErrorKind::not_found);
    CHECK(editor.rename("/boot/c", "/etc/debian_version").error().kind == ErrorKind::refused);
}

TEST_CASE("directories are made with their parents, links only once") {
    const test::LinuxGuest guest(kFiles);
    Editor editor(guest.guest());
    REQUIRE(editor.make_directory("/etc/x/y"));
    REQUIRE(editor.make_directory("/etc/x/y"));
    REQUIRE(editor.make_symlink("/etc/x/y/l", "../t"));
    REQUIRE(editor.make_symlink("/etc/x/y/l", "../t"));
    CHECK(editor.make_symlink("/etc/x/y/l", "../u").error().kind == ErrorKind::refused);
    CHECK(editor.make_directory("/etc/a").error().kind == ErrorKind::refused);
    const auto changes = editor.changes();
    REQUIRE(changes.size() == 3);
    CHECK((changes[0].is_directory && changes[0].path == "/etc/x"));
    CHECK(changes[2].link == "../t");
    CHECK(editor.rename("/etc/x", "/etc/z").error().kind == ErrorKind::unsupported);
}

TEST_CASE("notes are handed out once") {
    const test::LinuxGuest guest(kFiles);
    Editor editor(guest.guest());
    editor.note("Did it");
    CHECK(editor.take_notes() == std::vector<std::string>{"Did it"});
    CHECK(editor.take_notes().empty());
}
