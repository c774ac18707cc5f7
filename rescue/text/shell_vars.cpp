// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/shell_vars.hpp"

#include "text/lines.hpp"

namespace lifeboat::text {

namespace {

bool is_name_char(char c, bool first) {
    return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (!first && c >= '0' && c <= '9');
}

std::size_t name_length(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && is_name_char(text[length], length == 0))
        ++length;
    return length;
}

// One past the end of a quoted string whose first quote is at `at`; npos when it is not closed.
std::size_t quoted_end(std::string_view text, std::size_t at) {
    const char quote = text[at];
    for (++at; at < text.size() && text[at] != quote; ++at)
        if (text[at] == '\\' && quote == '"')
            ++at;
    return at < text.size() ? at + 1 : std::string_view::npos;
}

// Fills in the value that starts at `at`; returns one past it, or where to go on.
std::size_t read_value(std::string_view file, std::size_t at, Assignment& found) {
    const char first = at < file.size() ? file[at] : '\n';
    auto end = at;
    if (first == '"' || first == '\'') {
        end = quoted_end(file, at);
        if (end == std::string_view::npos)
            return file.size();
        found.quoting = first == '"' ? Quoting::in_double : Quoting::in_single;
        found.offset = at + 1;
        found.length = end - at - 2;
    } else {
        while (end < file.size() &&
               std::string_view(" \t\r\n;#&|").find(file[end]) == std::string_view::npos)
            ++end;
        found.offset = at;
        found.length = end - at;
    }
    const auto value = found.value(file);
    const bool expands =
        found.quoting != Quoting::in_single && value.find_first_of("$`") != std::string_view::npos;
    // Something glued to the value ("a"$B), or a quote inside an unquoted one, makes it composite.
    const bool ends = end >= file.size() ||
                      std::string_view(" \t\r\n;").find(file[end]) != std::string_view::npos;
    const bool odd =
        found.quoting == Quoting::plain && value.find_first_of("\"'\\") != std::string_view::npos;
    found.literal = !expands && ends && !odd;
    return end;
}

} // namespace

Site Assignment::site(SiteRole role) const {
    Site result;
    result.offset = offset;
    result.length = length;
    result.line = line;
    result.quoting = quoting;
    result.role = role;
    result.bare = quoting == Quoting::plain;
    result.has_initrd = true;
    result.name = name;
    return result;
}

std::vector<Assignment> assignments(std::string_view file) {
    std::vector<Assignment> result;
    std::size_t line = 1;
    for (std::size_t at = 0; at < file.size();) {
        const auto start = at;
        auto cursor = skip_blanks(file, at);
        bool nested = cursor != start;
        if (file.substr(cursor, 7) == "export ")
            cursor = skip_blanks(file, cursor + 7);
        const auto length = name_length(file.substr(cursor));
        const auto equals = cursor + length;
        const bool appends = file.substr(equals, 2) == "+=";
        if (length > 0 && (appends || (equals < file.size() && file[equals] == '='))) {
            Assignment found;
            found.name = std::string(file.substr(cursor, length));
            found.appends = appends;
            found.nested = nested;
            found.line = line;
            cursor = read_value(file, equals + (appends ? 2 : 1), found);
            if (found.offset != 0)
                result.push_back(std::move(found));
        }
        auto end = file.find('\n', cursor);
        end = end == std::string_view::npos ? file.size() : end + 1;
        for (auto i = start; i < end; ++i)
            if (file[i] == '\n')
                ++line;
        at = end;
    }
    return result;
}

std::optional<Assignment> last_assignment(std::string_view file, std::string_view name) {
    std::optional<Assignment> last;
    for (auto& assignment : assignments(file))
        if (assignment.name == name)
            last = std::move(assignment);
    return last;
}

std::string append_assignment(std::string_view file, std::string_view name,
                              std::string_view value) {
    auto lines = split_lines(file);
    insert_line(lines, lines.size(), std::string(name) + "=\"" + std::string(value) + "\"");
    return join_lines(lines);
}

} // namespace lifeboat::text
