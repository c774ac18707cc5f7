// SPDX-License-Identifier: GPL-2.0-or-later
// menu.lst, grub.conf: one command per line (GRUB 0.97 manual, "The list of command-line and menu
// entry commands"). Debian's update-grub keeps its settings in comments "# key=value" between two
// markers and writes the entries anew from them; "##" starts its explanations.
#include "text/lines.hpp"
#include "text/sites.hpp"

#include <optional>

namespace lifeboat::text {

namespace {

constexpr std::string_view kAutomagic = "### BEGIN AUTOMAGIC KERNELS LIST";
constexpr std::string_view kEndDefaults = "## ## End Default Options ##";

struct Found {
    std::size_t offset = 0; // of the value, from the start of the file
    std::size_t length = 0;
    std::size_t line = 0;
};

// A line of the file without its ending, and where it starts.
struct Piece {
    std::string_view text;
    std::size_t offset = 0;
    std::size_t line = 0;
};

std::vector<Piece> pieces(std::string_view file) {
    std::vector<Piece> result;
    std::size_t at = 0;
    for (std::size_t line = 1; at < file.size(); ++line) {
        const auto newline = file.find('\n', at);
        const auto end = newline == std::string_view::npos ? file.size() : newline;
        auto text = file.substr(at, end - at);
        if (!text.empty() && text.back() == '\r')
            text.remove_suffix(1);
        result.push_back({text, at, line});
        at = end + 1;
    }
    return result;
}

std::optional<Found> automagic(const std::vector<Piece>& lines, std::string_view key) {
    const auto start = "# " + std::string(key) + "=";
    bool inside = false;
    for (const auto& piece : lines) {
        inside = inside || piece.text.substr(0, kAutomagic.size()) == kAutomagic;
        if (piece.text.substr(0, kEndDefaults.size()) == kEndDefaults)
            break;
        if (inside && piece.text.substr(0, start.size()) == start)
            return Found{piece.offset + start.size(), piece.text.size() - start.size(), piece.line};
    }
    return std::nullopt;
}

// GRUB's own separator: blanks, and one '=' among them.
std::size_t skip_separator(std::string_view text, std::size_t at) {
    bool equals = false;
    while (at < text.size() && (is_blank(text[at]) || (text[at] == '=' && !equals))) {
        equals = equals || text[at] == '=';
        ++at;
    }
    return at;
}

std::string_view command_of(std::string_view text) {
    const auto start = skip_blanks(text, 0);
    const auto end = text.find_first_of(" \t=", start);
    return text.substr(start, end == std::string_view::npos ? end : end - start);
}

// The path of `kernel [--type=TYPE] [--no-mem-option] PATH ARGS` as a range of `text`.
Word kernel_path(std::string_view text) {
    const auto command = command_of(text);
    auto at = static_cast<std::size_t>(command.data() - text.data()) + command.size();
    at = skip_separator(text, at);
    while (text.substr(at, 2) == "--")
        at = skip_blanks(text, skip_word(text, at));
    return {at, skip_word(text, at) - at};
}

bool is_hypervisor(std::string_view path) {
    const auto slash = path.rfind('/');
    const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    return name.substr(0, 3) == "xen";
}

Site comment_site(const Found& found, std::string name) {
    Site site;
    site.offset = found.offset;
    site.length = found.length;
    site.line = found.line;
    site.role = SiteRole::part;
    site.has_initrd = true;
    site.name = std::move(name);
    return site;
}

// The defaults of update-grub: kopt goes to every entry, defoptions to the normal ones.
std::vector<Site> automagic_sites(std::string_view file, const std::vector<Piece>& lines) {
    std::vector<Site> sites;
    const auto kopt = automagic(lines, "kopt");
    const auto defoptions = automagic(lines, "defoptions");
    bool complete = false;
    if (kopt) {
        sites.push_back(comment_site(*kopt, "# kopt"));
        const auto state = console_state(sites.back().arguments(file));
        complete = state.xen || state.serial || state.other;
        if (!defoptions)
            sites.back().role = SiteRole::common;
    }
    if (defoptions) {
        sites.push_back(comment_site(*defoptions, "# defoptions"));
        if (!complete)
            sites.back().role = SiteRole::common;
    }
    if (sites.size() == 2 && sites[1].offset < sites[0].offset)
        std::swap(sites[0], sites[1]);
    return sites;
}

} // namespace

std::vector<Site> grub_legacy_sites(std::string_view file) {
    const auto lines = pieces(file);
    auto sites = automagic_sites(file, lines);
    std::optional<std::size_t> entry;
    for (const auto& piece : lines) {
        const auto command = command_of(piece.text);
        if (command == "title")
            entry.reset();
        if (command == "initrd" && entry)
            sites[*entry].has_initrd = true;
        if (command != "kernel")
            continue;
        entry.reset();
        const auto path = kernel_path(piece.text);
        if (path.length == 0 || is_hypervisor(path.in(piece.text)))
            continue;
        Site site;
        site.offset = piece.offset + path.offset + path.length;
        site.length = piece.text.size() - path.offset - path.length;
        site.line = piece.line;
        site.after_word = true;
        site.name = "kernel";
        if (!is_linux_kernel(path.in(piece.text), site.arguments(file)))
            site.role = SiteRole::part;
        // Entries usually follow the defaults; an entry in front of them keeps the order.
        auto place = sites.end();
        while (place != sites.begin() && (place - 1)->offset > site.offset)
            --place;
        entry = static_cast<std::size_t>(place - sites.begin());
        sites.insert(place, std::move(site));
    }
    return sites;
}

std::optional<std::string> automagic_value(std::string_view file, std::string_view key) {
    const auto found = automagic(pieces(file), key);
    if (!found)
        return std::nullopt;
    return std::string(file.substr(found->offset, found->length));
}

std::string set_automagic_value(std::string_view file, std::string_view key,
                                std::string_view value) {
    const auto found = automagic(pieces(file), key);
    std::string result(file);
    if (found)
        result.replace(found->offset, found->length, value);
    return result;
}

} // namespace lifeboat::text
