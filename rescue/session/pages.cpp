// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/pages.hpp"

#include "session/documents.hpp"

#include <algorithm>

namespace lifeboat::session {

std::optional<std::string_view> finding_page(std::string_view id) {
    for (const auto& page : page_table())
        if (page.id == id)
            return page.text;
    return std::nullopt;
}

std::vector<std::string_view> finding_pages() {
    std::vector<std::string_view> out;
    for (const auto& page : page_table())
        out.push_back(page.id);
    std::sort(out.begin(), out.end());
    return out;
}

} // namespace lifeboat::session
