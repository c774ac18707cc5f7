// SPDX-License-Identifier: GPL-2.0-or-later
// The pages of docs/findings as they were at build time.
#pragma once

#include <span>
#include <string_view>

namespace lifeboat::session {

struct Page {
    std::string_view id;
    std::string_view text; // Markdown
};

[[nodiscard]] std::span<const Page> page_table();

} // namespace lifeboat::session
