// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/windows.hpp"

#include "base/text.hpp"
#include "guest/hive_file.hpp"
#include "guest/unreadable.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace lifeboat::guest {

namespace {

constexpr std::uint64_t kProgramLimit = 32U << 20; // bytes; ntoskrnl.exe has about 12 MiB
constexpr std::size_t kMaxRootEntries = 4096;      // names looked at in the top directory

// Present in every Windows from NT 4 on, smallest first.
constexpr std::array<std::string_view, 4> kPrograms = {"cmd.exe", "kernel32.dll", "ntdll.dll",
                                                       "ntoskrnl.exe"};

class WindowsGuest final : public Guest {
public:
    WindowsGuest(fs::Tree tree, const Machine& machine, std::string root, int number)
        : tree_(std::move(tree)), machine_(machine), number_(number) {
        if (!tree_.mounts().empty())
            volume_ = tree_.mounts().front().volume;
        facts_.system_root = std::move(root);
    }

    Family family() const override { return Family::windows; }
    std::string id() const override { return "windows" + std::to_string(number_); }
    std::string title() const override {
        look();
        return windows_title(facts_, architecture_);
    }
    std::string version() const override {
        look();
        if (facts_.major == 0)
            return {};
        std::string text = std::to_string(facts_.major) + "." + std::to_string(facts_.minor);
        return facts_.build == 0 ? text : text + "." + std::to_string(facts_.build);
    }
    Architecture architecture() const override {
        look();
        return architecture_;
    }
    std::string volume() const override { return volume_; }
    const fs::Tree& tree() const override { return tree_; }
    const WindowsFacts* windows() const override {
        look();
        return &facts_;
    }
    const Machine& machine() const override { return machine_; }

    Result<const registry::Hive*> hive(std::string_view name) const override {
        const std::string key = to_lower_ascii(name);
        auto known = hives_.find(key);
        if (known == hives_.end())
            known = hives_.emplace(key, load(name)).first;
        if (!known->second)
            return fail(known->second.error());
        return static_cast<const registry::Hive*>(known->second->get());
    }
    std::string hive_path(std::string_view name) const override;
    std::vector<Error> obstacles() const override;

private:
    using Loaded = Result<std::unique_ptr<registry::Hive>>; // null: there is no such file

    // What hives and programs tell; they are read only for one who asks.
    void look() const {
        if (std::exchange(looked_, true))
            return;
        const auto kernel = program();
        const auto system = hive("SYSTEM");
        const auto software = hive("SOFTWARE");
        facts_ = windows_facts(facts_.system_root, system ? *system : nullptr,
                               software ? *software : nullptr, kernel);
        if (kernel)
            architecture_ = kernel->architecture;
        if (architecture_ == Architecture::unknown && system && *system)
            architecture_ = architecture_from_hive(**system, facts_);
    }
    std::optional<Executable> program() const;
    Loaded load(std::string_view name) const;

    fs::Tree tree_;
    const Machine& machine_;
    std::string volume_;
    int number_;
    mutable bool looked_ = false;
    mutable WindowsFacts facts_; // of all, the root is known from the start
    mutable Architecture architecture_ = Architecture::unknown;
    mutable std::map<std::string, Loaded> hives_;
    mutable std::map<std::string, Error> not_complete_; // by lower-case name
};

// The first program that can be read: system files may be compressed in ways that are not known
// here. One with a version is better than one without.
std::optional<Executable> WindowsGuest::program() const {
    std::optional<Executable> best;
    for (const std::string_view name : kPrograms) {
        const auto file =
            tree_.read(facts_.system_root + "/System32/" + std::string(name), kProgramLimit);
        if (!file)
            continue;
        const auto one = read_executable(*file);
        if (one && one->major != 0)
            return one;
        if (one && !best)
            best = one;
    }
    return best;
}

std::string WindowsGuest::hive_path(std::string_view name) const {
    if (name.empty() || name.find('/') != std::string_view::npos ||
        name.find('\\') != std::string_view::npos)
        return {};
    std::vector<std::string> places = {facts_.system_root + "/System32/config/" +
                                       std::string(name)};
    if (iequals(name, "BCD")) // on a volume that is its own system partition
        places = {"/Boot/BCD", "/EFI/Microsoft/Boot/BCD"};
    for (const auto& path : places) {
        const auto place = tree_.locate(path);
        if (place)
            return place->full;
    }
    return {};
}

// With its transaction logs applied. Where those do not complete it, the hive is shown as it is
// and not_complete_ says why nothing may be changed in it.
WindowsGuest::Loaded WindowsGuest::load(std::string_view name) const {
    const std::string path = hive_path(name);
    if (path.empty())
        return std::unique_ptr<registry::Hive>();
    LIFEBOAT_TRY(const auto place, tree_.locate(path));
    auto file = read_hive(*place.fs, place.path);
    if (!file)
        return fail(file.error());
    if (file->incomplete)
        not_complete_.emplace(to_lower_ascii(name), *file->incomplete);
    auto hive = registry::Hive::open(std::move(file->image), std::string(name));
    if (!hive)
        return fail(hive.error().in(path));
    return std::make_unique<registry::Hive>(std::move(*hive));
}

std::vector<Error> WindowsGuest::obstacles() const {
    std::vector<Error> out;
    for (std::size_t disk = 0; disk < machine_.disks().size(); ++disk)
        for (const auto& volume : machine_.disks()[disk].layout.volumes) {
            if (Machine::volume_name(disk, volume) != volume_)
                continue;
            auto obstacle = write_obstacle(machine_.disks()[disk].device, volume);
            if (!obstacle)
                out.push_back(obstacle.error().in(volume_));
            else if (*obstacle)
                out.push_back((*obstacle)->in(volume_));
        }
    const auto system = hive("SYSTEM");
    if (const auto why = not_complete_.find("system"); why != not_complete_.end())
        out.push_back(why->second.in(volume_));
    if (!system)
        out.push_back(system.error().in(volume_));
    else if (*system)
        for (Error& one : hive_obstacles(**system, volume_ + ", " + hive_path("SYSTEM")))
            out.push_back(std::move(one));
    return out;
}

} // namespace

Result<std::vector<std::string>> windows_roots(const fs::Tree& tree) {
    std::vector<std::string> roots;
    LIFEBOAT_TRY(const auto entries, tree.list("/"));
    // Any directory of the root may hold it (boot.ini can name what it likes); a Windows is a
    // directory with a registry and at least one of the programs that every version has.
    for (std::size_t i = 0; i < entries.size() && i < kMaxRootEntries; ++i) {
        if (entries[i].type != fs::NodeType::directory)
            continue;
        const std::string root = "/" + entries[i].name;
        const auto config = tree.stat(root + "/System32/config");
        if (!config || !*config || (*config)->type != fs::NodeType::directory)
            continue;
        for (const std::string_view name : kPrograms) {
            const auto program = tree.stat(root + "/System32/" + std::string(name));
            if (program && *program) {
                roots.push_back(root);
                break;
            }
        }
    }
    return roots;
}

Result<GuestPtr> windows_from_tree(fs::Tree tree, const Machine& machine) {
    LIFEBOAT_TRY(const auto roots, windows_roots(tree));
    if (roots.empty())
        return fail(ErrorKind::not_found, "", "there is no Windows on this volume");
    return std::make_shared<WindowsGuest>(std::move(tree), machine, roots.front(), 1);
}

Result<std::vector<GuestPtr>> find_windows(Machine& machine) {
    std::vector<GuestPtr> guests;
    for (std::size_t disk = 0; disk < machine.disks().size(); ++disk)
        for (const auto& volume : machine.disks()[disk].layout.volumes) {
            if (volume.content != volume::Content::ntfs)
                continue;
            const auto opened = machine.filesystem(disk, volume);
            if (!opened)
                continue; // find_guests lists it as unreadable
            fs::Tree tree;
            tree.mount("/", Machine::volume_name(disk, volume), *opened);
            const auto roots = windows_roots(tree);
            if (!roots)
                continue;
            for (const auto& root : *roots)
                guests.push_back(std::make_shared<WindowsGuest>(
                    tree, machine, root, static_cast<int>(guests.size()) + 1));
        }
    return guests;
}

} // namespace lifeboat::guest
