// SPDX-License-Identifier: GPL-2.0-or-later
// Boot Loader Specification entries (uapi-group.org, "Type #1 Boot Loader Entries") and the
// configuration of SYSLINUX/EXTLINUX (wiki.syslinux.org, "Config": keywords ignore case).
#include "base/text.hpp"
#include "text/lines.hpp"
#include "text/sites.hpp"

#include <optional>

namespace lifeboat::text {

namespace {

// Calls `visit(keyword, text, offset of text, line)` for every line that has a keyword.
template <class Visit> void each_keyword(std::string_view file, Visit visit) {
    std::size_t at = 0;
    for (std::size_t line = 1; at < file.size(); ++line) {
        const auto newline = file.find('\n', at);
        const auto end = newline == std::string_view::npos ? file.size() : newline;
        auto text = file.substr(at, end - at);
        if (!text.empty() && text.back() == '\r')
            text.remove_suffix(1);
        const auto start = skip_blanks(text, 0);
        const auto stop = skip_word(text, start);
        if (stop > start && text[start] != '#')
            visit(text.substr(start, stop - start), text.substr(stop), at + stop, line);
        at = end + 1;
    }
}

Site line_site(std::string_view text, std::size_t offset, std::size_t line, std::string name) {
    Site site;
    site.offset = offset;
    site.length = text.size();
    site.line = line;
    site.after_word = true;
    site.name = std::move(name);
    return site;
}

bool has_console(const Arguments& arguments) {
    const auto state = console_state(arguments);
    return state.serial || state.xen || state.other;
}

// A label of extlinux.conf while it is read.
struct Label {
    bool global = true; // the part in front of the first LABEL
    bool linux_kernel = false;
    bool other_kernel = false; // a module of SYSLINUX, or the hypervisor
    bool initrd = false;
    std::optional<std::size_t> append; // index of its site
};

void finish_label(const Label& label, std::string_view file, std::vector<Site>& sites) {
    if (!label.append)
        return;
    auto& site = sites[*label.append];
    const auto arguments = site.arguments(file);
    site.has_initrd = label.initrd || arguments.last("initrd").has_value();
    if (label.global)
        site.role = SiteRole::common;
    else if (!label.linux_kernel || label.other_kernel)
        site.role = SiteRole::part;
}

} // namespace

std::vector<Site> bls_sites(std::string_view file) {
    std::vector<Site> sites;
    bool initrd = false;
    bool linux_kernel = false;
    bool complete = false;
    each_keyword(file, [&](std::string_view key, std::string_view text, std::size_t offset,
                           std::size_t line) {
        initrd = initrd || key == "initrd";
        linux_kernel = linux_kernel || key == "linux";
        if (key != "options")
            return;
        sites.push_back(line_site(text, offset, line, "options"));
        complete = complete || uses_kernelopts(text) || has_console(sites.back().arguments(file));
    });
    // Several lines make one command line: only the last is completed, when none has a console.
    for (auto& site : sites) {
        site.has_initrd = initrd;
        site.role = SiteRole::part;
    }
    if (!sites.empty() && linux_kernel && !complete)
        sites.back().role = SiteRole::entry;
    return sites;
}

std::vector<Site> extlinux_sites(std::string_view file) {
    std::vector<Site> sites;
    Label label;
    each_keyword(file, [&](std::string_view key, std::string_view text, std::size_t offset,
                           std::size_t line) {
        const auto value = trim(text);
        if (iequals(key, "label")) {
            finish_label(label, file, sites);
            label = Label{};
            label.global = false;
        } else if (iequals(key, "linux") || iequals(key, "kernel")) {
            label.linux_kernel = is_linux_kernel(value, Arguments("", Quoting::plain, true)) ||
                                 iequals(key, "linux");
            label.other_kernel = icontains(value, ".c32") || icontains(value, "xen");
        } else if (iequals(key, "initrd")) {
            label.initrd = true;
        } else if (iequals(key, "append") && value != "-" && !value.empty()) {
            label.append = sites.size();
            sites.push_back(line_site(text, offset, line, "append"));
        }
    });
    finish_label(label, file, sites);
    return sites;
}

} // namespace lifeboat::text
