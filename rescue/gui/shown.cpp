// SPDX-License-Identifier: GPL-2.0-or-later
#include "gui/shown.hpp"

#include "base/text.hpp"
#include "base/utf.hpp"
#include "gui/fonts.hpp"

namespace lifeboat::gui {

namespace {

constexpr std::size_t kTabWidth = 4;

bool turns_direction(char32_t c) {
    // Marks, embeddings and isolates that reorder what follows (Unicode UAX 9, 2.1-2.5).
    return c == 0x061c || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f);
}

void append_escape(std::string& out, char32_t c) {
    out += "<U+" + hex(static_cast<std::uint64_t>(c), 4) + ">";
}

} // namespace

bool in_font(char32_t character) {
    for (const auto& range : kGlyphs)
        if (character >= range.first && character <= range.last)
            return true;
    return false;
}

std::string shown(std::string_view text) {
    const std::string plain = printable(text);
    std::string out;
    out.reserve(plain.size());
    for (std::size_t at = 0; at < plain.size();) {
        const std::size_t start = at;
        const auto c = next_code_point(plain, at);
        if (!c) {
            out += '?';
            at = start + 1;
        } else if (!in_font(*c) || turns_direction(*c)) {
            append_escape(out, *c);
        } else {
            out.append(plain, start, at - start);
        }
    }
    return out;
}

std::vector<std::string> shown_lines(std::string_view text) {
    std::vector<std::string> out;
    for (auto line : split(text, '\n')) {
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        std::string wide;
        for (const char c : line)
            c == '\t' ? wide.append(kTabWidth, ' ') : wide.append(1, c);
        out.push_back(shown(wide));
    }
    if (!out.empty() && out.back().empty())
        out.pop_back(); // the end of the last line is no line
    return out;
}

} // namespace lifeboat::gui
