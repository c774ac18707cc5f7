// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/fstab.hpp"

#include "base/text.hpp"

namespace lifeboat::text {

namespace {

// fstab(5): \040 is a blank, \011 a tab, \012 a newline, \134 a backslash.
std::string unescape(std::string_view field) {
    std::string result;
    for (std::size_t i = 0; i < field.size(); ++i) {
        const auto octal = field.substr(i + 1, 3);
        if (field[i] == '\\' && octal.size() == 3 &&
            octal.find_first_not_of("01234567") == std::string_view::npos) {
            const int value = (octal[0] - '0') * 64 + (octal[1] - '0') * 8 + (octal[2] - '0');
            result += static_cast<char>(static_cast<unsigned char>(value));
            i += 3;
        } else {
            result += field[i];
        }
    }
    return result;
}

// Older files put LABEL="x" in quotes; mount takes both.
std::string without_quotes(std::string spec) {
    const auto equals = spec.find("=\"");
    if (equals != std::string::npos && spec.size() > equals + 2 && spec.back() == '"') {
        spec.pop_back();
        spec.erase(equals + 1, 1);
    }
    return spec;
}

} // namespace

bool FstabEntry::has_option(std::string_view option) const {
    for (const auto part : split(options, ','))
        if (part == option)
            return true;
    return false;
}

std::vector<FstabEntry> fstab_entries(std::string_view file) {
    std::vector<FstabEntry> entries;
    const auto lines = split_lines(file);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto fields = words(lines[i].text);
        if (fields.size() < 3 || lines[i].text[fields[0].offset] == '#')
            continue;
        const auto field = [&](std::size_t n) { return unescape(fields[n].in(lines[i].text)); };
        FstabEntry entry;
        entry.line = i + 1;
        entry.spec = without_quotes(field(0));
        entry.mount_point = field(1);
        entry.type = field(2);
        if (fields.size() > 3)
            entry.options = field(3);
        if (fields.size() > 5 && fields[5].length == 1)
            entry.pass = field(5)[0] - '0';
        entries.push_back(std::move(entry));
    }
    return entries;
}

std::string set_fstab_spec(std::string_view file, std::size_t line, std::string_view spec) {
    auto lines = split_lines(file);
    if (line == 0 || line > lines.size())
        return std::string(file);
    auto& text = lines[line - 1].text;
    const auto fields = words(text);
    if (!fields.empty())
        text.replace(fields[0].offset, fields[0].length, spec);
    return join_lines(lines);
}

} // namespace lifeboat::text
