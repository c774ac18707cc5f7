// SPDX-License-Identifier: GPL-2.0-or-later
// Linux systems on the machine's volumes, each with the volumes that its /etc/fstab mounts.
#include "guest/linux_devices.hpp"
#include "guest/linux_release.hpp"
#include "guest/unreadable.hpp"

#include <algorithm>
#include <utility>

namespace lifeboat::guest {

using volume::Content;

namespace {

constexpr std::uint64_t kFstabLimit = 1U << 20;

class LinuxGuest final : public Guest {
public:
    LinuxGuest(std::string id, fs::Tree tree, const Machine& machine, Release release)
        : id_(std::move(id)), tree_(std::move(tree)), machine_(machine) {
        facts_.distribution = std::move(release.distribution);
        facts_.pretty_name = std::move(release.pretty_name);
        facts_.version = std::move(release.version);
    }

    // What needs the whole tree, once the other volumes are mounted.
    [[nodiscard]] Result<void> complete() {
        LIFEBOAT_TRY(facts_.init, read_init(tree_));
        architecture_ = read_architecture(tree_);
        facts_.boot_volume = volume();
        if (const auto boot = tree_.locate("/boot"))
            facts_.boot_volume = boot->volume;
        return {};
    }

    [[nodiscard]] Family family() const override { return Family::linux_; }
    [[nodiscard]] std::string id() const override { return id_; }
    [[nodiscard]] std::string title() const override { return facts_.pretty_name; }
    [[nodiscard]] std::string version() const override { return facts_.version; }
    [[nodiscard]] Architecture architecture() const override { return architecture_; }
    [[nodiscard]] std::string volume() const override {
        return tree_.mounts().empty() ? std::string{} : tree_.mounts().front().volume;
    }
    [[nodiscard]] const fs::Tree& tree() const override { return tree_; }
    [[nodiscard]] const LinuxFacts* linux_facts() const override { return &facts_; }
    [[nodiscard]] const Machine& machine() const override { return machine_; }
    [[nodiscard]] Result<const registry::Hive*> hive(std::string_view name) const override {
        return fail(ErrorKind::usage, id_, "Linux has no registry hive " + std::string(name));
    }
    [[nodiscard]] std::string hive_path(std::string_view) const override { return {}; }

    // Repairs write below /, /boot and /efi only; a dirty /usr or /var is no obstacle.
    [[nodiscard]] std::vector<Error> obstacles() const override {
        std::vector<Error> found;
        for (const auto& mount : tree_.mounts()) {
            if (mount.point != "/" && mount.point != "/efi" && mount.point.rfind("/boot", 0) != 0)
                continue;
            if (auto why = obstacle_of(mount.volume))
                found.push_back(std::move(*why));
        }
        return found;
    }

private:
    [[nodiscard]] std::optional<Error> obstacle_of(const std::string& name) const {
        for (std::size_t disk = 0; disk < machine_.disks().size(); ++disk) {
            const auto& one = machine_.disks()[disk];
            for (const auto& volume : one.layout.volumes) {
                if (Machine::volume_name(disk, volume) != name || !one.device)
                    continue;
                const auto why = write_obstacle(one.device, volume);
                if (!why)
                    return why.error().in(name);
                return *why ? std::optional<Error>((*why)->in(name)) : std::nullopt;
            }
        }
        return std::nullopt;
    }

    std::string id_;
    fs::Tree tree_;
    const Machine& machine_;
    LinuxFacts facts_;
    Architecture architecture_ = Architecture::unknown;
};

// Mount points that hold what we look at. Data (/home, /srv, ...) stays closed.
bool of_interest(std::string_view point) {
    return point == "/boot" || point.substr(0, 6) == "/boot/" || point == "/usr" ||
           point == "/efi" || point == "/etc" || point == "/var" || point == "/lib";
}

// Puts the volumes of /etc/fstab into the tree. A line that cannot be resolved is passed over here;
// the repair of /etc/fstab reports it.
Result<void> mount_others(Machine& machine, fs::Tree& tree, const std::string& root) {
    const auto file = tree.read_text("/etc/fstab", kFstabLimit);
    if (!file || !*file)
        return {};
    auto entries = text::fstab_entries(**file);
    const DeviceResolver resolver(machine, root, entries);
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
        return std::pair(a.mount_point.size(), a.line) < std::pair(b.mount_point.size(), b.line);
    });
    for (const auto& entry : entries) {
        if (!of_interest(entry.mount_point) || entry.has_option("bind"))
            continue;
        const auto found = resolver.resolve(entry);
        if (!found.volume || found.volume->name == root)
            continue;
        auto fs = machine.filesystem(found.volume->disk, found.volume->volume);
        if (fs)
            tree.mount(entry.mount_point, found.volume->name, *fs);
    }
    return {};
}

Result<std::shared_ptr<LinuxGuest>> make_guest(std::string id, fs::Tree tree,
                                               const Machine& machine, Release release) {
    auto guest =
        std::make_shared<LinuxGuest>(std::move(id), std::move(tree), machine, std::move(release));
    LIFEBOAT_CHECK(guest->complete());
    return guest;
}

} // namespace

Result<std::vector<GuestPtr>> find_linux(Machine& machine) {
    std::vector<GuestPtr> guests;
    for (const auto& candidate : all_volumes(machine)) {
        const auto content = candidate.volume.content;
        if (content == Content::ntfs || content == Content::fat || !can_open(content))
            continue;
        auto fs = machine.filesystem(candidate.disk, candidate.volume);
        if (!fs)
            continue; // find_guests() tells why
        fs::Tree tree;
        tree.mount("/", candidate.name, *fs);
        // A volume with a broken directory must not hide the guests on the others.
        auto release = read_release(tree);
        if (!release || !*release)
            continue;
        LIFEBOAT_CHECK(mount_others(machine, tree, candidate.name));
        auto guest = make_guest("linux" + std::to_string(guests.size() + 1), std::move(tree),
                                machine, std::move(**release));
        if (guest)
            guests.push_back(std::move(*guest));
    }
    return guests;
}

Result<GuestPtr> linux_from_tree(fs::Tree tree, const Machine& machine) {
    LIFEBOAT_TRY(auto release, read_release(tree));
    if (!release)
        return fail(ErrorKind::not_found, "/", "there is no Linux system in this tree");
    LIFEBOAT_TRY(auto guest, make_guest("linux1", std::move(tree), machine, std::move(*release)));
    return GuestPtr(std::move(guest));
}

} // namespace lifeboat::guest
