// SPDX-License-Identifier: GPL-2.0-or-later
#include "gui/platform_evdev.hpp"

#include "gui/platform_keymap.hpp"

#include <linux/input-event-codes.h>

#include <algorithm>
#include <optional>

namespace lifeboat::gui {

namespace {

// The pointer's button, or nothing. A touch is the left button.
std::optional<int> button_of_code(int code) {
    switch (code) {
    case BTN_LEFT:
    case BTN_TOUCH: return 0;
    case BTN_RIGHT: return 1;
    case BTN_MIDDLE: return 2;
    default: return std::nullopt;
    }
}

float scaled(std::int32_t value, Axis axis, float size) {
    if (axis.maximum <= axis.minimum || size < 1)
        return 0;
    const double part = (static_cast<double>(value) - axis.minimum) /
                        (static_cast<double>(axis.maximum) - axis.minimum);
    return static_cast<float>(std::clamp(part, 0.0, 1.0) * (static_cast<double>(size) - 1));
}

InputEvent button_event(int button, bool down) {
    InputEvent event;
    event.kind = InputEvent::Kind::button;
    event.button = button;
    event.down = down;
    return event;
}

InputEvent key_event(InputKey key, bool down) {
    InputEvent event;
    event.key = key;
    event.down = down;
    return event;
}

} // namespace

void DeviceState::take_key(int code, std::int32_t value, std::vector<InputEvent>& out) {
    constexpr std::int32_t kRepeat = 2;
    const bool down = value != 0;
    if (const auto button = button_of_code(code)) {
        if (value != kRepeat)
            out.push_back(button_event(*button, down));
    } else {
        out.push_back(key_event(key_of_code(code), down));
        const bool shift = held_.count(KEY_LEFTSHIFT) != 0 || held_.count(KEY_RIGHTSHIFT) != 0;
        const bool other = held_.count(KEY_LEFTCTRL) != 0 || held_.count(KEY_LEFTALT) != 0;
        if (const auto character = down && !other ? character_of_code(code, shift) : 0) {
            InputEvent event;
            event.kind = InputEvent::Kind::text;
            event.character = character;
            out.push_back(event);
        }
    }
    if (down)
        held_.insert(code);
    else
        held_.erase(code);
}

void DeviceState::take(std::uint16_t type, std::uint16_t code, std::int32_t value, Pointer& pointer,
                       std::vector<InputEvent>& out) {
    const auto move = [&] {
        pointer.x = std::clamp(pointer.x, 0.0F, std::max(0.0F, pointer.width - 1));
        pointer.y = std::clamp(pointer.y, 0.0F, std::max(0.0F, pointer.height - 1));
        InputEvent event;
        event.kind = InputEvent::Kind::pointer;
        event.x = pointer.x;
        event.y = pointer.y;
        out.push_back(event);
        moved_ = false;
    };
    switch (type) {
    case EV_REL:
        if (code == REL_X)
            pointer.x += static_cast<float>(value);
        else if (code == REL_Y)
            pointer.y += static_cast<float>(value);
        if (code == REL_WHEEL) {
            InputEvent event;
            event.kind = InputEvent::Kind::wheel;
            event.y = static_cast<float>(value);
            out.push_back(event);
        } else {
            moved_ = moved_ || code == REL_X || code == REL_Y;
        }
        break;
    case EV_ABS:
        if (code == ABS_X)
            pointer.x = scaled(value, x_, pointer.width);
        else if (code == ABS_Y)
            pointer.y = scaled(value, y_, pointer.height);
        moved_ = moved_ || code == ABS_X || code == ABS_Y;
        break;
    case EV_KEY:
        if (moved_) // a click lands where the pointer is by now
            move();
        take_key(code, value, out);
        break;
    case EV_SYN:
        if (code == SYN_DROPPED)
            release_all(out);
        else if (moved_)
            move();
        break;
    default: break;
    }
}

void DeviceState::release_all(std::vector<InputEvent>& out) {
    for (const int code : held_) {
        if (const auto button = button_of_code(code))
            out.push_back(button_event(*button, false));
        else
            out.push_back(key_event(key_of_code(code), false));
    }
    held_.clear();
}

} // namespace lifeboat::gui
