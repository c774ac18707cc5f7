// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/menu_pager.hpp"

#include "base/text.hpp"
#include "base/utf.hpp"

#include <algorithm>

namespace lifeboat::cli {

namespace {

// Bytes of the first `columns` characters of valid UTF-8.
std::size_t bytes_of(std::string_view text, std::size_t columns) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < columns && at < text.size(); ++i)
        if (!next_code_point(text, at))
            ++at;
    return at;
}

void wrap_line(std::string_view line, std::size_t columns, std::vector<std::string>& out) {
    const auto indent = std::min(line.find_first_not_of(' '), columns / 2);
    const std::string blanks(indent == std::string_view::npos ? 0 : indent, ' ');
    std::string rest(line);
    for (;;) {
        const auto fits = bytes_of(rest, columns);
        if (fits >= rest.size()) {
            out.push_back(rest);
            return;
        }
        auto cut = rest.rfind(' ', fits);
        if (cut == std::string::npos || cut <= blanks.size())
            cut = fits;
        out.push_back(rest.substr(0, cut));
        rest = blanks + std::string(trim(std::string_view(rest).substr(cut)));
    }
}

} // namespace

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
    std::vector<std::string> out;
    auto lines = split(text, '\n');
    if (!lines.empty() && lines.back().empty())
        lines.pop_back();
    for (auto line : lines) {
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        std::string wide;
        for (const char c : line)
            c == '\t' ? wide.append(4, ' ') : wide.append(1, c);
        wrap_line(printable(wide), std::max<std::size_t>(columns, 20), out);
    }
    return out;
}

bool show_pages(MenuTerminal& terminal, std::string_view text, std::size_t rows,
                std::size_t columns) {
    const auto lines = wrapped(text, columns - 1);
    const std::size_t page = std::max<std::size_t>(rows, 6) - 2;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        terminal.write(lines[i] + "\n");
        if ((i + 1) % page != 0 || i + 1 == lines.size())
            continue;
        terminal.write("-- line " + std::to_string(i + 1) + " of " + std::to_string(lines.size()) +
                       ": Enter shows more, q stops -- ");
        const auto answer = terminal.read_line();
        if (!answer)
            return false;
        if (trim(*answer) == "q")
            return true;
    }
    return true;
}

} // namespace lifeboat::cli
