// SPDX-License-Identifier: GPL-2.0-or-later
// Which kernel modules a device needs, from the text files that depmod writes (depmod(8)).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::bootmedia {

class ModuleIndex {
public:
    // From the contents of modules.dep, modules.alias and modules.softdep.
    ModuleIndex(std::string_view dep, std::string_view alias, std::string_view softdep);

    // The files (relative to the release's folder) to load for a modalias or a module's name, in
    // the order they must be loaded, each once. Empty when nothing fits.
    [[nodiscard]] std::vector<std::string> files_for(std::string_view name_or_alias) const;

    // Names of the modules that a modalias or a name stands for, sorted; not their dependencies.
    [[nodiscard]] std::vector<std::string> names_for(std::string_view name_or_alias) const;

private:
    void add_with_dependencies(const std::string& name, std::vector<std::string>& out,
                               int depth) const;

    struct Module {
        std::string file;
        std::vector<std::string> needs;  // names
        std::vector<std::string> before; // "pre" soft dependencies, names
    };
    std::map<std::string, Module, std::less<>> modules_; // by name, '-' written as '_'
    struct Alias {
        std::string pattern; // fnmatch(3)
        std::string name;
    };
    std::vector<Alias> aliases_;
};

// "kernel/drivers/block/virtio_blk.ko.xz" -> "virtio_blk"; '-' becomes '_'.
[[nodiscard]] std::string module_name(std::string_view file);

} // namespace lifeboat::bootmedia
