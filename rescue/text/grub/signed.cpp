// SPDX-License-Identifier: GPL-2.0-or-later
// Debian's signed GRUB, which runs under Secure Boot: its commands have their own names, so they
// win over the functions of chainload/stage, and it has fewer of them
// (chainload/signed/signed.cfg).
#include "text/grub/commands.hpp"

#include <algorithm>
#include <array>

namespace lifeboat::text::grub {

Run::Builtin Run::command(std::string_view name) const {
    if (!signed_)
        return Commands::find(name);
    struct Pair {
        std::string_view own, renamed;
    };
    static constexpr std::array<Pair, 8> kOwnNames = {{{"linux", "_inux"},
                                                       {"linuxefi", "_inux"},
                                                       {"initrd", "_nitrd"},
                                                       {"initrdefi", "_nitrd"},
                                                       {"insmod", "rmmod"}, // both without effect
                                                       {"terminal_input", "_erminal_input"},
                                                       {"terminal_output", "_erminal_output"},
                                                       {"save_env", "_ave_env"}}};
    static constexpr std::array<std::string_view, 13> kAbsent = {"file",
                                                                 "eval",
                                                                 "read_word",
                                                                 "ntldr",
                                                                 "drivemap",
                                                                 "multiboot",
                                                                 "multiboot2",
                                                                 "module",
                                                                 "module2",
                                                                 "legacy_source",
                                                                 "syslinux_source",
                                                                 "legacy_configfile",
                                                                 "syslinux_configfile"};
    if (name.starts_with("_") || std::find(kAbsent.begin(), kAbsent.end(), name) != kAbsent.end())
        return nullptr;
    if (name == "load_env" || name == "save_env")
        if (env_gone_) // after `rmmod loadenv`
            return nullptr;
    if (name == "load_env")
        return Commands::find("_oad_env");
    const auto at = std::find_if(kOwnNames.begin(), kOwnNames.end(),
                                 [&](const Pair& pair) { return pair.own == name; });
    return Commands::find(at == kOwnNames.end() ? name : at->renamed);
}

} // namespace lifeboat::text::grub
