// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/linux_devices.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace lifeboat::guest {

using text::FstabEntry;
using volume::Content;

namespace {

// What each piece of evidence is worth. A volume needs kEnough to be named at all, unless it is the
// only one of its kind in a machine where only one reference can mean it.
constexpr int kImpossible = -1000;
constexpr int kLastMounted = 100; // the kernel wrote this mount point into the file system
constexpr int kOtherMount = -10;  // it wrote another one (it may have been a rescue system)
constexpr int kPartition = 20;
constexpr int kDisk = 10;
constexpr int kWholeDisk = 15; // a name without a number and a disk without a table
constexpr int kBase = 1;
constexpr int kEnough = 20;

bool fits_type(const volume::Volume& volume, const FstabEntry& entry) {
    if (entry.is_swap())
        return volume.content == Content::swap;
    const auto& type = entry.type;
    if (type == "ext2" || type == "ext3" || type == "ext4")
        return volume.content == Content::ext;
    if (type == "xfs")
        return volume.content == Content::xfs;
    if (type == "btrfs")
        return volume.content == Content::btrfs;
    if (type == "vfat" || type == "msdos")
        return volume.content == Content::fat;
    if (type == "ntfs" || type == "ntfs-3g")
        return volume.content == Content::ntfs;
    if (type == "auto")
        return volume.content != Content::swap && volume.content != Content::lvm_member;
    return volume.content_name == type;
}

// The superblock of ext2, ext3 and ext4 lies at byte 1024: magic 0xEF53 at 0x38, the last mount
// point as 64 bytes at 0x88 (kernel documentation, filesystems/ext4/super).
std::string read_last_mounted(const Disk& disk, const volume::Volume& volume) {
    constexpr std::uint64_t kSuperblock = 1024;
    std::array<std::byte, 0x88 + 64> bytes{};
    if (volume.content != Content::ext || !disk.device)
        return {};
    const auto device = volume::open_volume(disk.device, volume);
    if (!device || !(*device)->read(kSuperblock, bytes) ||
        read_le<std::uint16_t>(bytes, 0x38) != 0xef53)
        return {};
    const auto text = to_text(ByteSpan(bytes).subspan(0x88));
    return text.substr(0, text.find('\0'));
}

std::optional<std::string> tag_value(std::string_view spec, std::string_view tag) {
    if (spec.size() <= tag.size() || spec.substr(0, tag.size()) != tag)
        return std::nullopt;
    return std::string(spec.substr(tag.size()));
}

} // namespace

std::optional<DeviceName> parse_device_name(std::string_view path) {
    constexpr std::string_view kDev = "/dev/";
    if (path.substr(0, kDev.size()) != kDev)
        return std::nullopt;
    auto rest = path.substr(kDev.size());
    for (const std::string_view family : {"xvd", "sd", "hd", "vd"}) {
        if (rest.substr(0, family.size()) != family)
            continue;
        rest.remove_prefix(family.size());
        DeviceName name;
        name.family = family;
        std::size_t letters = 0;
        for (; letters < rest.size() && rest[letters] >= 'a' && rest[letters] <= 'z'; ++letters)
            name.letter = name.letter * 26 + static_cast<std::size_t>(rest[letters] - 'a' + 1);
        const auto digits = rest.substr(letters);
        if (letters == 0 || letters > 2 || digits.size() > 3 ||
            digits.find_first_not_of("0123456789") != std::string_view::npos)
            return std::nullopt;
        name.letter -= 1;
        if (!digits.empty())
            name.partition = std::stoul(std::string(digits));
        return name;
    }
    return std::nullopt;
}

std::vector<VolumeRef> all_volumes(const Machine& machine) {
    std::vector<VolumeRef> result;
    for (std::size_t disk = 0; disk < machine.disks().size(); ++disk)
        for (const auto& volume : machine.disks()[disk].layout.volumes)
            result.push_back({disk, volume, Machine::volume_name(disk, volume),
                              read_last_mounted(machine.disks()[disk], volume)});
    return result;
}

DeviceResolver::DeviceResolver(const Machine& machine, std::string root,
                               std::vector<FstabEntry> fstab)
    : volumes_(all_volumes(machine)), root_(std::move(root)), fstab_(std::move(fstab)) {}

Resolution DeviceResolver::root() const {
    for (const auto& volume : volumes_)
        if (volume.name == root_)
            return {volume, "this is the volume that holds the root directory"};
    return {std::nullopt, "the volume with the root directory is not known"};
}

std::optional<std::string> DeviceResolver::unique_spec(const VolumeRef& volume) const {
    if (volume.volume.uuid.empty())
        return std::nullopt;
    const auto same = std::count_if(volumes_.begin(), volumes_.end(), [&](const VolumeRef& other) {
        return iequals(other.volume.uuid, volume.volume.uuid);
    });
    return same == 1 ? std::optional<std::string>("UUID=" + volume.volume.uuid) : std::nullopt;
}

Resolution DeviceResolver::by_tag(std::string_view spec) const {
    const auto matches = [&](const volume::Volume& volume) {
        if (const auto uuid = tag_value(spec, "UUID="))
            return iequals(volume.uuid, *uuid);
        if (const auto label = tag_value(spec, "LABEL="))
            return volume.label == *label;
        if (const auto part = tag_value(spec, "PARTUUID="))
            return iequals(volume.partition_uuid, *part);
        if (const auto part = tag_value(spec, "PARTLABEL="))
            return volume.partition_label == *part;
        if (const auto uuid = tag_value(spec, "/dev/disk/by-uuid/"))
            return iequals(volume.uuid, *uuid);
        if (const auto label = tag_value(spec, "/dev/disk/by-label/"))
            return volume.label == *label;
        // /dev/md0 and /dev/md/0; /dev/vg/lv; /dev/mapper/vg-lv doubles every '-' of a name
        if (volume.array && spec == "/dev/md" + volume.id.substr(volume.id.find('/') + 1))
            return true;
        if (volume.id.find('/') == std::string::npos)
            return false;
        std::string mapper = "/dev/mapper/";
        for (const char c : volume.id)
            mapper += c == '/' ? "-" : (c == '-' ? "--" : std::string(1, c));
        return spec == "/dev/" + volume.id || spec == mapper;
    };
    Resolution result;
    for (const auto& volume : volumes_) {
        if (!matches(volume.volume))
            continue;
        if (result.volume)
            return {std::nullopt,
                    std::string(spec) + " fits " + result.volume->name + " and " + volume.name};
        result = {volume, std::string(spec) + " is the name of this volume"};
    }
    if (!result.volume)
        result.why = "no attached volume is called " + std::string(spec);
    return result;
}

// Letters as they follow each other in this guest: xvda, xvds -> 0, 1; xvde, xvdf -> 0, 1.
std::size_t DeviceResolver::rank(const DeviceName& name) const {
    std::set<std::size_t> letters{name.letter};
    for (const auto& entry : fstab_)
        if (const auto other = parse_device_name(entry.spec))
            letters.insert(other->letter);
    return static_cast<std::size_t>(std::distance(letters.begin(), letters.find(name.letter)));
}

// Named in another line in a way that leaves no doubt.
bool DeviceResolver::taken(const VolumeRef& candidate, const FstabEntry& by) const {
    if (candidate.name == root_)
        return by.mount_point != "/";
    return std::any_of(fstab_.begin(), fstab_.end(), [&](const FstabEntry& other) {
        if (other.line == by.line || parse_device_name(other.spec))
            return false;
        const auto found = by_tag(other.spec);
        return found.volume && found.volume->name == candidate.name;
    });
}

int DeviceResolver::score(const VolumeRef& candidate, const DeviceName& name,
                          const FstabEntry& entry) const {
    if (!fits_type(candidate.volume, entry) || taken(candidate, entry))
        return kImpossible;
    int score = kBase;
    if (!candidate.last_mounted.empty())
        score += candidate.last_mounted == entry.mount_point ? kLastMounted : kOtherMount;
    if (name.partition && candidate.volume.id == std::to_string(*name.partition))
        score += kPartition;
    if (!name.partition && candidate.volume.id == "0")
        score += kWholeDisk;
    if (rank(name) == candidate.disk)
        score += kDisk;
    return score;
}

Resolution DeviceResolver::by_evidence(const DeviceName& name, const FstabEntry& entry) const {
    const VolumeRef* best = nullptr;
    int best_score = kImpossible;
    bool tie = false;
    int candidates = 0;
    for (const auto& volume : volumes_) {
        const int value = score(volume, name, entry);
        if (value == kImpossible)
            continue;
        ++candidates;
        if (value == best_score)
            tie = true;
        if (value > best_score) {
            best = &volume;
            best_score = value;
            tie = false;
        }
    }
    if (best == nullptr)
        return {std::nullopt, "no attached volume could be " + entry.spec};
    // Other lines that name a device by letters: one volume cannot be two of them.
    bool wanted_more = false;
    std::size_t rivals = 0;
    for (const auto& other : fstab_) {
        const auto other_name = parse_device_name(other.spec);
        if (!other_name || other.spec == entry.spec || other.mount_point == "/")
            continue;
        const int value = score(*best, *other_name, other);
        rivals += value == kImpossible ? 0U : 1U;
        wanted_more = wanted_more || value >= best_score;
    }
    const bool contradicted =
        !best->last_mounted.empty() && best->last_mounted != entry.mount_point;
    const bool only_one = candidates == 1 && rivals == 0 && !contradicted;
    if (tie || wanted_more || (best_score < kEnough && !only_one))
        return {std::nullopt,
                "more than one attached volume, or none for certain, could be " + entry.spec};
    if (only_one && best_score < kEnough)
        return {*best, "it is the only volume here that can be " + entry.spec};
    if (best->last_mounted == entry.mount_point && !best->last_mounted.empty())
        return {*best, "it was last mounted at " + entry.mount_point};
    return {*best, "its content, partition number and disk fit " + entry.spec};
}

Resolution DeviceResolver::resolve(const FstabEntry& entry) const {
    if (entry.mount_point == "/" && !entry.is_swap())
        return root();
    const auto name = parse_device_name(entry.spec);
    return name ? by_evidence(*name, entry) : by_tag(entry.spec);
}

Resolution DeviceResolver::resolve_swap(std::string_view device) const {
    for (const auto& entry : fstab_)
        if (entry.is_swap() && entry.spec == device)
            return resolve(entry);
    // fstab names its swap in another way: when there is one swap line and one swap volume, it is
    // the same one.
    const FstabEntry* only = nullptr;
    for (const auto& entry : fstab_)
        if (entry.is_swap())
            only = only == nullptr ? &entry : nullptr;
    if (only != nullptr && !parse_device_name(only->spec))
        return resolve(*only);
    FstabEntry entry;
    entry.spec = device;
    entry.mount_point = "none";
    entry.type = "swap";
    return resolve(entry);
}

} // namespace lifeboat::guest
