// SPDX-License-Identifier: GPL-2.0-or-later
// Where kernel command lines stand in the files of the boot loaders, as ranges of bytes. An edit
// replaces those ranges only; everything else is copied.
#pragma once

#include "text/kernel_args.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::text {

enum class SiteRole {
    entry,  // the whole command line of one bootable Linux entry
    common, // what is added to every entry, now or when the guest makes its configuration anew
    part,   // only a part of a command line; what is missing here may stand elsewhere
};

struct Site {
    std::size_t offset = 0;
    std::size_t length = 0;
    std::size_t line = 0; // counts from 1
    Quoting quoting = Quoting::plain;
    bool after_word = false;
    SiteRole role = SiteRole::entry;
    bool bare = false;       // an unquoted shell word: it gets quotes when blanks come into it
    bool has_initrd = false; // the entry loads an initial RAM disk, or may do so
    std::string name;        // what stands in front: "linux", "kernel", "# kopt", "options"

    [[nodiscard]] Arguments arguments(std::string_view file) const {
        return {file.substr(offset, length), quoting, after_word};
    }
};

// GRUB 2 configuration (GNU GRUB manual, "Writing full configuration files"): the arguments of
// linux, linux16 and linuxefi, and `set kernelopts="..."` as RHEL 8 writes it. Entries that load
// the Xen hypervisor (multiboot, module) are left out.
[[nodiscard]] std::vector<Site> grub2_sites(std::string_view file);
// menu.lst and grub.conf of GRUB 0.97, with the commented defaults of Debian's update-grub
// (`# kopt=`, `# defoptions=`). Entries that load the Xen hypervisor are left out.
[[nodiscard]] std::vector<Site> grub_legacy_sites(std::string_view file);
// One entry of the Boot Loader Specification: its `options` lines.
[[nodiscard]] std::vector<Site> bls_sites(std::string_view file);
// extlinux.conf, syslinux.cfg: APPEND lines.
[[nodiscard]] std::vector<Site> extlinux_sites(std::string_view file);
// /etc/kernel/cmdline: the file is the command line.
[[nodiscard]] std::vector<Site> cmdline_file_sites(std::string_view file);

// `file` with every site rewritten by `edit`. The sites must be in order, as the readers give them.
[[nodiscard]] std::string edit_sites(std::string_view file, const std::vector<Site>& sites,
                                     const std::function<void(Arguments&, const Site&)>& edit);

// True when `path` with these arguments is a Linux kernel, not a memory tester or another program.
[[nodiscard]] bool is_linux_kernel(std::string_view path, const Arguments& arguments);
// True when the command line takes the rest from the variable kernelopts.
[[nodiscard]] bool uses_kernelopts(std::string_view arguments);

// Debian's automagic menu.lst: the value of `# key=value` among the default options, and the file
// with another value. The file itself when there is no such line.
[[nodiscard]] std::optional<std::string> automagic_value(std::string_view file,
                                                         std::string_view key);
[[nodiscard]] std::string set_automagic_value(std::string_view file, std::string_view key,
                                              std::string_view value);

} // namespace lifeboat::text
