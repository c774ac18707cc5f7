// SPDX-License-Identifier: GPL-2.0-or-later
// Source: the SYSLINUX wiki, "Config", as far as GRUB understands it.
#include "text/grub/convert.hpp"

#include "base/text.hpp"
#include "text/grub/script.hpp"
#include "text/lines.hpp"

#include <algorithm>

namespace lifeboat::text::grub {

namespace {

struct Label {
    std::string name, title, kernel, append;
    std::vector<std::string> ramdisk;
    bool linux_ = true;
};

struct Menu {
    std::string wanted;
    long timeout = 0; // tenths of a second
    std::vector<Label> labels;
};

std::string path_of(std::string_view folder, std::string_view name) {
    return (name.starts_with("/") ? quoted("/") : quoted(folder)) + "/" + quoted(name);
}

void add_ramdisks(Label& label, std::string_view list) {
    for (const auto name : split_nonempty(list, ','))
        label.ramdisk.emplace_back(name);
}

// Without the mark of the key.
std::string title_of(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] != '^' || i + 1 == text.size())
            out += text[i];
    return out;
}

bool ends_in(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && iequals(text.substr(text.size() - end.size()), end);
}

// KERNEL starts other things than Linux when its name ends so.
bool names_linux(std::string_view kernel) {
    for (const auto end : {".0", ".bin", ".bs", ".bss", ".c32", ".cbt", ".com", ".img"})
        if (ends_in(kernel, end))
            return false;
    return true;
}

void read_label_line(Label& label, const std::string& key, std::string_view rest) {
    if (key == "kernel" || key == "linux") {
        label.kernel = rest;
        label.linux_ = key == "linux" || names_linux(rest);
    } else if (key == "append") {
        label.append = rest;
    } else if (key == "initrd") {
        add_ramdisks(label, rest);
    } else if (key == "menu" && istarts_with(rest, "label")) {
        label.title = title_of(trim(rest.substr(5)));
    } else if (key == "localboot" || key == "boot" || key == "com32" || key == "config") {
        label.kernel = rest;
        label.linux_ = false;
    }
}

Menu parse(std::string_view file) {
    Menu menu;
    for (const auto& line : split_lines(file)) {
        const auto text = trim(line.text);
        if (text.empty() || text.front() == '#')
            continue;
        const auto end = std::min(text.find_first_of(" \t"), text.size());
        const auto key = to_lower_ascii(text.substr(0, end));
        const auto rest = trim(text.substr(end));
        if (key == "label") {
            menu.labels.push_back({});
            menu.labels.back().name = rest;
        } else if (key == "default") {
            menu.wanted = rest;
        } else if (key == "timeout") {
            menu.timeout = 0;
            for (const char c : rest.substr(0, 6))
                menu.timeout = c >= '0' && c <= '9' ? menu.timeout * 10 + (c - '0') : menu.timeout;
        } else if (!menu.labels.empty()) {
            read_label_line(menu.labels.back(), key, rest);
        }
    }
    return menu;
}

// APPEND goes into the script as it stands; an initrd= in it is loaded first.
std::string body_of(const Label& label, std::string_view folder) {
    if (!label.linux_ || label.kernel.empty())
        return "true\n";
    std::string out =
        "if test x$grub_platform = xpc; then linux_suffix=16; else linux_suffix= ; fi\n"
        "linux$linux_suffix " +
        path_of(folder, label.kernel) + " " + label.append + "\n";
    std::string disks;
    for (const auto& word : words(label.append))
        if (const auto text = word.in(label.append); istarts_with(text, "initrd=")) {
            disks = " " + path_of(folder, text.substr(7));
            break;
        }
    for (const auto& name : label.ramdisk)
        disks += " " + path_of(folder, name);
    return disks.empty() ? out : out + "initrd$linux_suffix" + disks + "\n";
}

} // namespace

std::string syslinux_to_script(std::string_view file, std::string_view folder) {
    const auto menu = parse(file);
    std::string out;
    // Without a timeout GRUB makes no menu: the default's commands run at once.
    if (menu.timeout == 0 && !menu.wanted.empty()) {
        for (const auto& label : menu.labels)
            if (iequals(label.name, menu.wanted))
                out += body_of(label, folder);
        return out;
    }
    out = "set timeout=" + std::to_string((menu.timeout + 9) / 10) + "\n";
    if (!menu.wanted.empty())
        out += "default=" + quoted(menu.wanted) + "\n";
    for (const auto& label : menu.labels)
        out += "menuentry " + quoted(label.title.empty() ? label.name : label.title) + " --id " +
               quoted(label.name) + " {\n" + body_of(label, folder) + "}\n";
    return out;
}

} // namespace lifeboat::text::grub
