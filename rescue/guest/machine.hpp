// SPDX-License-Identifier: GPL-2.0-or-later
// All disks of one session as one offline machine: their volumes, the file systems on them, and
// the operating systems found. Facts are computed on demand and remembered.
#pragma once

#include "fs/tree.hpp"
#include "registry/hive.hpp"
#include "volume/layout.hpp"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace lifeboat::guest {

struct Disk {
    std::string path;        // as the user named it
    block::DevicePtr device; // an overlay in a session
    volume::Layout layout;
};

// Opens each volume at most once. `access` write is for a session's staging pass only.
class Machine {
public:
    Machine(std::vector<Disk> disks, fs::Access access);

    [[nodiscard]] const std::vector<Disk>& disks() const { return disks_; }
    [[nodiscard]] fs::Access access() const { return access_; }
    // "disk 1, partition 2" counts from 1; `disk` counts from 0.
    [[nodiscard]] static std::string volume_name(std::size_t disk, const volume::Volume& volume);
    // Error `unsupported` when nothing here can read what it holds.
    [[nodiscard]] Result<fs::FileSystemPtr> filesystem(std::size_t disk,
                                                       const volume::Volume& volume);
    // With Access::write: only these volumes (volume_name) are opened for writing, all others for
    // reading, so that staging touches nothing it does not need. To be set before filesystem().
    void write_only(std::vector<std::string> volumes) { writable_ = std::move(volumes); }
    // How filesystem() opens the volume of this name.
    [[nodiscard]] fs::Access access_of(std::string_view volume) const {
        if (access_ == fs::Access::read || !writable_)
            return access_;
        for (const auto& name : *writable_)
            if (name == volume)
                return fs::Access::write;
        return fs::Access::read;
    }
    // Disk and id of the volumes that were not unmounted cleanly, and whose file system the kernel
    // has therefore brought to the state of the guest's next start; known once they were opened.
    [[nodiscard]] const std::vector<std::pair<std::size_t, std::string>>& replayed() const {
        return replayed_;
    }
    // Closes every file system: all writes are in the devices below.
    [[nodiscard]] Result<void> close();

private:
    std::vector<Disk> disks_;
    fs::Access access_;
    std::optional<std::vector<std::string>> writable_;
    std::map<std::string, fs::FileSystemPtr> open_;
    std::vector<std::pair<std::size_t, std::string>> replayed_;
};

enum class Family { windows, linux_ };
enum class Architecture { unknown, x86, x86_64, arm64 };

struct WindowsFacts {
    std::string system_root; // "/Windows", as spelled on the volume
    std::string product;     // "Windows Server 2012 R2 Standard"; empty when unknown
    std::uint32_t major = 0, minor = 0, build = 0;
    std::vector<int> control_sets; // every set the next boot may use, Current first
    bool driver_database = false;  // 8 and later bind drivers by it
    [[nodiscard]] bool at_least(std::uint32_t major_, std::uint32_t minor_) const {
        return major != major_ ? major > major_ : minor >= minor_;
    }
};

enum class Init { unknown, systemd, upstart, sysvinit, busybox, openrc };

struct LinuxFacts {
    std::string distribution; // "debian", "rhel", ... (ID of os-release, or derived)
    std::string pretty_name;  // "Debian GNU/Linux 12 (bookworm)"
    std::string version;      // "12", "7.9"
    Init init = Init::unknown;
    std::string boot_volume; // volume that holds /boot
};

// One operating system, read-only.
class Guest {
public:
    virtual ~Guest() = default;
    [[nodiscard]] virtual Family family() const = 0;
    [[nodiscard]] virtual std::string id() const = 0;    // "windows1", "linux1": stable per layout
    [[nodiscard]] virtual std::string title() const = 0; // "Windows 10 Pro (build 16299, x64)"
    [[nodiscard]] virtual std::string version() const = 0;
    [[nodiscard]] virtual Architecture architecture() const = 0;
    [[nodiscard]] virtual std::string volume() const = 0; // Machine::volume_name of its root
    [[nodiscard]] virtual const fs::Tree& tree() const = 0;
    [[nodiscard]] virtual const WindowsFacts* windows() const { return nullptr; }
    [[nodiscard]] virtual const LinuxFacts* linux_facts() const { return nullptr; }
    // The machine it lies on, for facts about volumes (UUIDs, labels).
    [[nodiscard]] virtual const Machine& machine() const = 0;

    // Windows: "SYSTEM", "SOFTWARE", "DRIVERS", ..., loaded once, with its transaction logs applied
    // where they complete it. Nothing when there is no such file; `damaged` when it cannot be read.
    [[nodiscard]] virtual Result<const registry::Hive*> hive(std::string_view name) const = 0;
    // Where that hive lies in tree(): "/Windows/System32/config/SYSTEM".
    [[nodiscard]] virtual std::string hive_path(std::string_view name) const = 0;
    // Why nothing may be changed in this guest (hibernated, dirty hive, ...); empty: it may.
    [[nodiscard]] virtual std::vector<Error> obstacles() const = 0;
};

using GuestPtr = std::shared_ptr<Guest>;

// A volume that was looked at but could not be read, with the reason.
struct Unreadable {
    std::string volume;
    Error why;
};

struct Found {
    std::vector<GuestPtr> guests;
    std::vector<Unreadable> unreadable;
};

[[nodiscard]] Result<Found> find_guests(Machine& machine);
// Parts of find_guests, one per family; used by it and by tests. Nothing: none on this volume.
[[nodiscard]] Result<std::vector<GuestPtr>> find_windows(Machine& machine);
[[nodiscard]] Result<std::vector<GuestPtr>> find_linux(Machine& machine);

// A guest over a ready tree, for unit tests of repairs without any disk.
[[nodiscard]] Result<GuestPtr> windows_from_tree(fs::Tree tree, const Machine& machine);
[[nodiscard]] Result<GuestPtr> linux_from_tree(fs::Tree tree, const Machine& machine);

[[nodiscard]] std::string_view to_string(Family family);             // "windows", "linux"
[[nodiscard]] std::string_view to_string(Architecture architecture); // "x86_64", ...
[[nodiscard]] std::string_view to_string(Init init);

} // namespace lifeboat::guest
