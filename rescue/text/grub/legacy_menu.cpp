// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/grub/legacy_menu.hpp"

#include "base/text.hpp"
#include "text/lines.hpp"

#include <algorithm>
#include <charconv>

namespace lifeboat::text::grub {

namespace {

std::optional<int> number_of(std::string_view text) {
    int out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end != text.data() ? std::optional(out) : std::nullopt;
}

std::string without_brackets(std::string_view device) {
    const auto close = device.find(')');
    if (!device.starts_with("(") || close == std::string_view::npos)
        return std::string(device);
    return std::string(device.substr(1, close - 1));
}

void read_kernel(LegacyEntry& entry, std::string_view rest) {
    auto list = words(rest);
    while (!list.empty() && list.front().in(rest).starts_with("--"))
        list.erase(list.begin());
    if (list.empty())
        return;
    entry.kernel = list.front().in(rest);
    entry.line = trim(rest.substr(list.front().offset + list.front().length));
}

void read_entry_line(LegacyEntry& entry, std::string_view name, std::string_view rest) {
    const auto list = words(rest);
    const auto first = list.empty() ? std::string_view() : list.front().in(rest);
    if (name == "root" || name == "rootnoverify")
        entry.root = without_brackets(first);
    else if (name == "kernel")
        read_kernel(entry, rest);
    else if (name == "initrd")
        entry.ramdisk = first;
    else if (name == "chainloader")
        entry.chainloads = true;
    else if (name == "password" || name == "lock")
        entry.asks_password = true;
}

} // namespace

LegacyMenu read_legacy_menu(std::string_view file) {
    LegacyMenu menu;
    for (const auto& line : split_lines(file)) {
        const auto text = trim(line.text);
        if (text.empty() || text.front() == '#')
            continue;
        const auto end = std::min(text.find_first_of(" \t="), text.size());
        const auto name = text.substr(0, end);
        auto rest = text.substr(end);
        while (!rest.empty() && (is_blank(rest.front()) || rest.front() == '='))
            rest.remove_prefix(1);
        if (name == "title") {
            menu.entries.push_back({});
            menu.entries.back().title = rest;
        } else if (!menu.entries.empty()) {
            read_entry_line(menu.entries.back(), name, rest);
        } else if (name == "default") {
            menu.saved = rest == "saved";
            menu.chosen = static_cast<std::size_t>(std::max(0, number_of(rest).value_or(0)));
        } else if (name == "timeout") {
            menu.timeout = number_of(rest);
        } else if (name == "fallback") {
            for (const auto& word : words(rest))
                if (const auto number = number_of(word.in(rest)); number && *number >= 0)
                    menu.fallback.push_back(static_cast<std::size_t>(*number));
        }
    }
    return menu;
}

} // namespace lifeboat::text::grub
