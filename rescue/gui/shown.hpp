// SPDX-License-Identifier: GPL-2.0-or-later
// Text as the screen can show it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::gui {

// Guest text on one line: control characters and bytes that are not UTF-8 as \xNN, characters the
// font does not have, and those that turn the writing direction, as <U+XXXX>.
[[nodiscard]] std::string shown(std::string_view text);

// The same for text of several lines; tabs become blanks.
[[nodiscard]] std::vector<std::string> shown_lines(std::string_view text);

// True for the characters in the font that is built in (see fonts.hpp).
[[nodiscard]] bool in_font(char32_t character);

} // namespace lifeboat::gui
