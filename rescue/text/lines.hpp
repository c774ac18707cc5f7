// SPDX-License-Identifier: GPL-2.0-or-later
// A text file as lines that keep their own endings, so that what is not edited stays byte for byte.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::text {

struct Line {
    std::string text; // without its ending
    std::string end;  // "\n", "\r\n", or "" for a last line without one

    bool operator==(const Line&) const = default;
};

// join_lines(split_lines(t)) == t for every t.
[[nodiscard]] std::vector<Line> split_lines(std::string_view text);
[[nodiscard]] std::string join_lines(const std::vector<Line>& lines);
// The ending that most lines have; "\n" for a text without any.
[[nodiscard]] std::string line_ending(const std::vector<Line>& lines);
// Inserts a line before `index` (at most lines.size()) with the file's own ending, and completes a
// last line that has none.
void insert_line(std::vector<Line>& lines, std::size_t index, std::string text);

[[nodiscard]] constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
// Bytes of `text` from `position` that are blanks or tabs.
[[nodiscard]] std::size_t skip_blanks(std::string_view text, std::size_t position);
[[nodiscard]] std::size_t skip_word(std::string_view text, std::size_t position);

struct Word {
    std::size_t offset = 0;
    std::size_t length = 0;
    [[nodiscard]] std::string_view in(std::string_view text) const {
        return text.substr(offset, length);
    }
};
// The words of one line, separated by blanks and tabs.
[[nodiscard]] std::vector<Word> words(std::string_view line);

} // namespace lifeboat::text
