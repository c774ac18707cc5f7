// SPDX-License-Identifier: GPL-2.0-or-later
// One input device: turns the kernel's events into ours. Apart from the reading, so that it can be
// tried with made-up events.
#pragma once

#include "gui/input.hpp"

#include <cstdint>
#include <set>
#include <vector>

namespace lifeboat::gui {

// Where the pointer is: all devices move the same one.
struct Pointer {
    float x = 0, y = 0, width = 0, height = 0;
};

// What the device says about an axis (EVIOCGABS).
struct Axis {
    int minimum = 0, maximum = 0;
};

class DeviceState {
public:
    DeviceState() = default;
    DeviceState(Axis x, Axis y) : x_(x), y_(y) {}

    // One event: type, code, value as in linux/input.h. Shift is shared with no other device.
    void take(std::uint16_t type, std::uint16_t code, std::int32_t value, Pointer& pointer,
              std::vector<InputEvent>& out);
    // Lets go of everything that is held: the device is gone, or events were lost.
    void release_all(std::vector<InputEvent>& out);

private:
    void take_key(int code, std::int32_t value, std::vector<InputEvent>& out);
    Axis x_, y_;
    std::set<int> held_; // key codes
    bool moved_ = false;
};

} // namespace lifeboat::gui
