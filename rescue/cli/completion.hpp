// SPDX-License-Identifier: GPL-2.0-or-later
// Completion scripts, made from the command table.
#pragma once

#include "cli/parse.hpp"

#include <string>
#include <string_view>

namespace lifeboat::cli {

// `shell` is "bash", "zsh" or "fish"; `findings` are the ids that --only and explain take.
[[nodiscard]] std::string completion_script(std::string_view shell,
                                            const std::vector<CommandInfo>& commands,
                                            const std::vector<std::string>& findings);

} // namespace lifeboat::cli
