// SPDX-License-Identifier: GPL-2.0-or-later
#include "init/modules.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <fnmatch.h>

namespace lifeboat::bootmedia {
namespace {

// Deeper than any real chain of modules; a broken modules.dep must not make us recurse for ever.
constexpr int kMaxDepth = 32;

std::string normalised(std::string_view name) {
    std::string out(name);
    std::replace(out.begin(), out.end(), '-', '_');
    return out;
}

} // namespace

std::string module_name(std::string_view file) {
    if (const auto slash = file.rfind('/'); slash != std::string_view::npos)
        file.remove_prefix(slash + 1);
    if (const auto dot = file.find(".ko"); dot != std::string_view::npos)
        file = file.substr(0, dot);
    return normalised(file);
}

ModuleIndex::ModuleIndex(std::string_view dep, std::string_view alias, std::string_view softdep) {
    for (const std::string_view line : split_nonempty(dep, '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos)
            continue;
        Module module;
        module.file = line.substr(0, colon);
        for (const std::string_view need : split_nonempty(line.substr(colon + 1), ' '))
            module.needs.push_back(module_name(need));
        modules_.emplace(module_name(module.file), std::move(module));
    }
    for (const std::string_view line : split_nonempty(alias, '\n')) {
        const auto words = split_nonempty(line, ' ');
        if (words.size() == 3 && words[0] == "alias")
            aliases_.push_back({std::string(words[1]), normalised(words[2])});
    }
    for (const std::string_view line : split_nonempty(softdep, '\n')) {
        const auto words = split_nonempty(line, ' ');
        if (words.size() < 3 || words[0] != "softdep")
            continue;
        const auto found = modules_.find(normalised(words[1]));
        bool before = false;
        for (std::size_t i = 2; found != modules_.end() && i < words.size(); ++i) {
            if (words[i].back() == ':')
                before = words[i] == "pre:";
            else if (before)
                found->second.before.push_back(normalised(words[i]));
        }
    }
}

std::vector<std::string> ModuleIndex::names_for(std::string_view name_or_alias) const {
    std::vector<std::string> names;
    if (std::string name = normalised(name_or_alias); modules_.find(name) != modules_.end())
        names.push_back(std::move(name));
    const std::string subject(name_or_alias);
    for (const Alias& alias : aliases_) {
        if (fnmatch(alias.pattern.c_str(), subject.c_str(), 0) == 0)
            names.push_back(alias.name);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

std::vector<std::string> ModuleIndex::files_for(std::string_view name_or_alias) const {
    std::vector<std::string> files;
    for (const std::string& name : names_for(name_or_alias))
        add_with_dependencies(name, files, 0);
    return files;
}

void ModuleIndex::add_with_dependencies(const std::string& name, std::vector<std::string>& out,
                                        int depth) const {
    const auto found = modules_.find(name);
    if (found == modules_.end() || depth > kMaxDepth)
        return;
    const Module& module = found->second;
    if (std::find(out.begin(), out.end(), module.file) != out.end())
        return;
    for (const std::string& need : module.before)
        add_with_dependencies(need, out, depth + 1);
    // modules.dep lists the nearest dependency first, so the last must be loaded first.
    for (auto need = module.needs.rbegin(); need != module.needs.rend(); ++need)
        add_with_dependencies(*need, out, depth + 1);
    if (std::find(out.begin(), out.end(), module.file) == out.end())
        out.push_back(module.file);
}

} // namespace lifeboat::bootmedia
