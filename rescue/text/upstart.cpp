// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/upstart.hpp"

#include "base/text.hpp"
#include "text/lines.hpp"

namespace lifeboat::text {

namespace {

std::string replace_word(std::string text, std::string_view from, std::string_view to) {
    const auto part_of_word = [](char c) {
        return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
               (c >= 'A' && c <= 'Z');
    };
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
        const auto end = at + from.size();
        const bool whole = (at == 0 || !part_of_word(text[at - 1])) &&
                           (end == text.size() || !part_of_word(text[end]));
        if (whole)
            text.replace(at, from.size(), to);
        at += whole ? to.size() : from.size();
    }
    return text;
}

std::string_view first_word(std::string_view line) {
    const auto parts = words(line);
    return parts.empty() ? std::string_view{} : parts[0].in(line);
}

} // namespace

std::string upstart_job_for(std::string_view job, std::string_view old_terminal,
                            std::string_view terminal, std::string_view command) {
    auto lines = split_lines(job);
    bool exec = false;
    for (auto& line : lines) {
        if (first_word(line.text) == "exec" && line.text.substr(0, 4) == "exec") {
            line.text = "exec " + std::string(command);
            exec = true;
        } else {
            line.text = replace_word(line.text, old_terminal, terminal);
        }
    }
    if (!exec)
        insert_line(lines, lines.size(), "exec " + std::string(command));
    return join_lines(lines);
}

bool upstart_is_manual(std::string_view override_file) {
    for (const auto& line : split_lines(override_file))
        if (first_word(line.text) == "manual")
            return true;
    return false;
}

bool securetty_lists(std::string_view file, std::string_view terminal) {
    for (const auto& line : split_lines(file))
        if (trim(line.text) == terminal)
            return true;
    return false;
}

std::string with_securetty(std::string_view file, std::string_view terminal) {
    if (securetty_lists(file, terminal))
        return std::string(file);
    auto lines = split_lines(file);
    insert_line(lines, lines.size(), std::string(terminal));
    return join_lines(lines);
}

} // namespace lifeboat::text
