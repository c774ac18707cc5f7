// SPDX-License-Identifier: GPL-2.0-or-later
// What is renamed, and how often each string stands in GRUB's files. Counted in Debian's GRUB
// 2.06-13+deb12u2; docs/external-bootloader.md says why each name must be free.
#include "modrename/rename.hpp"

namespace lifeboat::chainload {
namespace {

struct Entry {
    std::string_view file;
    std::string_view name;
    std::size_t count;
};

// The first letter becomes an underscore, so `linux` is reached as `_inux`.
// "linux" stands twice: the registration shares its bytes with a debug facility of the same name,
// and loader/linux.c, which is part of the module, has the facility once more.
constexpr Entry kCommands[] = {
    {"linux.mod", "linux", 2},
    {"linux.mod", "initrd", 1},
    {"linux16.mod", "linux16", 1},
    {"linux16.mod", "initrd16", 1},
    {"linuxefi.mod", "linuxefi", 1},
    {"linuxefi.mod", "initrdefi", 1},
    {"legacycfg.mod", "legacy_kernel", 1},
    {"legacycfg.mod", "legacy_initrd", 1},
    {"legacycfg.mod", "legacy_initrd_nounzip", 1},
    {"loadenv.mod", "load_env", 1},
    {"loadenv.mod", "save_env", 1},
    {"terminal.mod", "terminal_input", 1},
    {"terminal.mod", "terminal_output", 1},
    {"kernel.img", "insmod", 1},
};

} // namespace

std::vector<Rename> renames_for(std::string_view platform, std::string_view file) {
    std::vector<Rename> renames;
    for (const Entry& entry : kCommands) {
        if (entry.file != file)
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
