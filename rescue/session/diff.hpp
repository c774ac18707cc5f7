// SPDX-License-Identifier: GPL-2.0-or-later
// What differs between two texts, as a unified diff (POSIX diff -u). Time and memory are bounded:
// texts that differ in very many places are shown as one replaced piece.
#pragma once

#include "base/bytes.hpp"

#include <string>
#include <string_view>

namespace lifeboat::session {

// True when `content` can be shown as lines: no NUL byte, and not too large to compare.
[[nodiscard]] bool is_text(ByteSpan content);

// Empty when both are equal. An empty name stands for "not there" (/dev/null). The text of the
// lines is as in the file; whoever shows it makes it printable.
[[nodiscard]] std::string unified_diff(std::string_view before, std::string_view after,
                                       std::string_view before_name, std::string_view after_name);

} // namespace lifeboat::session
