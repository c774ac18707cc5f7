// SPDX-License-Identifier: GPL-2.0-or-later
// Every change has three steps with a barrier after each: new clusters, which nothing names yet;
// one sector of a directory, which makes the difference; old clusters, which nothing names any
// more. A power cut leaves the old or the new state, and at worst clusters that are marked and
// unused.
#include "fs/fat.hpp"

#include "base/text.hpp"
#include "fs/path.hpp"

#include <algorithm>
#include <ctime>

namespace lifeboat::fs {
namespace {

constexpr std::uint64_t kLargestFile = 0xffffffffU;

template <class T> void put(MutableByteSpan bytes, std::size_t at, T value) {
    static_cast<void>(write_le(bytes, at, value));
}

void set_cluster(MutableByteSpan entry, std::uint32_t cluster) {
    put(entry, 20, static_cast<std::uint16_t>(cluster >> 16));
    put(entry, 26, static_cast<std::uint16_t>(cluster & 0xffffU));
}

// FAT keeps the local time of a zone that it does not name; the repair's own time in UTC is enough.
void set_written(MutableByteSpan entry) {
    const auto now = std::time(nullptr);
    std::tm t{};
    if (::gmtime_r(&now, &t) == nullptr || t.tm_year < 80)
        return;
    put(entry, 22, static_cast<std::uint16_t>(t.tm_hour << 11 | t.tm_min << 5 | t.tm_sec / 2));
    put(entry, 24,
        static_cast<std::uint16_t>((t.tm_year - 80) << 9 | (t.tm_mon + 1) << 5 | t.tm_mday));
}

void set_created(MutableByteSpan entry) {
    set_written(entry);
    std::copy_n(entry.begin() + 22, 4, entry.begin() + 14);
    std::copy_n(entry.begin() + 24, 2, entry.begin() + 18); // last access
}

MutableByteSpan short_of(Bytes& entries) { return MutableByteSpan(entries).last(kFatEntry); }

tl::unexpected<Error> no_space(std::string_view path) {
    return fail(ErrorKind::unsupported, printable(path), "there is no free space on the volume",
                "remove something from it first");
}

std::uint32_t first_of(const std::vector<std::uint32_t>& clusters) {
    return clusters.empty() ? 0 : clusters.front();
}

} // namespace

Result<FatFileSystem::Spot> FatFileSystem::spot(std::string_view path) {
    if (!writable_)
        return fail(ErrorKind::internal, volume_->name(),
                    "the file system is not open for writing");
    LIFEBOAT_TRY(auto split, split_parent(path));
    LIFEBOAT_TRY(const auto parts, path_components(split.parent));
    LIFEBOAT_TRY(auto parent, directory(parts));
    if (!parent)
        return fail(ErrorKind::not_found, printable(split.parent), "there is no such directory");
    LIFEBOAT_TRY(auto entry, parent->find(split.name));
    changed_ = true;
    return Spot{std::move(*parent), std::move(split.name), std::move(entry)};
}

Result<FatFileSystem::Existing> FatFileSystem::existing(std::string_view path) {
    LIFEBOAT_TRY(auto where, spot(path));
    if (!where.entry)
        return fail(ErrorKind::not_found, printable(path), "there is no such file");
    return Existing{std::move(where.directory), std::move(*where.entry)};
}

Result<std::size_t> FatFileSystem::make_room(FatDirectory& directory, ByteSpan entries) {
    const auto count = entries.size() / kFatEntry;
    for (;;) {
        if (const auto index = directory.room_for(count))
            return *index;
        LIFEBOAT_CHECK(directory.grow(*volume_, geometry_, table_));
    }
}

Result<void> FatFileSystem::write_clusters(const Clusters& clusters, ByteSpan content) {
    for (std::size_t i = 0; i < clusters.size(); ++i) {
        Bytes piece(geometry_.cluster_size);
        const auto at = i * piece.size();
        const auto part = content.subspan(at, std::min(piece.size(), content.size() - at));
        std::copy(part.begin(), part.end(), piece.begin());
        LIFEBOAT_CHECK(volume_->write(geometry_.offset_of(clusters[i]), piece));
    }
    return {};
}

Result<void> FatFileSystem::replace(std::string_view path, ByteSpan content) {
    LIFEBOAT_TRY(auto where, existing(path));
    if (where.entry.is_directory())
        return fail(ErrorKind::usage, printable(path), "this is not a regular file");
    if (content.size() > kLargestFile)
        return fail(ErrorKind::unsupported, printable(path), "FAT holds no file of 4 GiB or more");
    LIFEBOAT_TRY(const auto old, chain_of(where.entry));
    LIFEBOAT_TRY(const auto fresh, table_.allocate(geometry_.clusters_for(content.size())));
    if (!fresh)
        return overwrite(where, old, content, path);
    LIFEBOAT_CHECK(write_clusters(*fresh, content));
    LIFEBOAT_CHECK(table_.write());
    LIFEBOAT_CHECK(volume_->flush());
    const auto entry = where.directory.raw(where.entry.index);
    set_cluster(entry, first_of(*fresh));
    put(entry, 28, static_cast<std::uint32_t>(content.size()));
    set_written(entry);
    entry[11] |= static_cast<std::byte>(fat_attribute::kArchive);
    LIFEBOAT_CHECK(where.directory.write(*volume_));
    LIFEBOAT_CHECK(table_.free(old));
    return table_.write();
}

// Without space for a second copy: into the clusters that the file has, and what is free.
Result<void> FatFileSystem::overwrite(Existing& where, const Clusters& old, ByteSpan content,
                                      std::string_view path) {
    const auto count = static_cast<std::size_t>(geometry_.clusters_for(content.size()));
    auto clusters = old;
    const Clusters rest(old.begin() + static_cast<std::ptrdiff_t>(std::min(count, old.size())),
                        old.end());
    clusters.resize(old.size() - rest.size());
    if (clusters.size() < count) {
        LIFEBOAT_TRY(const auto more, table_.allocate(count - clusters.size()));
        if (!more)
            return no_space(path);
        if (!clusters.empty())
            LIFEBOAT_CHECK(table_.link(clusters.back(), more->front()));
        clusters.insert(clusters.end(), more->begin(), more->end());
    }
    LIFEBOAT_CHECK(write_clusters(clusters, content));
    LIFEBOAT_CHECK(table_.write());
    LIFEBOAT_CHECK(volume_->flush());
    const auto entry = where.directory.raw(where.entry.index);
    set_cluster(entry, first_of(clusters));
    put(entry, 28, static_cast<std::uint32_t>(content.size()));
    set_written(entry);
    LIFEBOAT_CHECK(where.directory.write(*volume_));
    in_place_.emplace_back(path);
    if (rest.empty())
        return {};
    if (!clusters.empty())
        LIFEBOAT_CHECK(table_.end(clusters.back()));
    LIFEBOAT_CHECK(table_.free(rest));
    return table_.write();
}

// `entries` with everything but cluster and size; the clusters first, then the name.
Result<void> FatFileSystem::add(Spot& where, Bytes entries, ByteSpan content,
                                std::string_view path) {
    if (content.size() > kLargestFile)
        return fail(ErrorKind::unsupported, printable(path), "FAT holds no file of 4 GiB or more");
    LIFEBOAT_TRY(const auto index, make_room(where.directory, entries));
    LIFEBOAT_TRY(const auto fresh, table_.allocate(geometry_.clusters_for(content.size())));
    if (!fresh)
        return no_space(path);
    auto body = Bytes(content.begin(), content.end());
    const auto entry = short_of(entries);
    set_cluster(entry, first_of(*fresh));
    const bool is_directory =
        (std::to_integer<unsigned>(entry[11]) & fat_attribute::kDirectory) != 0;
    if (is_directory) { // "." is its own cluster
        put(body, 20, static_cast<std::uint16_t>(fresh->front() >> 16));
        put(body, 26, static_cast<std::uint16_t>(fresh->front() & 0xffffU));
    } else {
        put(entry, 28, static_cast<std::uint32_t>(content.size()));
    }
    LIFEBOAT_CHECK(write_clusters(*fresh, body));
    LIFEBOAT_CHECK(table_.write());
    LIFEBOAT_CHECK(volume_->flush());
    where.directory.put(index, entries);
    return where.directory.write(*volume_);
}

namespace {

Result<Bytes> named_entries(const FatDirectory& directory, std::string_view name) {
    LIFEBOAT_CHECK(check_windows_name(name));
    LIFEBOAT_TRY(const auto others, directory.entries());
    return fat_name_entries(name, [&](const FatShortName& wanted) {
        return std::any_of(others.begin(), others.end(),
                           [&](const FatEntry& other) { return other.short_name == wanted; });
    });
}

} // namespace

Result<void> FatFileSystem::create(std::string_view path, ByteSpan content, const NewFile&) {
    LIFEBOAT_TRY(auto where, spot(path));
    if (where.entry)
        return fail(ErrorKind::refused, printable(path), "this exists already");
    LIFEBOAT_TRY(auto entries, named_entries(where.directory, where.name));
    short_of(entries)[11] = static_cast<std::byte>(fat_attribute::kArchive);
    set_created(short_of(entries));
    return add(where, std::move(entries), content, path);
}

Result<void> FatFileSystem::make_directory(std::string_view path, const NewFile&) {
    LIFEBOAT_TRY(auto where, spot(path));
    if (where.entry)
        return fail(ErrorKind::refused, printable(path), "this exists already");
    LIFEBOAT_TRY(auto entries, named_entries(where.directory, where.name));
    short_of(entries)[11] = static_cast<std::byte>(fat_attribute::kDirectory);
    set_created(short_of(entries));
    Bytes body(geometry_.cluster_size);
    const auto dots = [&](std::size_t at, std::string_view name, std::uint32_t cluster) {
        const auto entry = MutableByteSpan(body).subspan(at, kFatEntry);
        std::copy_n(short_of(entries).begin(), kFatEntry, entry.begin());
        std::fill_n(entry.begin(), kFatShort, std::byte{' '});
        std::transform(name.begin(), name.end(), entry.begin(),
                       [](char c) { return static_cast<std::byte>(c); });
        set_cluster(entry, cluster);
    };
    dots(0, ".", 0); // add() knows the cluster
    dots(kFatEntry, "..", where.directory.number());
    return add(where, std::move(entries), body, path);
}

Result<void> FatFileSystem::make_symlink(std::string_view path, std::string_view) {
    return fail(ErrorKind::unsupported, printable(path), "FAT has no symbolic links");
}

Result<void> FatFileSystem::erase(Existing& where) {
    LIFEBOAT_TRY(const auto clusters, chain_of(where.entry));
    where.directory.erase(where.entry);
    LIFEBOAT_CHECK(where.directory.write(*volume_));
    LIFEBOAT_CHECK(table_.free(clusters));
    return table_.write();
}

Result<void> FatFileSystem::remove(std::string_view path) {
    LIFEBOAT_TRY(auto where, existing(path));
    if (where.entry.is_directory()) {
        LIFEBOAT_TRY(const auto inside, list(path));
        if (!inside.empty())
            return fail(ErrorKind::refused, printable(path), "the directory is not empty");
    }
    return erase(where);
}

// The old name out and the new one in, when both lie in one sector; false: they do not.
Result<bool> FatFileSystem::rename_here(std::string_view from, std::string_view to) {
    LIFEBOAT_TRY(auto where, existing(from));
    LIFEBOAT_TRY(const auto target, split_parent(to));
    const auto entry = where.directory.raw(where.entry.index);
    const Bytes kept(entry.begin(), entry.end());
    where.directory.erase(where.entry);
    LIFEBOAT_TRY(auto entries, named_entries(where.directory, target.name));
    std::copy(kept.begin() + kFatShort, kept.end(), short_of(entries).begin() + kFatShort);
    short_of(entries)[12] = std::byte{0}; // the case of the old name
    const auto index = where.directory.room_for(entries.size() / kFatEntry, where.entry.index);
    if (!index)
        return false;
    where.directory.put(*index, entries);
    if (where.directory.changed_units() != 1)
        return false;
    LIFEBOAT_CHECK(where.directory.write(*volume_));
    return true;
}

// Two names for one chain of clusters are damage on FAT, also for a moment: where one sector cannot
// hold both, a file gets clusters of its own under its new name before the old one goes.
Result<void> FatFileSystem::rename(std::string_view from, std::string_view to) {
    LIFEBOAT_TRY(auto source, existing(from));
    LIFEBOAT_TRY(auto target, spot(to));
    if (target.entry && target.entry->at != source.entry.at)
        return fail(ErrorKind::refused, printable(to), "this exists already");
    if (source.directory.number() == target.directory.number()) {
        LIFEBOAT_TRY(const bool done, rename_here(from, to));
        if (done)
            return {};
    }
    if (source.entry.is_directory() || target.entry) // the latter: only the case changes
        return fail(
            ErrorKind::unsupported, printable(from),
            "on FAT this name cannot be changed without a moment in which a power cut would "
            "do damage");
    LIFEBOAT_TRY(const auto bytes, read(from, kReadLimit));
    LIFEBOAT_TRY(auto entries, named_entries(target.directory, target.name));
    const auto old = source.directory.raw(source.entry.index);
    std::copy(old.begin() + kFatShort, old.end(), short_of(entries).begin() + kFatShort);
    short_of(entries)[12] = std::byte{0};
    LIFEBOAT_CHECK(add(target, std::move(entries), bytes, to));
    LIFEBOAT_TRY(auto again, existing(from)); // its directory may have changed
    return erase(again);
}

// The number of free clusters that FAT32 keeps (fatgen103, "FAT32 FSInfo Sector Structure"); only a
// hint, so it comes last.
Result<void> FatFileSystem::close() {
    if (!changed_)
        return {};
    LIFEBOAT_CHECK(volume_->flush());
    if (geometry_.fs_info_offset != 0) {
        LIFEBOAT_TRY(auto info, block::read_bytes(*volume_, geometry_.fs_info_offset, kFatUnit));
        if (has_magic(info, 0, "RRaA") && has_magic(info, 484, "rrAa")) {
            LIFEBOAT_TRY(const auto free, table_.count_free());
            put<std::uint32_t>(info, 488, free);
            put<std::uint32_t>(info, 492, table_.next_free());
            LIFEBOAT_CHECK(volume_->write(geometry_.fs_info_offset, info));
        }
    }
    changed_ = false;
    return volume_->flush();
}

} // namespace lifeboat::fs
