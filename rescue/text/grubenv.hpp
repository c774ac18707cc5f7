// SPDX-License-Identifier: GPL-2.0-or-later
// GRUB's environment block (GNU GRUB manual, "The GRUB environment block"): a file of exactly 1024
// bytes that GRUB rewrites in place while it boots, so its size and blocks must never change. One
// `name=value` per line, a backslash in front of a newline or a backslash, '#' fills the rest.
#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lifeboat::text {

// Nothing when the block is not one, or has no such variable.
[[nodiscard]] std::optional<std::string> grubenv_value(std::string_view block,
                                                       std::string_view name);
// The block with another value for a variable it has, of the same size. `damaged` when it is no
// such block, `not_found` without the variable, `unsupported` when the value does not fit.
[[nodiscard]] Result<std::string> set_grubenv_value(std::string_view block, std::string_view name,
                                                    std::string_view value);

} // namespace lifeboat::text
