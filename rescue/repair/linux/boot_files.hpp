// SPDX-License-Identifier: GPL-2.0-or-later
// Every file of a Linux guest that holds a kernel command line, and one way to edit them all.
#pragma once

#include "fs/tree.hpp"
#include "text/sites.hpp"

#include <functional>
#include <string>
#include <vector>

namespace lifeboat::repair {

enum class BootFileKind {
    grub2,        // grub.cfg, custom.cfg
    grub_legacy,  // menu.lst, grub.conf
    grubenv,      // kernelopts= of RHEL 8
    bls,          // loader/entries/*.conf
    extlinux,     // extlinux.conf, syslinux.cfg
    cmdline,      // /etc/kernel/cmdline
    grub_default, // /etc/default/grub and what is sourced after it
    other_default // update-extlinux.conf, sysconfig/bootloader
};

struct BootFile {
    std::string path; // canonical: links followed
    BootFileKind kind = BootFileKind::grub2;
    std::string text;

    // Read by a boot loader, not only by a program that makes its configuration.
    [[nodiscard]] bool boots() const;
};

// In a fixed order; a file with several names (links, hard links) is listed once.
[[nodiscard]] Result<std::vector<BootFile>> boot_files(const fs::Tree& tree);

[[nodiscard]] std::vector<text::Site> sites_of(const BootFile& file);
// The arguments at a site of this file.
[[nodiscard]] text::Arguments arguments_at(const BootFile& file, const text::Site& site);
// The file's text with every site edited. An error when the result cannot be stored (grubenv).
[[nodiscard]] Result<std::string>
edit_boot_file(const BootFile& file,
               const std::function<void(text::Arguments&, const text::Site&)>& edit);

} // namespace lifeboat::repair
