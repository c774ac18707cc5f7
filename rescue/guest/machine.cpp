// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/machine.hpp"

#include "fs/kernel.hpp"
#include "guest/unreadable.hpp"

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

Result<fs::KernelOpened> open(block::DevicePtr device, Content content, fs::Access access) {
    if (content == Content::xfs || content == Content::btrfs)
        return fs::open_kernel(
            std::move(device),
            content == Content::xfs ? fs::KernelType::xfs : fs::KernelType::btrfs, access);
    const auto open_one = content == Content::ext   ? fs::open_ext
                          : content == Content::fat ? fs::open_fat
                                                    : fs::open_ntfs;
    LIFEBOAT_TRY(auto fs, open_one(std::move(device), access));
    return fs::KernelOpened{std::move(fs), false};
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
    if (!can_open(volume.content)) {
        const auto why = why_unreadable(volume.content);
        return fail(ErrorKind::unsupported, name,
                    why.empty() ? "it holds no file system that this program can read"
                                : std::string(why));
    }
    auto device = volume::open_volume(disks_[disk].device, volume);
    if (!device)
        return fail(device.error().in(name));
    const auto access = lies_on_mirror(volume) ? fs::Access::read : access_of(name);
    auto opened = open(*device, volume.content, access);
    // A volume that must not be written is still read, so that the guests found are the same in
    // both passes; Guest::obstacles() has the reason, and its file system refuses every write.
    if (!opened && access == fs::Access::write && opened.error().kind == ErrorKind::refused)
        opened = open(*device, volume.content, fs::Access::read);
    if (!opened)
        return fail(opened.error().in(name));
    if (opened->replayed)
        replayed_.emplace_back(disk, volume.id);
    open_.emplace(name, opened->fs);
    return opened->fs;
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

} // namespace lifeboat::guest
