// SPDX-License-Identifier: GPL-2.0-or-later
// Configurations of other boot loaders as GRUB script, as GRUB 2.06's legacy_source and
// syslinux_source make it, for the commands that matter to what is booted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::text::grub {

struct ConvertedEntry {
    std::string title;
    std::string source;
};

struct ConvertedMenu {
    std::string before; // runs first: default, timeout
    std::vector<ConvertedEntry> entries;
    std::string after; // runs when the entries are known: hiddenmenu
};

// menu.lst, grub.conf. Devices are counted as GRUB 2 does: (hd0,0) becomes (hd0,1).
[[nodiscard]] ConvertedMenu legacy_to_script(std::string_view menu);

// extlinux.conf, syslinux.cfg; `folder` is where the file lies: "(hd0,msdos1)/boot".
[[nodiscard]] std::string syslinux_to_script(std::string_view file, std::string_view folder);

} // namespace lifeboat::text::grub
