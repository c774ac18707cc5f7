// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/sites.hpp"

#include "base/text.hpp"

namespace lifeboat::text {

std::string edit_sites(std::string_view file, const std::vector<Site>& sites,
                       const std::function<void(Arguments&, const Site&)>& edit) {
    std::string result;
    std::size_t copied = 0;
    for (const auto& site : sites) {
        if (site.offset < copied || site.offset > file.size() ||
            site.length > file.size() - site.offset)
            continue; // not a site of this file
        auto arguments = site.arguments(file);
        if (!arguments.well_formed())
            continue;
        edit(arguments, site);
        result += file.substr(copied, site.offset - copied);
        const auto edited = arguments.text();
        const bool quote = site.bare && edited.find_first_of(" \t") != std::string::npos;
        result += quote ? '"' + edited + '"' : edited;
        copied = site.offset + site.length;
    }
    result += file.substr(copied);
    return result;
}

bool is_linux_kernel(std::string_view path, const Arguments& arguments) {
    const auto slash = path.rfind('/');
    const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (icontains(name, "memtest") || icontains(name, ".c32") || icontains(name, "ipxe"))
        return false;
    for (const std::string_view part : {"vmlinu", "bzimage", "linux", "kernel"})
        if (icontains(name, part))
            return true;
    return !arguments.find("root").empty();
}

bool uses_kernelopts(std::string_view arguments) {
    return arguments.find("$kernelopts") != std::string_view::npos ||
           arguments.find("${kernelopts}") != std::string_view::npos;
}

std::vector<Site> cmdline_file_sites(std::string_view file) {
    Site site;
    // The whole first line; further lines are joined by kernel-install, so a console in any counts.
    site.length = file.size();
    while (site.length > 0 && (file[site.length - 1] == '\n' || file[site.length - 1] == '\r'))
        --site.length;
    if (site.length == 0)
        return {};
    site.line = 1;
    site.has_initrd = true;
    site.role = SiteRole::common;
    site.name = "command line";
    return {site};
}

} // namespace lifeboat::text
