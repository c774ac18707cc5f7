// SPDX-License-Identifier: GPL-2.0-or-later
// A menu.lst as GRUB 0.97 itself reads it (GNU GRUB Legacy manual, "Configuration").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::text::grub {

struct LegacyEntry {
    std::string title;
    std::string root;   // "hd0,0", as it stands
    std::string kernel; // file, perhaps with its device: "(hd0,0)/vmlinuz"
    std::string line;   // the words behind it, as they stand
    std::optional<std::string> ramdisk;
    bool chainloads = false;
    bool asks_password = false;
};

struct LegacyMenu {
    std::vector<LegacyEntry> entries;
    std::size_t chosen = 0;
    bool saved = false;         // default saved
    std::optional<int> timeout; // none: it waits
    std::vector<std::size_t> fallback;
};

[[nodiscard]] LegacyMenu read_legacy_menu(std::string_view file);

} // namespace lifeboat::text::grub
