// SPDX-License-Identifier: GPL-2.0-or-later
// Files of shell variables that another program sources: /etc/default/grub, /etc/sysconfig/*.
#pragma once

#include "text/sites.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::text {

struct Assignment {
    std::string name;
    bool appends = false; // NAME+=
    bool literal = false; // one value, quoted or not, without any expansion
    bool nested = false;  // indented or behind something else: it may not always be executed
    Quoting quoting = Quoting::plain;
    std::size_t offset = 0; // of the value between the quotes
    std::size_t length = 0;
    std::size_t line = 0; // counts from 1

    [[nodiscard]] std::string_view value(std::string_view file) const {
        return file.substr(offset, length);
    }
    [[nodiscard]] Site site(SiteRole role) const;
};

// All assignments in file order; the last one wins when a shell reads it.
[[nodiscard]] std::vector<Assignment> assignments(std::string_view file);
[[nodiscard]] std::optional<Assignment> last_assignment(std::string_view file,
                                                        std::string_view name);
// `file` with a last line `NAME="value"`, in the file's own line ending.
[[nodiscard]] std::string append_assignment(std::string_view file, std::string_view name,
                                            std::string_view value);

} // namespace lifeboat::text
