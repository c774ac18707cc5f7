// SPDX-License-Identifier: GPL-2.0-or-later
#include "volume/lvm.hpp"

#include "base/text.hpp"
#include "volume/lvm_metadata.hpp"

#include <algorithm>
#include <map>
#include <memory>

namespace lifeboat::volume {

namespace {

constexpr std::uint64_t kSector = 512; // LVM counts in these whatever the disk's sectors are
constexpr std::int64_t kStripes = 128; // LVM's own limit
constexpr std::uint64_t kMostSectors = 1ULL << 53;

// `length` bytes from `start` of the logical volume, in stripes over `parts`.
struct Segment {
    std::uint64_t start = 0;
    std::uint64_t length = 0;
    std::uint64_t stripe_size = 0; // bytes; 0 for one part
    struct Part {
        block::DevicePtr device;
        std::uint64_t offset = 0; // bytes
        std::size_t disk = 0;
    };
    std::vector<Part> parts;
};

// One contiguous run of a request: where it lies and how long it is.
struct Run {
    block::BlockDevice* device = nullptr;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

class MappedVolume final : public block::BlockDevice {
public:
    MappedVolume(std::string name, std::uint32_t sector_size, std::vector<Segment> segments)
        : name_(std::move(name)), sector_size_(sector_size), segments_(std::move(segments)) {
        for (const auto& segment : segments_)
            size_ += segment.length;
    }

    std::string name() const override { return name_; }
    std::uint64_t size() const override { return size_; }
    std::uint32_t sector_size() const override { return sector_size_; }
    bool writable() const override {
        return std::all_of(segments_.begin(), segments_.end(), [](const Segment& segment) {
            return std::all_of(segment.parts.begin(), segment.parts.end(),
                               [](const auto& part) { return part.device->writable(); });
        });
    }
    Result<void> read(std::uint64_t offset, MutableByteSpan out) override {
        return each(offset, out.size(), [&](const Run& run, std::size_t done) {
            return run.device->read(run.offset,
                                    out.subspan(done, static_cast<std::size_t>(run.length)));
        });
    }
    Result<void> write(std::uint64_t offset, ByteSpan data) override {
        return each(offset, data.size(), [&](const Run& run, std::size_t done) {
            return run.device->write(run.offset,
                                     data.subspan(done, static_cast<std::size_t>(run.length)));
        });
    }
    Result<void> flush() override {
        for (const auto& segment : segments_)
            for (const auto& part : segment.parts)
                LIFEBOAT_CHECK(part.device->flush());
        return {};
    }

private:
    template <class Do>
    Result<void> each(std::uint64_t offset, std::uint64_t length, const Do& act) {
        if (offset > size_ || length > size_ - offset)
            return fail(ErrorKind::io, name_, "a read or write goes past the end of the volume");
        for (std::uint64_t done = 0; done < length;) {
            Run run = find(offset + done);
            run.length = std::min(run.length, length - done);
            LIFEBOAT_CHECK(act(run, static_cast<std::size_t>(done)));
            done += run.length;
        }
        return {};
    }

    Run find(std::uint64_t offset) const {
        auto at = std::upper_bound(
            segments_.begin(), segments_.end(), offset,
            [](std::uint64_t wanted, const Segment& segment) { return wanted < segment.start; });
        const Segment& segment = *--at;
        const std::uint64_t inside = offset - segment.start;
        if (segment.parts.size() == 1)
            return {segment.parts.front().device.get(), segment.parts.front().offset + inside,
                    segment.length - inside};
        const std::uint64_t stripe = inside / segment.stripe_size;
        const std::uint64_t in_stripe = inside % segment.stripe_size;
        const auto& part = segment.parts[stripe % segment.parts.size()];
        return {part.device.get(),
                part.offset + (stripe / segment.parts.size()) * segment.stripe_size + in_stripe,
                segment.stripe_size - in_stripe};
    }

    std::string name_;
    std::uint32_t sector_size_;
    std::uint64_t size_ = 0;
    std::vector<Segment> segments_;
};

struct Member { // a physical volume of one group, with its place inside the device
    const PhysicalVolume* physical = nullptr;
    std::uint64_t data_start = 0; // bytes
    std::uint64_t extents = 0;
};

std::optional<std::uint64_t> positive(const LvmSection& section, std::string_view name) {
    const auto value = section.number(name);
    if (!value || *value < 0 || static_cast<std::uint64_t>(*value) > kMostSectors)
        return std::nullopt;
    return static_cast<std::uint64_t>(*value);
}

Error damaged(const std::string& where, std::string what) {
    return Error{ErrorKind::damaged, where, std::move(what), {}};
}

class Group {
public:
    Group(std::string name, const LvmSection& section, std::vector<Error>& problems)
        : name_(std::move(name)), section_(section), problems_(problems) {}

    void volumes(const std::map<std::string, const PhysicalVolume*, std::less<>>& by_uuid,
                 std::vector<LogicalVolume>& out) {
        const auto extent = positive(section_, "extent_size");
        if (!extent || *extent == 0) {
            problems_.push_back(damaged("volume group " + name_, "its extent size is missing"));
            return;
        }
        extent_ = *extent * kSector;
        if (const auto* list = section_.section("physical_volumes"))
            for (const auto& [name, physical] : list->sections)
                add_member(name, physical, by_uuid);
        if (const auto* list = section_.section("logical_volumes"))
            for (const auto& [name, logical] : list->sections)
                add_volume(name, logical, out);
    }

private:
    void add_member(const std::string& name, const LvmSection& physical,
                    const std::map<std::string, const PhysicalVolume*, std::less<>>& by_uuid) {
        const auto start = positive(physical, "pe_start");
        const auto count = positive(physical, "pe_count");
        const auto found = by_uuid.find(physical.text("id").value_or(""));
        if (!start || !count) {
            problems_.push_back(damaged("volume group " + name_,
                                        "physical volume " + name + " has no place for its data"));
            return;
        }
        if (found != by_uuid.end() && found->second != nullptr)
            members_[name] = Member{found->second, *start * kSector, *count};
    }

    void add_volume(const std::string& name, const LvmSection& logical,
                    std::vector<LogicalVolume>& out) {
        const auto status = logical.values.find("status");
        const bool visible =
            status != logical.values.end() &&
            std::any_of(status->second.begin(), status->second.end(), [](const LvmScalar& word) {
                const auto* text = std::get_if<std::string>(&word);
                return text != nullptr && *text == "VISIBLE";
            });
        if (!visible)
            return;
        LogicalVolume volume;
        volume.group = name_;
        volume.name = name;
        volume.uuid = logical.text("id").value_or("");
        auto segments = map(logical);
        if (segments) {
            const auto& first = segments->front().parts.front();
            volume.disk = first.disk;
            const std::uint32_t sector = first.device->sector_size();
            volume.device = std::make_shared<MappedVolume>("logical volume " + name_ + "/" + name,
                                                           sector, std::move(*segments));
            volume.size = volume.device->size();
        } else {
            volume.why_not = segments.error().in("logical volume " + name_ + "/" + name);
        }
        out.push_back(std::move(volume));
    }

    Result<std::vector<Segment>> map(const LvmSection& logical) const {
        const auto count = positive(logical, "segment_count");
        if (!count || *count == 0 || *count != logical.sections.size())
            return fail(damaged({}, "the number of its segments is not what it says"));
        std::vector<Segment> segments;
        std::uint64_t next = 0; // extents
        for (std::uint64_t n = 1; n <= *count; ++n) {
            const auto* segment = logical.section("segment" + std::to_string(n));
            if (segment == nullptr)
                return fail(damaged({}, "segment " + std::to_string(n) + " is missing"));
            const auto start = positive(*segment, "start_extent");
            const auto length = positive(*segment, "extent_count");
            if (!start || !length || *start != next || *length == 0)
                return fail(damaged({}, "its segments do not follow each other"));
            next += *length;
            LIFEBOAT_TRY(Segment mapped, map_segment(*segment, *length));
            mapped.start = *start * extent_;
            mapped.length = *length * extent_;
            segments.push_back(std::move(mapped));
        }
        return segments;
    }

    Result<Segment> map_segment(const LvmSection& segment, std::uint64_t length) const {
        const std::string type = segment.text("type").value_or("");
        if (type != "striped")
            return fail(ErrorKind::unsupported, {},
                        "it is of the kind \"" + printable(type) +
                            "\"; only linear and striped volumes can be opened here");
        const auto count = positive(segment, "stripe_count");
        const auto stripes = segment.values.find("stripes");
        if (!count || *count == 0 || *count > kStripes || length % *count != 0 ||
            stripes == segment.values.end() || stripes->second.size() != *count * 2)
            return fail(damaged({}, "its list of stripes contradicts itself"));
        Segment out;
        if (*count > 1) {
            const auto size = positive(segment, "stripe_size");
            if (!size || *size == 0 || extent_ % (*size * kSector) != 0)
                return fail(damaged({}, "its stripe size is wrong"));
            out.stripe_size = *size * kSector;
        }
        for (std::size_t n = 0; n < *count; ++n) {
            const auto* name = std::get_if<std::string>(&stripes->second[n * 2]);
            const auto* first = std::get_if<std::int64_t>(&stripes->second[n * 2 + 1]);
            if (name == nullptr || first == nullptr || *first < 0)
                return fail(damaged({}, "its list of stripes contradicts itself"));
            const auto member = members_.find(*name);
            if (member == members_.end())
                return fail(ErrorKind::not_found, {},
                            "a part of it lies on a disk that is not here",
                            "name all disks of the guest");
            const std::uint64_t each = length / *count;
            const auto begin = static_cast<std::uint64_t>(*first);
            const Member& on = member->second;
            if (begin > on.extents || each > on.extents - begin)
                return fail(damaged({}, "a stripe lies outside its physical volume"));
            const std::uint64_t offset = on.data_start + begin * extent_;
            const std::uint64_t size = on.physical->device->size();
            if (offset > size || each * extent_ > size - offset)
                return fail(damaged({}, "a stripe lies behind the end of the disk"));
            out.parts.push_back({on.physical->device, offset, on.physical->disk});
        }
        return out;
    }

    std::string name_;
    const LvmSection& section_;
    std::vector<Error>& problems_;
    std::uint64_t extent_ = 0; // bytes
    std::map<std::string, Member, std::less<>> members_;
};

} // namespace

LogicalVolumes find_logical_volumes(std::span<const PhysicalVolume> physical) {
    LogicalVolumes out;
    std::map<std::string, const PhysicalVolume*, std::less<>> by_uuid;
    struct Newest {
        std::int64_t sequence = -1;
        LvmSection section;
    };
    std::map<std::string, Newest> groups; // by id: two groups may have the same name
    std::map<std::string, std::string> names;
    for (const auto& volume : physical) {
        auto label = read_lvm_label(*volume.device);
        if (!label) {
            out.problems.push_back(label.error());
            continue;
        }
        if (!*label)
            continue;
        // Two copies of one disk: which of them is the guest's cannot be known, so neither is used.
        if (auto [at, is_new] = by_uuid.emplace((*label)->uuid, &volume); !is_new) {
            at->second = nullptr;
            out.problems.push_back(Error{ErrorKind::refused, volume.device->name(),
                                         "another disk carries the same LVM identifier",
                                         "leave copies of the same disk out"});
        }
        if ((*label)->text.empty())
            continue;
        auto text = parse_lvm_text((*label)->text);
        if (!text) {
            out.problems.push_back(text.error().in(volume.device->name()));
            continue;
        }
        for (auto& [name, section] : text->sections) {
            const std::string id = section.text("id").value_or(name);
            const std::int64_t sequence = section.number("seqno").value_or(0);
            Newest& newest = groups[id];
            if (sequence > newest.sequence) {
                newest = {sequence, std::move(section)};
                names[id] = name;
            }
        }
    }
    for (auto& [id, newest] : groups)
        Group(names[id], newest.section, out.problems).volumes(by_uuid, out.volumes);
    std::sort(out.volumes.begin(), out.volumes.end(), [](const auto& a, const auto& b) {
        return a.group != b.group ? a.group < b.group : a.name < b.name;
    });
    return out;
}

} // namespace lifeboat::volume
