// SPDX-License-Identifier: GPL-2.0-or-later
// Mirrors of Linux software RAID, put together for reading. They are never written: the kernel may
// read any half at any time, and after a power cut between the two halves nobody would know which
// of them is the repaired one.
#include "base/text.hpp"
#include "block/image.hpp"
#include "volume/md.hpp"
#include "volume/probe.hpp"

#include <algorithm>
#include <map>

namespace lifeboat::volume {
namespace {

struct Part {
    std::size_t disk = 0;
    Volume* volume = nullptr;
    block::DevicePtr device;
    MdMember member;
};

// One half, for reading.
class Mirror final : public block::BlockDevice {
public:
    Mirror(std::string name, block::DevicePtr half)
        : name_(std::move(name)), half_(std::move(half)) {}
    std::string name() const override { return name_; }
    std::uint64_t size() const override { return half_->size(); }
    std::uint32_t sector_size() const override { return half_->sector_size(); }
    bool writable() const override { return false; }
    Result<void> read(std::uint64_t offset, MutableByteSpan out) override {
        return half_->read(offset, out);
    }
    Result<void> write(std::uint64_t, ByteSpan) override {
        return fail(ErrorKind::refused, name_, "a software RAID is read, but not written");
    }
    Result<void> flush() override { return {}; }

private:
    std::string name_;
    block::DevicePtr half_;
};

std::string place_of(const Part& part) {
    return "disk " + std::to_string(part.disk + 1) +
           (part.volume->id == "0" ? "" : ", partition " + part.volume->id);
}

std::string level_name(int level) {
    switch (level) {
    case -4: return "multipath";
    case -1: return "linear";
    default: return "RAID " + std::to_string(level);
    }
}

// "0" or "root"; what could be taken for something else in a volume's name is replaced.
std::string id_of(const MdMember& member) {
    std::string name = member.name.empty() ? member.array.substr(0, 8) : member.name;
    for (auto& c : name)
        if (c == '/' || c == ':' || c == ',' || c <= ' ' || c == 0x7f)
            c = '_';
    return "md/" + printable(name);
}

// Why no array can be made of these; nothing when it can. The first part is the newest.
std::optional<std::string> obstacle(const std::vector<Part*>& parts) {
    const auto& newest = parts.front()->member;
    if (newest.level != 1)
        return "it is " + level_name(newest.level) +
               ", and only a mirror (RAID 1) can be opened here";
    if (!newest.strange.empty())
        return newest.strange;
    for (const auto* part : parts)
        if (part != parts.front() && part->member.role == newest.role)
            return "two disks claim to be the same part of it; leave copies of the same disk out";
    return std::nullopt;
}

class Assembly {
public:
    explicit Assembly(std::span<const DiskLayout> disks) : disks_(disks) {}

    Result<void> run() {
        for (std::size_t disk = 0; disk < disks_.size(); ++disk)
            for (auto& volume : disks_[disk].layout->volumes)
                if (volume.content == Content::md_member &&
                    volume.content_name == "linux_raid_member")
                    LIFEBOAT_CHECK(look_at(disk, volume));
        std::map<std::string, std::vector<Part*>> arrays; // by UUID, members of full value first
        for (auto& part : parts_)
            if (part.member.role)
                arrays[part.member.array].push_back(&part);
            else
                part.volume->why_not = "it is a spare or failed member of the RAID \"" +
                                       printable(part.member.name) + "\"";
        for (auto& [uuid, parts] : arrays) {
            std::stable_sort(parts.begin(), parts.end(), [](const Part* a, const Part* b) {
                return a->member.events > b->member.events;
            });
            LIFEBOAT_CHECK(assemble(parts));
        }
        // Only now: the parts point into the lists of volumes.
        for (auto& [disk, volume] : made_)
            disks_[disk].layout->volumes.push_back(std::move(volume));
        return {};
    }

private:
    Result<void> look_at(std::size_t disk, Volume& volume) {
        LIFEBOAT_TRY(auto device, open_volume(disks_[disk].device, volume));
        auto member = read_md_superblock(*device);
        if (!member && member.error().kind == ErrorKind::io)
            return fail(member.error());
        if (!member)
            volume.why_not = member.error().what;
        else if (*member)
            parts_.push_back({disk, &volume, std::move(device), std::move(**member)});
        return {};
    }

    void note(const Part& part, std::string text) {
        disks_[part.disk].layout->notes.push_back(std::move(text));
    }

    Result<void> assemble(const std::vector<Part*>& parts) {
        const Part& best = *parts.front();
        auto id = id_of(best.member);
        for (const auto& [disk, volume] : made_)
            if (volume.id == id)
                id += "-" + best.member.array.substr(0, 8);
        if (auto why = obstacle(parts)) {
            note(best, "software RAID " + id + ": " + *why);
            for (auto* part : parts)
                part->volume->why_not = "it is part of the RAID " + id + ": " + *why;
            return {};
        }
        for (auto* part : parts) {
            part->volume->member_of = id;
            if (part->member.events != best.member.events)
                note(*part, "software RAID " + id + ": " + place_of(*part) +
                                " is out of date and is not used");
        }
        if (!best.member.in_sync)
            note(best, "software RAID " + id + " was not stopped cleanly; its halves may differ");
        LIFEBOAT_TRY(auto half, block::slice(best.device, best.device->name(),
                                             best.member.data_offset, best.member.data_size));
        Volume volume;
        volume.id = id;
        volume.size = best.member.data_size;
        volume.array = true;
        volume.mapped = std::make_shared<Mirror>("software RAID " + id, std::move(half));
        auto& layout = *disks_[best.disk].layout;
        LIFEBOAT_CHECK(identify(*volume.mapped, layout.sector_size, volume, layout.notes));
        note(best, "software RAID " + id + " (mirror, version " + best.member.version +
                       ") is read from " + place_of(best) + " and cannot be changed");
        made_.emplace_back(best.disk, std::move(volume));
        return {};
    }

    std::span<const DiskLayout> disks_;
    std::vector<Part> parts_;
    std::vector<std::pair<std::size_t, Volume>> made_;
};

} // namespace

Result<void> add_arrays(std::span<const DiskLayout> disks) { return Assembly(disks).run(); }

} // namespace lifeboat::volume
