// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.hpp"
#include "block/open.hpp"
#include "guest/unreadable.hpp"
#include "session/state.hpp"

#include <algorithm>

namespace lifeboat::session {

namespace {

// More disks than any guest has; each costs an open file and a table of fingerprints.
constexpr std::size_t kMostDisks = 64;

VolumeInfo describe(const volume::Volume& volume) {
    VolumeInfo out;
    out.id = volume.id;
    out.offset = volume.offset;
    out.size = volume.size;
    out.type = volume.type;
    out.content = volume.content_name.empty() ? std::string(volume::to_string(volume.content))
                                              : volume.content_name;
    out.label = volume.label.empty() ? volume.partition_label : volume.label;
    out.uuid = volume.uuid;
    out.partition_uuid = volume.partition_uuid;
    out.active = volume.active;
    return out;
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 4 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<OpenDisk> open_one(const std::string& name, const Options& options) {
    LIFEBOAT_TRY(auto base, block::open_disk(name, block::Access::read, options.sector_size,
                                             options.helper.get()));
    auto overlay = std::make_shared<block::Overlay>(std::move(base));
    auto layout = volume::read_layout(*overlay);
    if (!layout)
        return fail(layout.error().where.empty() ? layout.error().in(name) : layout.error());
    LIFEBOAT_TRY(const auto notes, block::notes_on(name));
    layout->notes.insert(layout->notes.begin(), notes.begin(), notes.end());
    return OpenDisk{name,
                    std::move(overlay),
                    std::move(*layout),
                    {},
                    std::make_shared<std::map<std::string, std::vector<std::string>>>()};
}

// Volumes that lie on several disks.
Result<void> add_shared_volumes(OpenDisks& disks) {
    std::vector<volume::DiskLayout> layouts;
    for (auto& disk : disks)
        layouts.push_back({disk.overlay, &disk.layout});
    LIFEBOAT_CHECK(volume::add_arrays(layouts));
    return volume::add_logical_volumes(layouts);
}

void open_ways(OpenDisks& disks, const Ways& ways) {
    for (std::size_t disk = 0; disk < disks.size(); ++disk)
        for (const auto& volume : disks[disk].layout.volumes)
            disks[disk].ways[guest::Machine::volume_name(disk, volume)] = {ways.discard_hibernation,
                                                                           ways.replay_journal};
}

} // namespace

Result<void> go_on(const Progress& progress) {
    if (progress.cancelled())
        return fail(ErrorKind::cancelled, "", "stopped as you asked", "nothing was written");
    return {};
}

Result<OpenDisks> open_disks(const std::vector<std::string>& paths, const Options& options,
                             Progress& progress) {
    if (paths.empty())
        return fail(ErrorKind::usage, "", "no disk was named");
    if (paths.size() > kMostDisks)
        return fail(ErrorKind::usage, "", "more than " + std::to_string(kMostDisks) + " disks");
    // An OVA stands for all disks in it.
    std::vector<std::string> names;
    for (const auto& path : paths) {
        LIFEBOAT_TRY(const auto inside, block::disks_in(path));
        names.insert(names.end(), inside.begin(), inside.end());
    }
    OpenDisks disks;
    for (const auto& name : names) {
        LIFEBOAT_CHECK(go_on(progress));
        progress.report("Opening " + name,
                        static_cast<double>(disks.size()) / static_cast<double>(names.size()));
        if (std::count(names.begin(), names.end(), name) > 1)
            return fail(ErrorKind::usage, name, "the same disk is named twice");
        LIFEBOAT_TRY(auto disk, open_one(name, options));
        disks.push_back(std::move(disk));
    }
    LIFEBOAT_CHECK(add_shared_volumes(disks));
    open_ways(disks, options.ways);
    return disks;
}

Result<OpenDisks> scratch_over(const OpenDisks& disks) {
    OpenDisks out;
    for (const auto& disk : disks) {
        auto overlay = std::make_shared<block::Overlay>(disk.overlay);
        // Anew: a logical volume of the layout there would write to the overlay there.
        LIFEBOAT_TRY(auto layout, volume::read_layout(*overlay));
        out.push_back({disk.path,
                       std::move(overlay),
                       std::move(layout),
                       {},
                       std::make_shared<std::map<std::string, std::vector<std::string>>>()});
    }
    LIFEBOAT_CHECK(add_shared_volumes(out));
    return out;
}

guest::Machine machine_over(const OpenDisks& disks, fs::Access access) {
    std::vector<guest::Disk> all;
    for (const auto& disk : disks)
        all.push_back({disk.path, disk.overlay, disk.layout});
    return {std::move(all), access};
}

namespace {

// What fs::clear_way knows of.
std::optional<fs::Kind> kind_of(const volume::Volume& volume) {
    if (guest::lies_on_mirror(volume))
        return std::nullopt;
    if (volume.content == volume::Content::ext)
        return fs::Kind::ext;
    return volume.content == volume::Content::ntfs ? std::optional(fs::Kind::ntfs) : std::nullopt;
}

} // namespace

Result<void> start_over(const OpenDisks& disks, const std::set<std::string>* only) {
    discard_changes(disks);
    for (std::size_t disk = 0; disk < disks.size(); ++disk)
        for (const auto& volume : disks[disk].layout.volumes) {
            const auto name = guest::Machine::volume_name(disk, volume);
            const auto kind = kind_of(volume);
            const auto ways = disks[disk].ways.find(name);
            if (ways == disks[disk].ways.end() || !ways->second.any() || !kind ||
                (only != nullptr && only->count(name) == 0))
                continue;
            LIFEBOAT_TRY(auto device, volume::open_volume(disks[disk].overlay, volume));
            auto cleared = fs::clear_way(std::move(device), *kind, ways->second);
            if (!cleared)
                return fail(cleared.error().in(name));
            if (!cleared->empty())
                disks[disk].cleared->emplace(name, std::move(*cleared));
        }
    return {};
}

void discard_changes(const OpenDisks& disks) {
    for (const auto& disk : disks)
        disk.overlay->discard(), disk.cleared->clear();
}

std::vector<DiskInfo> describe(const OpenDisks& disks) {
    std::vector<DiskInfo> out;
    for (const auto& disk : disks) {
        DiskInfo info;
        info.path = disk.path;
        info.size = disk.layout.size;
        info.sector_size = disk.layout.sector_size;
        info.table = volume::to_string(disk.layout.table);
        info.disk_id = disk.layout.disk_id;
        info.notes = disk.layout.notes;
        for (const auto& volume : disk.layout.volumes)
            info.volumes.push_back(describe(volume));
        out.push_back(std::move(info));
    }
    return out;
}

std::optional<VolumePlace> find_volume_named(const OpenDisks& disks, std::string_view name) {
    for (std::size_t disk = 0; disk < disks.size(); ++disk)
        for (const auto& volume : disks[disk].layout.volumes)
            if (auto own = guest::Machine::volume_name(disk, volume); own == name)
                return VolumePlace{disk, &volume, std::move(own)};
    return std::nullopt;
}

Result<VolumePlace> find_volume(const OpenDisks& disks, std::string_view id) {
    std::optional<std::size_t> only;
    std::string_view rest = id;
    if (const auto colon = id.find(':'); colon != std::string_view::npos) {
        const auto number = id.substr(0, colon);
        if (!is_number(number))
            return fail(ErrorKind::usage, std::string(id), "before the colon goes a disk's number");
        only = static_cast<std::size_t>(std::stoul(std::string(number)));
        rest = id.substr(colon + 1);
    }
    std::optional<VolumePlace> found;
    std::string known;
    for (std::size_t disk = 0; disk < disks.size(); ++disk) {
        if (only && *only != disk + 1)
            continue;
        for (const auto& volume : disks[disk].layout.volumes) {
            known += (known.empty() ? "" : ", ") + volume.id;
            if (volume.id != rest)
                continue;
            if (found)
                return fail(ErrorKind::usage, "volume " + std::string(id),
                            "several disks have such a volume",
                            "put the disk's number before it, as in 1:" + std::string(rest));
            found = {disk, &volume, guest::Machine::volume_name(disk, volume)};
        }
    }
    if (!found)
        return fail(ErrorKind::not_found, "volume " + std::string(id), "there is no such volume",
                    known.empty() ? "no volume was found at all; see lifeboat layout"
                                  : "there is " + known + "; see lifeboat layout");
    return *found;
}

} // namespace lifeboat::session
