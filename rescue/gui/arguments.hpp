// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of lifeboat-screen.
#pragma once

#include "base/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::gui {

struct Arguments {
    std::vector<std::string> disks;                 // empty: all disks of the machine
    std::string undo_folder = "/run/lifeboat/undo"; // where undo files go
    std::string markers;                            // a second place for the lines of stdout
    std::string screenshot;                         // draw to this PPM file and end
    int width = 1024, height = 768;                 // of the screenshot
    int wait_seconds = 5;                           // for a display to appear
    bool high_contrast = false;
    bool help = false;
};

[[nodiscard]] Result<Arguments> parse_arguments(std::span<const std::string_view> words);
[[nodiscard]] std::string_view help_text();

} // namespace lifeboat::gui
