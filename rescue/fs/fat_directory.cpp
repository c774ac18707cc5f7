// SPDX-License-Identifier: GPL-2.0-or-later
// Entry: name 0-10, attributes 11, cluster 20-21 and 26-27, size 28-31; a name that begins with
// 0x00 ends the directory, one that begins with 0xe5 is free (fatgen103, "FAT Directory
// Structure").
#include "fs/fat_directory.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lifeboat::fs {
namespace {

constexpr std::size_t kMostEntries = 65536; // 2 MiB, the limit of the specification
constexpr std::byte kNever{0}, kDeleted{0xe5};
constexpr std::size_t kPerUnit = kFatUnit / kFatEntry;

std::uint32_t cluster_of(ByteSpan raw) {
    return std::uint32_t{read_le<std::uint16_t>(raw, 20).value_or(0)} << 16 |
           read_le<std::uint16_t>(raw, 26).value_or(0);
}

FatShortName short_of(ByteSpan raw) {
    FatShortName name;
    std::copy_n(raw.begin(), kFatShort, name.begin());
    return name;
}

bool is_dots(const FatShortName& name) {
    const auto text = to_text(name);
    return text == ".          " || text == "..         ";
}

} // namespace

Result<FatDirectory> FatDirectory::load(block::BlockDevice& volume, const FatGeometry& geometry,
                                        FatTable& table, std::uint32_t cluster) {
    FatDirectory out;
    out.where_ = volume.name();
    out.number_ = cluster;
    if (cluster == 0 && geometry.bits != 32) {
        out.offsets_.push_back(geometry.root_offset);
        out.piece_ = static_cast<std::size_t>(geometry.root_size);
    } else {
        out.piece_ = geometry.cluster_size;
        const auto most = std::max<std::size_t>(kMostEntries * kFatEntry / out.piece_, 1);
        LIFEBOAT_TRY(out.clusters_,
                     table.chain(cluster == 0 ? geometry.root_cluster : cluster, most + 1));
        if (out.clusters_.size() > most)
            return fail(ErrorKind::damaged, volume.name(),
                        "a directory is larger than FAT allows, or its clusters run in a circle");
        for (const auto one : out.clusters_)
            out.offsets_.push_back(geometry.offset_of(one));
    }
    for (const auto offset : out.offsets_) {
        LIFEBOAT_TRY(const auto piece, block::read_bytes(volume, offset, out.piece_));
        out.content_.insert(out.content_.end(), piece.begin(), piece.end());
    }
    out.on_disk_ = out.content_;
    return out;
}

std::size_t FatDirectory::end() const {
    std::size_t index = 0;
    while (index < capacity() && raw(index)[0] != kNever)
        ++index;
    return index;
}

std::uint64_t FatDirectory::offset_of(std::size_t byte) const {
    return offsets_[byte / piece_] + byte % piece_;
}

Result<std::vector<FatEntry>> FatDirectory::entries() const {
    std::vector<FatEntry> out;
    FatLongName long_name;
    const auto stop = end();
    for (std::size_t i = 0; i < stop; ++i) {
        const auto bytes = raw(i);
        const auto attributes = std::to_integer<std::uint8_t>(bytes[11]);
        if (bytes[0] == kDeleted) {
            long_name.reset();
        } else if ((attributes & fat_attribute::kLongMask) == fat_attribute::kLong) {
            long_name.add(bytes);
        } else {
            FatEntry entry;
            entry.short_name = short_of(bytes);
            auto name = long_name.finish(entry.short_name);
            entry.first = i - (name ? long_name.entries() : 0);
            long_name.reset();
            if ((attributes & fat_attribute::kVolume) != 0 || is_dots(entry.short_name))
                continue;
            if (!name)
                name = fat_short_name(bytes);
            if (!name)
                return fail(ErrorKind::damaged, where_, "a directory holds an impossible name",
                            "check it with fsck.fat, or chkdsk inside the guest");
            entry.name = std::move(*name);
            entry.attributes = attributes;
            entry.cluster = cluster_of(bytes);
            entry.size = read_le<std::uint32_t>(bytes, 28).value_or(0);
            entry.index = i;
            entry.at = offset_of(i * kFatEntry);
            out.push_back(std::move(entry));
        }
    }
    return out;
}

// By the long or the short name, as Windows and GRUB do.
Result<std::optional<FatEntry>> FatDirectory::find(std::string_view name) const {
    LIFEBOAT_TRY(auto all, entries());
    for (auto& entry : all)
        if (iequals(entry.name, name) ||
            iequals(fat_short_name(raw(entry.index)).value_or(""), name))
            return std::optional<FatEntry>(std::move(entry));
    return std::optional<FatEntry>();
}

std::optional<std::size_t> FatDirectory::gap(std::size_t inside, std::size_t stop,
                                             std::size_t count) const {
    const auto first = inside / kPerUnit * kPerUnit;
    std::size_t run = 0;
    for (auto i = first; i < std::min(first + kPerUnit, capacity()) && first <= stop; ++i) {
        run = i >= stop || raw(i)[0] == kDeleted ? run + 1 : 0;
        if (run == count)
            return i + 1 - count;
    }
    return std::nullopt;
}

// A gap within one unit; else at the end, where it may reach over several.
std::optional<std::size_t> FatDirectory::room_for(std::size_t count, std::size_t near) const {
    const auto stop = end();
    if (const auto here = gap(near, stop, count))
        return here;
    for (std::size_t unit = 0; unit < capacity(); unit += kPerUnit)
        if (const auto there = gap(unit, stop, count))
            return there;
    return stop + count <= capacity() ? std::optional<std::size_t>(stop) : std::nullopt;
}

void FatDirectory::erase(const FatEntry& entry) {
    for (auto i = entry.first; i <= entry.index; ++i)
        raw(i)[0] = kDeleted;
}

// The end moves with it: the next entry must say so, whatever was left there.
void FatDirectory::put(std::size_t index, ByteSpan entries) {
    const auto stop = end();
    std::copy(entries.begin(), entries.end(),
              content_.begin() + static_cast<std::ptrdiff_t>(index * kFatEntry));
    const auto after = index + entries.size() / kFatEntry;
    if (after > stop && after < capacity())
        raw(after)[0] = kNever;
}

std::vector<std::size_t> FatDirectory::differing_units() const {
    std::vector<std::size_t> out;
    for (std::size_t at = 0; at < content_.size(); at += kFatUnit) {
        const auto length = std::min(kFatUnit, content_.size() - at);
        if (!equal(ByteSpan(content_).subspan(at, length), ByteSpan(on_disk_).subspan(at, length)))
            out.push_back(at);
    }
    return out;
}

std::size_t FatDirectory::changed_units() const { return differing_units().size(); }

Result<void> FatDirectory::write(block::BlockDevice& volume) {
    const auto units = differing_units();
    for (auto unit = units.rbegin(); unit != units.rend(); ++unit) {
        if (*unit == units.front() && units.size() > 1)
            LIFEBOAT_CHECK(volume.flush());
        const auto length = std::min(kFatUnit, content_.size() - *unit);
        LIFEBOAT_CHECK(volume.write(offset_of(*unit), ByteSpan(content_).subspan(*unit, length)));
    }
    on_disk_ = content_;
    return volume.flush();
}

Result<void> FatDirectory::grow(block::BlockDevice& volume, const FatGeometry& geometry,
                                FatTable& table) {
    if (clusters_.empty())
        return fail(ErrorKind::unsupported, where_,
                    "the root directory is full, and on this kind of FAT it cannot grow",
                    "remove something from it first");
    if (capacity() + piece_ / kFatEntry > kMostEntries)
        return fail(ErrorKind::unsupported, where_,
                    "the directory has as many names as FAT allows");
    LIFEBOAT_TRY(const auto fresh, table.allocate(1));
    if (!fresh)
        return fail(ErrorKind::unsupported, where_, "there is no free space on the volume",
                    "remove something from it first");
    const auto offset = geometry.offset_of(fresh->front());
    const Bytes empty(piece_);
    LIFEBOAT_CHECK(volume.write(offset, empty));
    LIFEBOAT_CHECK(table.write());
    LIFEBOAT_CHECK(volume.flush());
    LIFEBOAT_CHECK(table.link(clusters_.back(), fresh->front()));
    LIFEBOAT_CHECK(table.write());
    clusters_.push_back(fresh->front());
    offsets_.push_back(offset);
    content_.resize(content_.size() + piece_);
    on_disk_.resize(on_disk_.size() + piece_);
    return volume.flush();
}

} // namespace lifeboat::fs
