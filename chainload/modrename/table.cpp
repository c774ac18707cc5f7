// SPDX-License-Identifier: GPL-2.0-or-later
// What is renamed, and how often each string stands in GRUB's files. Counted in Debian's GRUB
// 2.06-13+deb12u2 and 2.12-9+deb13u4; docs/external-bootloader.md says why each name must be free.
#include "modrename/rename.hpp"

#include <algorithm>
#include <array>

namespace lifeboat::chainload {
namespace {

constexpr std::array<std::string_view, 2> kReleases = {"2.06", "2.12"};

struct Entry {
    std::string_view file;
    std::string_view name;
    std::size_t count;
    std::string_view release = {};  // empty: in all of kReleases
    std::string_view firmware = {}; // "pc" or "efi", how the platform's name ends; empty: all
};

// The first letter becomes an underscore, so `linux` is reached as `_inux`.
// "linux" stands once for each source of the module: a registration shares its bytes with the debug
// facility of the same name, and the other sources have the facility alone. The sources are
// loader/i386/linux.c and loader/linux.c; under UEFI 2.12 has loader/efi/linux.c in front of them,
// which registers the commands and calls the first one for kernels that it cannot start.
constexpr Entry kCommands[] = {
    {"linux.mod", "linux", 2, "2.06"},
    {"linux.mod", "linux", 2, "2.12", "pc"},
    {"linux.mod", "linux", 3, "2.12", "efi"},
    {"linux.mod", "initrd", 1},
    {"linux16.mod", "linux16", 1},
    {"linux16.mod", "initrd16", 1},
    // Debian 12's own; in 2.12 its work is linux.mod's.
    {"linuxefi.mod", "linuxefi", 1, "2.06", "efi"},
    {"linuxefi.mod", "initrdefi", 1, "2.06", "efi"},
    {"legacycfg.mod", "legacy_kernel", 1},
    {"legacycfg.mod", "legacy_initrd", 1},
    {"legacycfg.mod", "legacy_initrd_nounzip", 1},
    {"loadenv.mod", "load_env", 1},
    {"loadenv.mod", "save_env", 1},
    {"terminal.mod", "terminal_input", 1},
    {"terminal.mod", "terminal_output", 1},
    {"kernel.img", "insmod", 1},
};

bool is_for(const Entry& entry, std::string_view release, std::string_view platform) {
    const auto dash = platform.rfind('-');
    const auto firmware = dash == std::string_view::npos ? platform : platform.substr(dash + 1);
    return (entry.release.empty() || entry.release == release) &&
           (entry.firmware.empty() || entry.firmware == firmware);
}

} // namespace

Result<std::vector<Rename>> renames_for(std::string_view release, std::string_view platform,
                                        std::string_view file) {
    if (std::find(kReleases.begin(), kReleases.end(), release) == kReleases.end())
        return fail(ErrorKind::unsupported, "GRUB " + std::string(release),
                    "nobody has looked at the modules of this release",
                    "use the GRUB of Debian 12 or 13, or count its strings and extend "
                    "chainload/modrename/table.cpp");
    std::vector<Rename> renames;
    for (const Entry& entry : kCommands) {
        if (entry.file != file || !is_for(entry, release, platform))
            continue;
        std::string to(entry.name);
        to[0] = '_';
        renames.push_back({std::string(entry.name), to, entry.count});
    }
    // A guest's configuration may point `prefix` at its own module directory. Modules of another
    // GRUB inside our core would be a crash at best, so ours are looked for under a name that no
    // guest has, and the guest's lists of commands and file systems are not read.
    const std::string directory = "%s/" + std::string(platform) + "/";
    if (file == "kernel.img")
        renames.push_back({directory + "%s.mod", directory + "%s.lbm", 1});
    if (file == "normal.mod") {
        renames.push_back({directory + "command.lst", directory + "command.lbl", 1});
        renames.push_back({directory + "fs.lst", directory + "fs.lbl", 1});
    }
    // A floppy drive without a floppy, which every i440fx machine has, costs time and an error line
    // at every look at the disks. A name that GRUB's own open function refuses hides it.
    if (file == "biosdisk.mod")
        renames.push_back({"fd%d", "xd%d", 1});
    return renames;
}

} // namespace lifeboat::chainload
