// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/lines.hpp"

#include <utility>

namespace lifeboat::text {

std::vector<Line> split_lines(std::string_view text) {
    std::vector<Line> lines;
    while (!text.empty()) {
        const auto newline = text.find('\n');
        auto body = text.substr(0, newline);
        std::string end;
        if (newline != std::string_view::npos) {
            end = "\n";
            if (!body.empty() && body.back() == '\r') {
                end = "\r\n";
                body.remove_suffix(1);
            }
        }
        lines.push_back({std::string(body), std::move(end)});
        text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    }
    return lines;
}

std::string join_lines(const std::vector<Line>& lines) {
    std::string text;
    for (const auto& line : lines)
        text += line.text + line.end;
    return text;
}

std::string line_ending(const std::vector<Line>& lines) {
    std::size_t dos = 0;
    std::size_t unix_ends = 0;
    for (const auto& line : lines) {
        if (line.end == "\r\n")
            ++dos;
        else if (line.end == "\n")
            ++unix_ends;
    }
    return dos > unix_ends ? "\r\n" : "\n";
}

void insert_line(std::vector<Line>& lines, std::size_t index, std::string text) {
    const auto end = line_ending(lines);
    if (index >= lines.size()) {
        if (!lines.empty() && lines.back().end.empty())
            lines.back().end = end;
        lines.push_back({std::move(text), end});
        return;
    }
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(index), {std::move(text), end});
}

std::size_t skip_blanks(std::string_view text, std::size_t position) {
    while (position < text.size() && is_blank(text[position]))
        ++position;
    return position;
}

std::size_t skip_word(std::string_view text, std::size_t position) {
    while (position < text.size() && !is_blank(text[position]))
        ++position;
    return position;
}

std::vector<Word> words(std::string_view line) {
    std::vector<Word> result;
    for (auto at = skip_blanks(line, 0); at < line.size();) {
        const auto end = skip_word(line, at);
        result.push_back({at, end - at});
        at = skip_blanks(line, end);
    }
    return result;
}

} // namespace lifeboat::text
