// SPDX-License-Identifier: GPL-2.0-or-later
#include "gui/platform_keymap.hpp"

#include <linux/input-event-codes.h>

#include <array>
#include <string_view>

namespace lifeboat::gui {

namespace {

struct Row {
    int first; // key code of the first character
    std::string_view plain, shifted;
};
constexpr std::array<Row, 4> kUs = {{
    {KEY_1, "1234567890-=", "!@#$%^&*()_+"},
    {KEY_Q, "qwertyuiop[]", "QWERTYUIOP{}"},
    {KEY_A, "asdfghjkl;'`", "ASDFGHJKL:\"~"},
    {KEY_BACKSLASH, "\\zxcvbnm,./", "|ZXCVBNM<>?"},
}};
static_assert(KEY_EQUAL - KEY_1 == 11 && KEY_RIGHTBRACE - KEY_Q == 11);
static_assert(KEY_GRAVE - KEY_A == 11 && KEY_SLASH - KEY_BACKSLASH == 10);

} // namespace

InputKey key_of_code(int code) {
    if (code >= KEY_F1 && code <= KEY_F10)
        return static_cast<InputKey>(static_cast<int>(InputKey::f1) + code - KEY_F1);
    switch (code) {
    case KEY_F11: return InputKey::f11;
    case KEY_F12: return InputKey::f12;
    case KEY_TAB: return InputKey::tab;
    // Without a lock light nobody knows the state of Num Lock: the pad moves, always.
    case KEY_KP4:
    case KEY_LEFT: return InputKey::left;
    case KEY_KP6:
    case KEY_RIGHT: return InputKey::right;
    case KEY_KP8:
    case KEY_UP: return InputKey::up;
    case KEY_KP2:
    case KEY_DOWN: return InputKey::down;
    case KEY_KP9:
    case KEY_PAGEUP: return InputKey::page_up;
    case KEY_KP3:
    case KEY_PAGEDOWN: return InputKey::page_down;
    case KEY_KP7:
    case KEY_HOME: return InputKey::home;
    case KEY_KP1:
    case KEY_END: return InputKey::end;
    case KEY_INSERT: return InputKey::insert_;
    case KEY_DELETE: return InputKey::delete_;
    case KEY_BACKSPACE: return InputKey::backspace;
    case KEY_SPACE: return InputKey::space;
    case KEY_KPENTER:
    case KEY_ENTER: return InputKey::enter;
    case KEY_ESC: return InputKey::escape;
    case KEY_LEFTSHIFT: return InputKey::left_shift;
    case KEY_RIGHTSHIFT: return InputKey::right_shift;
    case KEY_LEFTCTRL: return InputKey::left_ctrl;
    case KEY_RIGHTCTRL: return InputKey::right_ctrl;
    case KEY_LEFTALT: return InputKey::left_alt;
    case KEY_RIGHTALT: return InputKey::right_alt;
    default: return InputKey::none;
    }
}

char32_t character_of_code(int code, bool shift) {
    if (code == KEY_SPACE)
        return U' ';
    for (const auto& row : kUs) {
        const int at = code - row.first;
        if (at >= 0 && at < static_cast<int>(row.plain.size()))
            return static_cast<char32_t>(
                (shift ? row.shifted : row.plain)[static_cast<std::size_t>(at)]);
    }
    return 0;
}

} // namespace lifeboat::gui
