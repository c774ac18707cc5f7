// SPDX-License-Identifier: GPL-2.0-or-later
// Long text on a terminal that cannot scroll.
#pragma once

#include "cli/menu.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::cli {

// Lines made printable and cut into pieces of at most `columns` characters, at blanks where it can.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

// Shows it page by page. False when the input ended meanwhile.
[[nodiscard]] bool show_pages(MenuTerminal& terminal, std::string_view text, std::size_t rows,
                              std::size_t columns);

} // namespace lifeboat::cli
