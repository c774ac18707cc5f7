// SPDX-License-Identifier: GPL-2.0-or-later
// Text for the screen, input devices, framebuffer formats, arguments.
#include "gui/arguments.hpp"
#include "gui/platform.hpp"
#include "gui/platform_evdev.hpp"
#include "gui/platform_keymap.hpp"
#include "gui/shown.hpp"
#include "session/engine.hpp"

#include <catch2/catch_test_macros.hpp>
#include <linux/input-event-codes.h>

#include <array>
#include <filesystem>
#include <fstream>

using namespace lifeboat;
using namespace lifeboat::gui;

TEST_CASE("text that the font or a terminal can not take is written out", "[gui]") {
    CHECK(shown("Größe Привет") == "Größe Привет");
    CHECK(shown("日本") == "<U+65e5><U+672c>");
    CHECK(shown("a\x1b[2Jb") == "a\\x1b[2Jb");
    CHECK(shown("evil\xe2\x80\xae"
                "txt") == "evil<U+202e>txt");
    CHECK(shown("\xff") == "\\xff");
    CHECK(shown_lines("a\tb\r\nc\n") == std::vector<std::string>{"a    b", "c"});
    CHECK(shown_lines("").empty());
}

TEST_CASE("a tablet's middle is the middle of the screen", "[gui]") {
    DeviceState tablet({0, 32767}, {0, 32767});
    Pointer pointer{0, 0, 1024, 768};
    std::vector<InputEvent> out;
    tablet.take(EV_ABS, ABS_X, 16384, pointer, out);
    tablet.take(EV_ABS, ABS_Y, 32767, pointer, out);
    CHECK(out.empty()); // one move for both
    tablet.take(EV_SYN, SYN_REPORT, 0, pointer, out);
    REQUIRE(out.size() == 1);
    CHECK(out[0].kind == InputEvent::Kind::pointer);
    CHECK(static_cast<int>(out[0].x + 0.5F) == 512);
    CHECK(static_cast<int>(out[0].y) == 767);
}

TEST_CASE("a mouse moves inside the screen only, and clicks where it is", "[gui]") {
    DeviceState mouse;
    Pointer pointer{1000, 10, 1024, 768};
    std::vector<InputEvent> out;
    mouse.take(EV_REL, REL_X, 500, pointer, out);
    mouse.take(EV_REL, REL_Y, -500, pointer, out);
    mouse.take(EV_KEY, BTN_LEFT, 1, pointer, out);
    mouse.take(EV_SYN, SYN_REPORT, 0, pointer, out);
    REQUIRE(out.size() == 2);
    CHECK(static_cast<int>(out[0].x) == 1023);
    CHECK(static_cast<int>(out[0].y) == 0);
    CHECK(out[1].kind == InputEvent::Kind::button);
    CHECK(out[1].down);
}

TEST_CASE("keys type what a US keyboard says, and are let go when events were lost", "[gui]") {
    DeviceState keyboard;
    Pointer pointer;
    std::vector<InputEvent> out;
    keyboard.take(EV_KEY, KEY_LEFTSHIFT, 1, pointer, out);
    keyboard.take(EV_KEY, KEY_2, 1, pointer, out);
    REQUIRE(out.size() == 3);
    CHECK(out[0].key == InputKey::left_shift);
    CHECK(out[2].character == U'@');
    out.clear();
    keyboard.take(EV_SYN, SYN_DROPPED, 0, pointer, out);
    REQUIRE(out.size() == 2);
    CHECK_FALSE(out[0].down);
    CHECK_FALSE(out[1].down);
    CHECK(character_of_code(KEY_SLASH, false) == U'/');
    CHECK(character_of_code(KEY_GRAVE, true) == U'~');
    CHECK(character_of_code(KEY_F1, false) == 0);
    CHECK(key_of_code(KEY_F10) == InputKey::f10);
    CHECK(key_of_code(KEY_KPENTER) == InputKey::enter);
    CHECK(key_of_code(0x2ff) == InputKey::none);
}

TEST_CASE("pixels are stored as the framebuffer wants them", "[gui]") {
    const std::array<std::uint32_t, 2> row = {0x00123456, 0x00ffffff};
    std::array<std::byte, 9> out{};
    const auto at = [&](std::size_t i) { return std::to_integer<int>(out[i]); };
    store_row(row, {}, out.data());
    CHECK(at(0) == 0x56);
    CHECK(at(1) == 0x34);
    CHECK(at(2) == 0x12);
    CHECK(at(4) == 0xff);
    CHECK(at(8) == 0);
    out.fill(std::byte{0});
    store_row(row, {24, 0, 8, 8, 8, 16, 8}, out.data()); // blue first
    CHECK(at(0) == 0x12);
    CHECK(at(2) == 0x56);
    CHECK(at(3) == 0xff);
    CHECK(at(6) == 0);
    out.fill(std::byte{0});
    store_row(row, {16, 11, 5, 5, 6, 0, 5}, out.data()); // RGB565
    CHECK((at(0) | at(1) << 8) == ((0x12 >> 3) << 11 | (0x34 >> 2) << 5 | 0x56 >> 3));
    CHECK((at(2) | at(3) << 8) == 0xffff);
    CHECK(at(4) == 0);
}

TEST_CASE("arguments that make no sense are refused", "[gui]") {
    const auto parse = [](std::vector<std::string_view> words) { return parse_arguments(words); };
    const auto good = parse({"--size", "800x600", "--high-contrast", "--", "-disk.img"});
    REQUIRE(good);
    CHECK(good->width == 800);
    CHECK(good->height == 600);
    CHECK(good->high_contrast);
    CHECK(good->disks == std::vector<std::string>{"-disk.img"});
    for (const auto* size : {"800", "x600", "800x", "-800x600", "99999x600", "800x600x"})
        CHECK_FALSE(parse({"--size", size}));
    CHECK_FALSE(parse({"--wait"}));
    CHECK_FALSE(parse({"--wait", "-1"}));
    CHECK_FALSE(parse({"--no-such-option"}));
    CHECK(parse({"--no-such-option"}).error().kind == ErrorKind::usage);
}

TEST_CASE("only real disks with a medium are worked on", "[session]") {
    namespace stdfs = std::filesystem;
    const auto root = stdfs::temp_directory_path() / "lifeboat-unit-gui-sys-block";
    stdfs::remove_all(root);
    const auto add = [&](const char* name, const char* size) {
        stdfs::create_directories(root / name);
        std::ofstream(root / name / "size") << size << "\n";
    };
    for (const auto* name : {"vdb", "sda", "nvme0n1", "xvda", "cciss!c0d0"})
        add(name, "2048");
    for (const auto* name : {"loop0", "ram0", "zram0", "sr0", "fd0", "dm-0", "md0"})
        add(name, "2048");
    add("sdb", "0");                         // a card reader without a card
    stdfs::create_directories(root / "sdc"); // says nothing
    CHECK(session::disks_of_machine(root.string()) ==
          std::vector<std::string>{"/dev/cciss/c0d0", "/dev/nvme0n1", "/dev/sda", "/dev/vdb",
                                   "/dev/xvda"});
    stdfs::remove_all(root);
    CHECK(session::disks_of_machine(root.string()).empty());
}
