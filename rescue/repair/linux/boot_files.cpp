// SPDX-License-Identifier: GPL-2.0-or-later
#include "repair/linux/boot_files.hpp"

#include "text/grubenv.hpp"
#include "text/shell_vars.hpp"

#include <set>
#include <utility>

namespace lifeboat::repair {

namespace {

// Larger configuration files than this are nobody's; they are not read.
constexpr std::uint64_t kConfigLimit = 4U << 20;
constexpr std::size_t kEntryLimit = 1000; // files in one directory of entries
constexpr std::string_view kKernelOpts = "kernelopts";

// Places where distributions and pv-grub look. /boot/boot: a /boot volume with its own "boot".
const std::pair<const char*, BootFileKind> kFiles[] = {
    {"/boot/grub/grub.cfg", BootFileKind::grub2},
    {"/boot/grub2/grub.cfg", BootFileKind::grub2},
    {"/boot/grub/custom.cfg", BootFileKind::grub2},
    {"/boot/grub2/custom.cfg", BootFileKind::grub2},
    {"/boot/grub/grubenv", BootFileKind::grubenv},
    {"/boot/grub2/grubenv", BootFileKind::grubenv},
    {"/boot/grub/menu.lst", BootFileKind::grub_legacy},
    {"/boot/grub/grub.conf", BootFileKind::grub_legacy},
    {"/boot/boot/grub/menu.lst", BootFileKind::grub_legacy},
    {"/boot/boot/grub/grub.conf", BootFileKind::grub_legacy},
    {"/etc/grub.conf", BootFileKind::grub_legacy},
    {"/boot/extlinux.conf", BootFileKind::extlinux},
    {"/boot/extlinux/extlinux.conf", BootFileKind::extlinux},
    {"/boot/syslinux/syslinux.cfg", BootFileKind::extlinux},
    {"/boot/syslinux.cfg", BootFileKind::extlinux},
    {"/etc/default/grub", BootFileKind::grub_default},
    {"/etc/kernel/cmdline", BootFileKind::cmdline},
    {"/etc/update-extlinux.conf", BootFileKind::other_default},
    {"/etc/sysconfig/bootloader", BootFileKind::other_default},
};

// Directories of which every file with this ending counts.
struct Folder {
    const char* path;
    std::string_view ending;
    BootFileKind kind;
};
const Folder kFolders[] = {
    {"/boot/loader/entries", ".conf", BootFileKind::bls},
    {"/boot/efi/loader/entries", ".conf", BootFileKind::bls},
    {"/efi/loader/entries", ".conf", BootFileKind::bls},
    {"/etc/default/grub.d", ".cfg", BootFileKind::grub_default},
};

// Where the EFI system partition is mounted. Red Hat kept the whole configuration in a directory of
// it until version 8; others have a few lines there that lead to /boot.
const char* const kEfi[] = {"/boot/efi/EFI", "/efi/EFI", "/boot/EFI"};

class Collector {
public:
    explicit Collector(const fs::Tree& tree) : tree_(tree) {}

    Result<void> add(const std::string& path, BootFileKind kind) {
        LIFEBOAT_TRY(const auto node, tree_.stat(path));
        if (!node || node->type != fs::NodeType::file)
            return {};
        LIFEBOAT_TRY(const auto place, tree_.locate(path));
        if (!seen_.insert(place.volume + ":" + std::to_string(node->id)).second)
            return {};
        LIFEBOAT_TRY(auto text, tree_.read_text(path, kConfigLimit));
        if (text)
            files_.push_back({place.full, kind, std::move(*text)});
        return {};
    }

    Result<void> add_folder(const Folder& folder) {
        LIFEBOAT_TRY(const auto node, tree_.stat(folder.path));
        if (!node || node->type != fs::NodeType::directory)
            return {};
        LIFEBOAT_TRY(const auto nodes, tree_.list(folder.path));
        if (nodes.size() > kEntryLimit)
            return fail(ErrorKind::unsupported, folder.path, "there are too many files here");
        for (const auto& entry : nodes) {
            const auto& name = entry.name;
            if (name.size() > folder.ending.size() &&
                std::string_view(name).substr(name.size() - folder.ending.size()) == folder.ending)
                LIFEBOAT_CHECK(add(std::string(folder.path) + "/" + name, folder.kind));
        }
        return {};
    }

    Result<void> add_efi(const std::string& path) {
        LIFEBOAT_TRY(const auto node, tree_.stat(path));
        if (!node || node->type != fs::NodeType::directory)
            return {};
        LIFEBOAT_TRY(const auto nodes, tree_.list(path));
        if (nodes.size() > kEntryLimit)
            return fail(ErrorKind::unsupported, path, "there are too many files here");
        for (const auto& entry : nodes) {
            LIFEBOAT_CHECK(add(path + "/" + entry.name + "/grub.cfg", BootFileKind::grub2));
            LIFEBOAT_CHECK(add(path + "/" + entry.name + "/grubenv", BootFileKind::grubenv));
            LIFEBOAT_CHECK(add(path + "/" + entry.name + "/grub.conf", BootFileKind::grub_legacy));
        }
        return {};
    }

    std::vector<BootFile> take() { return std::move(files_); }

private:
    const fs::Tree& tree_;
    std::set<std::string> seen_;
    std::vector<BootFile> files_;
};

bool holds_command_line(const std::string& variable, BootFileKind kind) {
    if (kind == BootFileKind::grub_default)
        return variable == "GRUB_CMDLINE_LINUX" || variable == "GRUB_CMDLINE_LINUX_DEFAULT";
    return variable == "default_kernel_opts" || variable == "DEFAULT_APPEND";
}

std::vector<text::Site> shell_sites(const BootFile& file) {
    std::vector<text::Site> sites;
    for (const auto& assignment : text::assignments(file.text)) {
        if (!holds_command_line(assignment.name, file.kind))
            continue;
        // GRUB's two variables complete each other, also over several files: never one alone.
        const bool whole = file.kind == BootFileKind::other_default && assignment.literal &&
                           !assignment.nested && !assignment.appends;
        sites.push_back(assignment.site(whole ? text::SiteRole::common : text::SiteRole::part));
    }
    return sites;
}

text::Site grubenv_site() {
    text::Site site;
    site.line = 1;
    site.role = text::SiteRole::common;
    site.has_initrd = true;
    site.name = kKernelOpts;
    return site;
}

} // namespace

bool BootFile::boots() const {
    switch (kind) {
    case BootFileKind::grub2:
    case BootFileKind::grub_legacy:
    case BootFileKind::grubenv:
    case BootFileKind::bls:
    case BootFileKind::extlinux: return true;
    case BootFileKind::cmdline:
    case BootFileKind::grub_default:
    case BootFileKind::other_default: return false;
    }
    return false;
}

Result<std::vector<BootFile>> boot_files(const fs::Tree& tree) {
    Collector collector(tree);
    for (const auto& [path, kind] : kFiles)
        LIFEBOAT_CHECK(collector.add(path, kind));
    for (const auto& folder : kFolders)
        LIFEBOAT_CHECK(collector.add_folder(folder));
    for (const auto* const path : kEfi)
        LIFEBOAT_CHECK(collector.add_efi(path));
    return collector.take();
}

std::vector<text::Site> sites_of(const BootFile& file) {
    switch (file.kind) {
    case BootFileKind::grub2: return text::grub2_sites(file.text);
    case BootFileKind::grub_legacy: return text::grub_legacy_sites(file.text);
    case BootFileKind::bls: return text::bls_sites(file.text);
    case BootFileKind::extlinux: return text::extlinux_sites(file.text);
    case BootFileKind::cmdline: return text::cmdline_file_sites(file.text);
    case BootFileKind::grub_default:
    case BootFileKind::other_default: return shell_sites(file);
    case BootFileKind::grubenv:
        if (text::grubenv_value(file.text, kKernelOpts))
            return {grubenv_site()};
        return {};
    }
    return {};
}

text::Arguments arguments_at(const BootFile& file, const text::Site& site) {
    if (file.kind != BootFileKind::grubenv)
        return site.arguments(file.text);
    const auto value = text::grubenv_value(file.text, kKernelOpts);
    return {value.value_or(""), text::Quoting::plain, false};
}

Result<std::string>
edit_boot_file(const BootFile& file,
               const std::function<void(text::Arguments&, const text::Site&)>& edit) {
    const auto sites = sites_of(file);
    if (file.kind != BootFileKind::grubenv)
        return text::edit_sites(file.text, sites, edit);
    if (sites.empty())
        return file.text;
    auto arguments = arguments_at(file, sites[0]);
    const auto before = arguments.text();
    edit(arguments, sites[0]);
    if (arguments.text() == before)
        return file.text; // not even the filling is touched
    auto stored = text::set_grubenv_value(file.text, kKernelOpts, arguments.text());
    if (!stored)
        return fail(stored.error().in(file.path));
    return stored;
}

} // namespace lifeboat::repair
