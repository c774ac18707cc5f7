// SPDX-License-Identifier: GPL-2.0-or-later
// The whole command, but for what main() owns: streams, signals and the clock.
#pragma once

#include "cli/console.hpp"

#include <ctime>
#include <string>
#include <vector>

namespace lifeboat::cli {

// `arguments` without the program's name; returns the exit code.
[[nodiscard]] int run(const std::vector<std::string>& arguments, Console& console, std::time_t now);

} // namespace lifeboat::cli
