// SPDX-License-Identifier: GPL-2.0-or-later
// Source: GNU GRUB Legacy manual, "The list of available commands".
#include "text/grub/convert.hpp"

#include "base/text.hpp"
#include "text/grub/script.hpp"
#include "text/lines.hpp"

#include <algorithm>
#include <charconv>

namespace lifeboat::text::grub {

namespace {

// "(hd0,0)/x" to "(hd0,1)/x"; anything else stays.
std::string counted_from_one(std::string_view name) {
    if (name.empty() || name.front() != '(')
        return std::string(name);
    const auto comma = name.find_first_of(",)");
    if (comma == std::string_view::npos || name[comma] != ',')
        return std::string(name);
    unsigned number = 0;
    const auto digits = name.substr(comma + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || number > 1000)
        return std::string(name);
    const auto rest = digits.substr(static_cast<std::size_t>(end - digits.data()));
    return std::string(name.substr(0, comma + 1)) + std::to_string(number + 1) + std::string(rest);
}

std::string first_word(std::string_view text) {
    const auto list = words(text);
    return list.empty() ? std::string() : std::string(list.front().in(text));
}

std::string all_quoted(std::string_view text) {
    std::string out;
    for (const auto& word : words(text))
        out += (out.empty() ? "" : " ") + quoted(word.in(text));
    return out;
}

std::string number_of(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c < '0' || c > '9')
            break;
        out += c;
    }
    return out.empty() ? "0" : out;
}

bool is_kernel_option(std::string_view word) {
    return word == "--no-mem-option" || word.starts_with("--type=");
}

// kernel [OPTIONS] FILE WORDS...: the file, then everything as it stands, the file included.
std::string kernel(std::string_view rest) {
    std::string out = "legacy_kernel";
    auto list = words(rest);
    while (!list.empty() && is_kernel_option(list.front().in(rest))) {
        out += " " + std::string(list.front().in(rest));
        rest = rest.substr(list.front().offset + list.front().length);
        list = words(rest);
    }
    return out + " " + quoted(counted_from_one(first_word(rest))) + " " + all_quoted(rest) + "\n";
}

std::string with_file(std::string_view command, std::string_view rest) {
    return std::string(command) + " " + quoted(counted_from_one(first_word(rest))) + " " +
           all_quoted(rest) + "\n";
}

std::string with_device(std::string_view before, std::string_view rest) {
    return std::string(before) + quoted(counted_from_one(first_word(rest))) + "\n";
}

// One command outside `title` and `hiddenmenu`; empty for what GRUB 2 leaves out.
std::string converted(std::string_view name, std::string_view rest, bool in_entry) {
    if (name == "kernel")
        return kernel(rest);
    if (name == "initrd" || name == "module")
        return with_file("legacy_initrd", rest);
    if (name == "modulenounzip")
        return with_file("legacy_initrd_nounzip", rest);
    if (name == "root" || name == "rootnoverify")
        return rest.empty() ? std::string() : with_device("set root=", rest);
    if (name == "default")
        return "set default=" + quoted(trim(rest)) +
               "; if [ x\"$default\" = xsaved ]; then load_env; set default=\"$saved_entry\"; fi\n";
    if (name == "fallback")
        return "set fallback=" + quoted(trim(rest)) + "\n";
    if (name == "timeout")
        return "set timeout=" + number_of(rest) + "\n";
    if (name == "uuid")
        return "search --set=root --fs-uuid " + quoted(trim(rest)) + "\n";
    if (name == "find")
        return "search -f " + quoted(counted_from_one(first_word(rest))) + "\n";
    if (name == "configfile")
        return with_device("legacy_configfile ", rest);
    if (name == "chainloader") {
        const bool force = first_word(rest) == "--force";
        if (force)
            rest = trim(rest.substr(rest.find("--force") + 7));
        return "chainloader " + quoted(counted_from_one(first_word(rest))) + "\n";
    }
    if (name == "password")
        return in_entry ? "if legacy_check_password; then true; else return; fi\n"
                        : "if [ \"$superusers\" = \"\" ]; then superusers=legacy; fi\n";
    if (name == "lock")
        return "if authenticate legacy; then true; else return; fi\n";
    if (name == "savedefault")
        return "saved_entry=${chosen}; save_env saved_entry\n";
    if (name == "boot" || name == "halt" || name == "reboot")
        return std::string(name) + "\n";
    return {};
}

} // namespace

ConvertedMenu legacy_to_script(std::string_view menu) {
    ConvertedMenu out;
    for (const auto& line : split_lines(menu)) {
        const auto text = trim(line.text);
        if (text.empty() || text.front() == '#')
            continue;
        const auto end = std::min(text.find_first_of(" \t="), text.size());
        const auto name = text.substr(0, end);
        auto rest = text.substr(end);
        while (!rest.empty() && (is_blank(rest.front()) || rest.front() == '='))
            rest.remove_prefix(1);
        if (name == "title")
            out.entries.push_back({std::string(rest), {}});
        else if (name == "hiddenmenu")
            out.after = "if sleep -i $timeout; then timeout=0; else timeout=-1; fi\n";
        else
            (out.entries.empty() ? out.before : out.entries.back().source) +=
                converted(name, rest, !out.entries.empty());
    }
    return out;
}

} // namespace lifeboat::text::grub
