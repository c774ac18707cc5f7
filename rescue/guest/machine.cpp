// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/machine.hpp"

#include <utility>

namespace lifeboat::guest {

using volume::Content;

std::string_view to_string(Family family) {
    switch (family) {
    case Family::windows: return "windows";
    case Family::linux_: return "linux";
    }
    return "unknown";
}

std::string_view to_string(Architecture architecture) {
    switch (architecture) {
    case Architecture::unknown: return "unknown";
    case Architecture::x86: return "x86";
    case Architecture::x86_64: return "x86_64";
    case Architecture::arm64: return "arm64";
    }
    return "unknown";
}

std::string_view to_string(Init init) {
    switch (init) {
    case Init::unknown: return "unknown";
    case Init::systemd: return "systemd";
    case Init::upstart: return "upstart";
    case Init::sysvinit: return "sysvinit";
    case Init::busybox: return "busybox";
    case Init::openrc: return "openrc";
    }
    return "unknown";
}

namespace {

// What to tell about a volume that could hold a guest but that nothing here can read; empty for
// what never holds one.
std::string_view why_unreadable(Content content) {
    switch (content) {
    case Content::xfs: return "the file system is XFS, which this program cannot read yet";
    case Content::btrfs: return "the file system is Btrfs, which this program cannot read yet";
    case Content::md_member:
        return "this is a member of a Linux software RAID, which this program cannot put together";
    case Content::luks: return "the volume is encrypted (LUKS)";
    case Content::bitlocker: return "the volume is encrypted (BitLocker)";
    case Content::ldm_member:
        return "this is a Windows dynamic disk, which this program cannot put together";
    case Content::storage_spaces:
        return "this is a member of a Windows storage pool, which this program cannot put together";
    case Content::lvm_member:
        return "this is an LVM physical volume, which this program cannot read yet";
    case Content::other: return "the file system is of a kind that this program cannot read";
    case Content::unknown:
    case Content::empty:
    case Content::ext:
    case Content::ntfs:
    case Content::fat:
    case Content::swap:
    case Content::iso9660: return {};
    }
    return {};
}

std::string_view what_to_do(Content content) {
    switch (content) {
    case Content::luks:
    case Content::bitlocker: return "decrypt the volume inside the guest first";
    default: return "repair this guest by hand, for example from the rescue system's shell";
    }
}

Result<fs::FileSystemPtr> open(block::DevicePtr device, Content content, fs::Access access) {
    return content == Content::ext ? fs::open_ext(std::move(device), access)
                                   : fs::open_ntfs(std::move(device), access);
}

// The reason why a volume cannot be read; nothing when it can, or never holds a guest.
std::optional<Error> unreadable_reason(Machine& machine, std::size_t disk,
                                       const volume::Volume& volume) {
    if (volume.content == Content::ext || volume.content == Content::ntfs) {
        auto fs = machine.filesystem(disk, volume);
        if (fs)
            return std::nullopt;
        return fs.error();
    }
    if (volume.content == Content::lvm_member) {
        // Its logical volumes are volumes of their own once somebody has read the metadata.
        for (const auto& other : machine.disks()[disk].layout.volumes)
            if (other.id.find('/') != std::string::npos)
                return std::nullopt;
    }
    const auto why = why_unreadable(volume.content);
    if (why.empty())
        return std::nullopt;
    std::string what(why);
    if (volume.content == Content::other && !volume.content_name.empty())
        what += " (" + volume.content_name + ")";
    return Error{ErrorKind::unsupported, Machine::volume_name(disk, volume), what,
                 std::string(what_to_do(volume.content))};
}

} // namespace

Machine::Machine(std::vector<Disk> disks, fs::Access access)
    : disks_(std::move(disks)), access_(access) {}

std::string Machine::volume_name(std::size_t disk, const volume::Volume& volume) {
    const auto name = "disk " + std::to_string(disk + 1);
    if (volume.id == "0")
        return name;
    if (volume.id.find('/') != std::string::npos)
        return name + ", volume " + volume.id;
    return name + ", partition " + volume.id;
}

Result<fs::FileSystemPtr> Machine::filesystem(std::size_t disk, const volume::Volume& volume) {
    const auto name = volume_name(disk, volume);
    if (const auto known = open_.find(name); known != open_.end())
        return known->second;
    if (disk >= disks_.size())
        return fail(ErrorKind::internal, name, "there is no such disk");
    if (volume.content != Content::ext && volume.content != Content::ntfs) {
        const auto why = why_unreadable(volume.content);
        return fail(ErrorKind::unsupported, name,
                    why.empty() ? "it holds no file system that this program can read"
                                : std::string(why));
    }
    auto device = volume::open_volume(disks_[disk].device, volume);
    if (!device)
        return fail(device.error().in(name));
    const auto access = access_of(name);
    auto fs = open(*device, volume.content, access);
    // A volume that must not be written is still read, so that the guests found are the same in
    // both passes; Guest::obstacles() has the reason, and its file system refuses every write.
    if (!fs && access == fs::Access::write && fs.error().kind == ErrorKind::refused)
        fs = open(*device, volume.content, fs::Access::read);
    if (!fs)
        return fail(fs.error().in(name));
    open_.emplace(name, *fs);
    return *fs;
}

Result<void> Machine::close() {
    Result<void> first;
    for (auto& [name, fs] : open_) {
        auto closed = fs->close();
        if (!closed && first)
            first = fail(closed.error().in(name));
    }
    open_.clear();
    return first;
}

Result<Found> find_guests(Machine& machine) {
    Found found;
    for (std::size_t disk = 0; disk < machine.disks().size(); ++disk)
        for (const auto& volume : machine.disks()[disk].layout.volumes)
            if (auto why = unreadable_reason(machine, disk, volume))
                found.unreadable.push_back({Machine::volume_name(disk, volume), std::move(*why)});
    LIFEBOAT_TRY(found.guests, find_windows(machine));
    LIFEBOAT_TRY(auto linux_guests, find_linux(machine));
    for (auto& guest : linux_guests)
        found.guests.push_back(std::move(guest));
    return found;
}

} // namespace lifeboat::guest
