// SPDX-License-Identifier: GPL-2.0-or-later
// What a person does with keyboard and pointer, whatever the hardware is.
#pragma once

#include <cstdint>

namespace lifeboat::gui {

enum class InputKey : std::uint8_t {
    none,
    tab,
    left,
    right,
    up,
    down,
    page_up,
    page_down,
    home,
    end,
    insert_,
    delete_,
    backspace,
    space,
    enter,
    escape,
    left_shift,
    right_shift,
    left_ctrl,
    right_ctrl,
    left_alt,
    right_alt,
    f1,
    f2,
    f3,
    f4,
    f5,
    f6,
    f7,
    f8,
    f9,
    f10,
    f11,
    f12,
};

struct InputEvent {
    enum class Kind : std::uint8_t { key, text, pointer, button, wheel };
    Kind kind = Kind::key;
    InputKey key = InputKey::none;
    bool down = false;      // key, button
    char32_t character = 0; // text
    float x = 0, y = 0;     // pointer: pixels of the screen; wheel: y in notches, up is positive
    int button = 0;         // 0 left, 1 right, 2 middle
};

} // namespace lifeboat::gui
