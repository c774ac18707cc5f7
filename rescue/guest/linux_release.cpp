// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/linux_release.hpp"

#include "base/text.hpp"
#include "text/shell_vars.hpp"

namespace lifeboat::guest {

namespace {

constexpr std::uint64_t kReleaseLimit = 64U << 10;

// A file that cannot be read as text says nothing, like one that is not there.
std::string text_of(const fs::Tree& tree, std::string_view path) {
    const auto text = tree.read_text(path, kReleaseLimit);
    return text && *text ? **text : std::string{};
}

std::string first_line(std::string_view text) {
    return std::string(trim(text.substr(0, text.find('\n'))));
}

std::string variable(std::string_view file, std::string_view name) {
    const auto found = text::last_assignment(file, name);
    return found ? std::string(found->value(file)) : std::string{};
}

// "11.04", "5.11": the first word of `text` that starts with a digit.
std::string first_number(std::string_view text) {
    for (const auto word : split_nonempty(text, ' '))
        if (word[0] >= '0' && word[0] <= '9')
            return std::string(word);
    return {};
}

std::optional<Release> from_os_release(const fs::Tree& tree) {
    for (const auto* path : {"/etc/os-release", "/usr/lib/os-release"}) {
        const auto file = text_of(tree, path);
        auto id = variable(file, "ID");
        if (id.empty())
            continue;
        auto pretty = variable(file, "PRETTY_NAME");
        if (pretty.empty())
            pretty = variable(file, "NAME");
        return Release{std::move(id), std::move(pretty), variable(file, "VERSION_ID")};
    }
    return std::nullopt;
}

std::optional<Release> from_lsb_release(const fs::Tree& tree) {
    const auto file = text_of(tree, "/etc/lsb-release");
    const auto id = variable(file, "DISTRIB_ID");
    if (id.empty())
        return std::nullopt;
    auto pretty = variable(file, "DISTRIB_DESCRIPTION");
    return Release{to_lower_ascii(id), pretty.empty() ? id : pretty,
                   variable(file, "DISTRIB_RELEASE")};
}

// "CentOS release 5.11 (Final)", "Red Hat Enterprise Linux Server release 6.5 (Santiago)"
std::optional<Release> from_redhat_release(const fs::Tree& tree) {
    const auto line = first_line(text_of(tree, "/etc/redhat-release"));
    if (line.empty())
        return std::nullopt;
    std::string id = "rhel";
    for (const std::string_view name : {"centos", "fedora", "scientific", "oracle"})
        if (icontains(line, name))
            id = name;
    return Release{id, line, first_number(line)};
}

std::optional<Release> from_suse_release(const fs::Tree& tree) {
    const auto line = first_line(text_of(tree, "/etc/SuSE-release"));
    if (line.empty())
        return std::nullopt;
    return Release{icontains(line, "enterprise") ? "sles" : "opensuse", line, first_number(line)};
}

std::optional<Release> from_single_files(const fs::Tree& tree) {
    if (auto line = first_line(text_of(tree, "/etc/gentoo-release")); !line.empty())
        return Release{"gentoo", line, first_number(line)};
    if (auto line = first_line(text_of(tree, "/etc/alpine-release")); !line.empty())
        return Release{"alpine", "Alpine Linux " + line, line};
    if (auto line = first_line(text_of(tree, "/etc/debian_version")); !line.empty())
        return Release{"debian", "Debian GNU/Linux " + line, line};
    if (const auto arch = tree.exists("/etc/arch-release"); arch && *arch)
        return Release{"arch", "Arch Linux", {}};
    return std::nullopt;
}

// The name of what /sbin/init really is, links followed: "systemd", "busybox", "init".
std::string init_program(const fs::Tree& tree) {
    const auto place = tree.locate("/sbin/init");
    if (!place)
        return {};
    return place->full.substr(place->full.rfind('/') + 1);
}

Result<bool> any_exists(const fs::Tree& tree, std::initializer_list<const char*> paths) {
    for (const auto* path : paths) {
        LIFEBOAT_TRY(const bool there, tree.exists(path));
        if (there)
            return true;
    }
    return false;
}

} // namespace

Result<std::optional<Release>> read_release(const fs::Tree& tree) {
    LIFEBOAT_TRY(const auto etc, tree.stat("/etc"));
    if (!etc || etc->type != fs::NodeType::directory)
        return std::optional<Release>{};
    for (auto* reader : {from_os_release, from_suse_release, from_redhat_release, from_lsb_release,
                         from_single_files})
        if (auto release = reader(tree)) {
            if (release->pretty_name.empty())
                release->pretty_name = release->distribution;
            return release;
        }
    // No name, but an /etc/fstab and something to start: a system all the same.
    LIFEBOAT_TRY(const bool fstab, tree.exists("/etc/fstab"));
    LIFEBOAT_TRY(const bool starts, any_exists(tree, {"/sbin/init", "/bin/sh", "/etc/inittab"}));
    if (!fstab || !starts)
        return std::optional<Release>{};
    return std::optional<Release>(Release{"linux", "Linux", {}});
}

Result<Init> read_init(const fs::Tree& tree) {
    const auto program = init_program(tree);
    if (program == "systemd")
        return Init::systemd;
    if (program == "busybox")
        return Init::busybox;
    if (program == "upstart")
        return Init::upstart;
    if (program == "openrc-init")
        return Init::openrc;
    // Upstart's own init is called "init" too; these jobs start all others (Ubuntu, RHEL 6, old).
    LIFEBOAT_TRY(const bool upstart,
                 any_exists(tree, {"/etc/init/rc-sysinit.conf", "/etc/init/rcS.conf",
                                   "/etc/event.d/rc-default"}));
    if (upstart && program != "sysvinit")
        return Init::upstart;
    LIFEBOAT_TRY(const bool inittab, tree.exists("/etc/inittab"));
    if (inittab && !program.empty())
        return Init::sysvinit;
    LIFEBOAT_TRY(const bool systemd,
                 any_exists(tree, {"/lib/systemd/systemd", "/usr/lib/systemd/systemd"}));
    if (systemd && program.empty())
        return Init::systemd;
    return inittab ? Init::sysvinit : Init::unknown;
}

Architecture read_architecture(const fs::Tree& tree) {
    // ELF header (System V ABI): magic at 0, e_machine as two bytes at 18.
    constexpr std::size_t kMachineOffset = 18;
    for (const auto* path : {"/sbin/init", "/bin/sh", "/bin/busybox", "/usr/bin/env"}) {
        const auto head = tree.read_head(path, 64);
        if (!head || !has_magic(*head, 0,
                                "\x7f"
                                "ELF"))
            continue;
        switch (read_le<std::uint16_t>(*head, kMachineOffset).value_or(0)) {
        case 3: return Architecture::x86;
        case 62: return Architecture::x86_64;
        case 183: return Architecture::arm64;
        default: break;
        }
    }
    return Architecture::unknown;
}

} // namespace lifeboat::guest
