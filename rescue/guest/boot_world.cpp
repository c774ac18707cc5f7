// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/boot_world.hpp"

#include "base/text.hpp"
#include "guest/kernel_kind.hpp"

#include <algorithm>

namespace lifeboat::guest {

namespace {

using text::grub::FileFacts;
using text::grub::KernelKind;
using text::grub::Probe;
using volume::Content;

constexpr std::size_t kBiosDisks = 16; // more are not shown to GRUB
constexpr std::uint64_t kLargestFile = 8U << 20;
constexpr std::uint64_t kLargestKernel = 64U << 20;

// GRUB doubles the dashes of a group's and a volume's name.
std::string grub_name(std::string_view id) {
    const auto slash = id.find('/');
    const auto doubled = [](std::string_view name) {
        std::string out;
        for (const char c : name)
            out.append(c == '-' ? 2 : 1, c);
        return out;
    };
    return "lvm/" + doubled(id.substr(0, slash)) + "-" + doubled(id.substr(slash + 1));
}

bool is_logical(const volume::Volume& volume) { return volume.id.find('/') != std::string::npos; }

// File systems that our GRUB core reads (chainload/modules).
std::string_view grub_filesystem(const volume::Volume& volume) {
    switch (volume.content) {
    case Content::ext: return "ext2";
    case Content::ntfs: return "ntfs";
    case Content::fat: return "fat";
    case Content::xfs: return "xfs";
    case Content::btrfs: return "btrfs";
    case Content::iso9660: return "iso9660";
    case Content::other:
        for (const std::string_view name : {"reiserfs", "jfs", "f2fs", "exfat", "udf"})
            if (volume.content_name == name)
                return name;
        return {};
    case Content::unknown:
    case Content::empty:
    case Content::swap:
    case Content::lvm_member:
    case Content::md_member:
    case Content::luks:
    case Content::bitlocker:
    case Content::ldm_member:
    case Content::storage_spaces: return {};
    }
    return {};
}

// One slash between names, none at the end.
std::string tidy(std::string_view path) {
    std::string out;
    for (const auto part : split_nonempty(path, '/'))
        out += "/" + std::string(part);
    return out.empty() ? "/" : out;
}

std::string medium_name(std::string_view device, std::string_view path) {
    return "(" + std::string(device) + ")" + tidy(path);
}

} // namespace

BootWorld::BootWorld(Machine& machine, BootMedium medium)
    : machine_(machine), medium_(std::move(medium)) {
    const auto& disks = machine_.disks();
    for (std::size_t i = 0; i < disks.size() && (medium_.uefi || i < kBiosDisks); ++i) {
        const auto name = "hd" + std::to_string(i);
        const auto& layout = disks[i].layout;
        Device whole{name, i, nullptr};
        std::vector<Device> parts;
        for (const auto& volume : layout.volumes) {
            if (volume.id == "0")
                whole.volume = &volume;
            else if (!is_logical(volume))
                parts.push_back({name +
                                     (layout.table == volume::TableKind::gpt ? ",gpt" : ",msdos") +
                                     volume.id,
                                 i, &volume});
        }
        devices_.push_back(whole);
        devices_.insert(devices_.end(), parts.begin(), parts.end());
    }
}

void BootWorld::note(std::string sentence) {
    if (std::find(not_seen_.begin(), not_seen_.end(), sentence) == not_seen_.end())
        not_seen_.push_back(std::move(sentence));
}

void BootWorld::add_logical_volumes() {
    if (std::exchange(volumes_added_, true))
        return;
    const auto& disks = machine_.disks();
    for (std::size_t i = 0; i < disks.size(); ++i)
        for (const auto& volume : disks[i].layout.volumes)
            if (is_logical(volume) && !volume.array)
                devices_.push_back({grub_name(volume.id), i, &volume});
}

void BootWorld::load_module(std::string_view name) {
    if (name == "lvm")
        add_logical_volumes();
    if (!name.starts_with("mdraid"))
        return;
    for (std::size_t i = 0; i < machine_.disks().size(); ++i)
        for (const auto& volume : machine_.disks()[i].layout.volumes)
            if (volume.content == Content::md_member)
                note(
                    Machine::volume_name(i, volume) +
                    " is part of a software RAID; what GRUB would find on it is not followed here");
}

std::vector<std::string> BootWorld::devices() {
    std::vector<std::string> out;
    for (const auto& device : devices_)
        out.push_back(device.name);
    for (const auto& [name, content] : medium_.files)
        if (auto device = name.substr(1, name.find(')') - 1);
            device != "memdisk" && std::find(out.begin(), out.end(), device) == out.end())
            out.push_back(std::move(device));
    return out;
}

// "hd0,1" is also the name of "hd0,msdos1".
const BootWorld::Device* BootWorld::find(std::string_view name) const {
    for (const auto& device : devices_) {
        if (device.name == name)
            return &device;
        const auto comma = device.name.find(',');
        if (comma == std::string::npos || device.volume == nullptr)
            continue;
        if (name == device.name.substr(0, comma + 1) + device.volume->id)
            return &device;
    }
    return nullptr;
}

std::string BootWorld::volume_of(std::string_view device) const {
    const auto* found = find(device);
    if (found == nullptr)
        return std::string(device);
    return found->volume != nullptr ? Machine::volume_name(found->disk, *found->volume)
                                    : "disk " + std::to_string(found->disk + 1);
}

const fs::Tree* BootWorld::tree(const Device& device, std::string_view path) {
    if (device.volume == nullptr || grub_filesystem(*device.volume).empty())
        return nullptr;
    // Our own file, which is asked for on every volume; only a disk of this label has parameters.
    const bool readable = device.volume->content == Content::ext ||
                          device.volume->content == Content::ntfs ||
                          device.volume->content == Content::fat;
    if (!readable && tidy(path) == "/lifeboat.env" && device.volume->label != "LIFEBOAT")
        return nullptr;
    const auto known = trees_.find(device.name);
    if (known != trees_.end())
        return known->second ? &*known->second : nullptr;
    auto& slot = trees_[device.name];
    const auto name = Machine::volume_name(device.disk, *device.volume);
    auto filesystem = machine_.filesystem(device.disk, *device.volume);
    if (!filesystem) {
        note(readable ? filesystem.error().text()
                      : name + " holds " + std::string(grub_filesystem(*device.volume)) +
                            ", which GRUB reads and this program does not");
        return nullptr;
    }
    slot.emplace();
    slot->mount("/", name, std::move(*filesystem));
    return &*slot;
}

std::optional<FileFacts> BootWorld::stat(std::string_view device, std::string_view path) {
    if (const auto at = medium_.files.find(medium_name(device, path)); at != medium_.files.end())
        return FileFacts{false, at->second.size()};
    const auto* found = find(device);
    if (found == nullptr)
        return std::nullopt;
    const auto* files = tree(*found, path);
    if (files == nullptr)
        return std::nullopt;
    const auto node = files->stat(tidy(path));
    if (!node) {
        if (node.error().kind != ErrorKind::not_found)
            note(node.error().text());
        return std::nullopt;
    }
    if (!*node)
        return std::nullopt;
    return FileFacts{(*node)->type == fs::NodeType::directory, (*node)->size};
}

std::optional<std::string> BootWorld::read(std::string_view device, std::string_view path) {
    if (const auto at = medium_.files.find(medium_name(device, path)); at != medium_.files.end())
        return at->second;
    const auto* found = find(device);
    const auto* files = found != nullptr ? tree(*found, path) : nullptr;
    if (files == nullptr)
        return std::nullopt;
    auto text = files->read_text(tidy(path), kLargestFile);
    if (!text) {
        note(text.error().text());
        return std::nullopt;
    }
    return std::move(*text);
}

std::vector<std::string> BootWorld::list(std::string_view device, std::string_view path) {
    const auto* found = find(device);
    const auto* files = found != nullptr ? tree(*found, path) : nullptr;
    if (files == nullptr || !stat(device, path).value_or(FileFacts{}).directory)
        return {};
    const auto nodes = files->list(tidy(path));
    if (!nodes) {
        note(nodes.error().text());
        return {};
    }
    std::vector<std::string> out;
    for (const auto& node : *nodes)
        out.push_back(node.name);
    return out;
}

std::string BootWorld::probe(std::string_view device, Probe what) {
    const auto* found = find(device);
    if (found == nullptr || found->volume == nullptr)
        return {};
    const auto& volume = *found->volume;
    if (what == Probe::part_uuid)
        return volume.partition_uuid;
    const auto fs = grub_filesystem(volume);
    if (fs.empty())
        return {};
    if (what == Probe::fs_uuid)
        return volume.uuid;
    return what == Probe::label ? volume.label : std::string(fs);
}

KernelKind BootWorld::kernel(std::string_view device, std::string_view path) {
    if (medium_.files.count(medium_name(device, path)) != 0)
        return KernelKind::linux_;
    const auto* found = find(device);
    const auto* files = found != nullptr ? tree(*found, path) : nullptr;
    if (files == nullptr)
        return KernelKind::unknown;
    // A normal kernel tells itself by its first bytes.
    if (const auto head = files->read_head(tidy(path), 4096);
        head && kernel_kind(*head) == KernelKind::linux_)
        return KernelKind::linux_;
    const auto whole = files->read(tidy(path), kLargestKernel);
    if (!whole) {
        note(whole.error().text());
        return KernelKind::unknown;
    }
    return kernel_kind(*whole);
}

} // namespace lifeboat::guest
