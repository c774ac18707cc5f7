// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/fat.hpp"

#include "base/text.hpp"
#include "fs/path.hpp"

#include <algorithm>

namespace lifeboat::fs {
namespace {

// `id`: no file has a number of its own on FAT; the place of its entry is one.
Node node_of(const FatEntry& entry) {
    Node node;
    node.name = entry.name;
    node.type = entry.is_directory() ? NodeType::directory : NodeType::file;
    node.size = entry.is_directory() ? 0 : entry.size;
    node.id = entry.at;
    return node;
}

tl::unexpected<Error> no_such_file(std::string_view path) {
    return fail(ErrorKind::not_found, printable(path), "there is no such file");
}

} // namespace

FatFileSystem::FatFileSystem(block::DevicePtr volume, const FatGeometry& geometry, bool writable)
    : volume_(std::move(volume)), geometry_(geometry), table_(volume_, geometry),
      writable_(writable) {}

Result<std::optional<FatDirectory>>
FatFileSystem::directory(const std::vector<std::string>& parts) {
    LIFEBOAT_TRY(auto here, FatDirectory::load(*volume_, geometry_, table_, 0));
    for (const auto& part : parts) {
        LIFEBOAT_TRY(const auto entry, here.find(part));
        if (!entry || !entry->is_directory())
            return std::optional<FatDirectory>();
        if (entry->cluster == 0)
            return fail(ErrorKind::damaged, volume_->name() + ", " + printable(part),
                        "the directory has no cluster");
        LIFEBOAT_TRY(here, FatDirectory::load(*volume_, geometry_, table_, entry->cluster));
    }
    return std::optional<FatDirectory>(std::move(here));
}

Result<std::optional<FatEntry>> FatFileSystem::find(std::string_view path) {
    LIFEBOAT_TRY(auto parts, path_components(path));
    if (parts.empty())
        return std::optional<FatEntry>();
    const auto name = std::move(parts.back());
    parts.pop_back();
    LIFEBOAT_TRY(const auto parent, directory(parts));
    return parent ? parent->find(name) : Result<std::optional<FatEntry>>(std::nullopt);
}

Result<std::optional<Node>> FatFileSystem::stat(std::string_view path) {
    LIFEBOAT_TRY(const auto parts, path_components(path));
    if (parts.empty())
        return std::optional<Node>(Node{"", NodeType::directory, 0, 0, "", 0});
    LIFEBOAT_TRY(const auto entry, find(path));
    return entry ? std::optional<Node>(node_of(*entry)) : std::nullopt;
}

Result<std::vector<Node>> FatFileSystem::list(std::string_view path) {
    LIFEBOAT_TRY(const auto parts, path_components(path));
    LIFEBOAT_TRY(const auto here, directory(parts));
    if (!here) {
        LIFEBOAT_TRY(const auto entry, find(path));
        return entry ? fail(ErrorKind::usage, printable(path), "this is not a directory")
                     : no_such_file(path);
    }
    LIFEBOAT_TRY(const auto entries, here->entries());
    std::vector<Node> nodes;
    for (const auto& entry : entries)
        nodes.push_back(node_of(entry));
    std::stable_sort(nodes.begin(), nodes.end(),
                     [](const Node& a, const Node& b) { return a.name < b.name; });
    return nodes;
}

Result<FatEntry> FatFileSystem::readable_file(std::string_view path) {
    LIFEBOAT_TRY(auto entry, find(path));
    if (entry && !entry->is_directory())
        return std::move(*entry);
    LIFEBOAT_TRY(const auto node, stat(path));
    return node ? fail(ErrorKind::usage, printable(path), "this is not a regular file")
                : no_such_file(path);
}

Result<FatFileSystem::Clusters> FatFileSystem::chain_of(const FatEntry& entry) {
    return entry.cluster == 0 ? Result<Clusters>(Clusters())
                              : table_.chain(entry.cluster, geometry_.last_cluster);
}

// Reads no more of the chain than `length` needs.
Result<Bytes> FatFileSystem::content(const FatEntry& file, std::uint64_t length,
                                     std::string_view path) {
    const auto count = geometry_.clusters_for(length);
    if (count == 0)
        return Bytes();
    auto clusters = table_.chain(file.cluster, count);
    if (!clusters)
        return fail(clusters.error().in(printable(path)));
    if (clusters->size() < count)
        return fail(ErrorKind::damaged, printable(path), "the file is shorter than it says",
                    "check the volume with fsck.fat, or chkdsk inside the guest");
    Bytes bytes(static_cast<std::size_t>(length));
    for (std::size_t i = 0, done = 0; done < bytes.size(); ++i) {
        const auto part = std::min<std::size_t>(geometry_.cluster_size, bytes.size() - done);
        LIFEBOAT_CHECK(volume_->read(geometry_.offset_of((*clusters)[i]),
                                     MutableByteSpan(bytes).subspan(done, part)));
        done += part;
    }
    return bytes;
}

Result<Bytes> FatFileSystem::read(std::string_view path, std::uint64_t limit) {
    LIFEBOAT_TRY(const auto file, readable_file(path));
    if (file.size > limit)
        return fail(ErrorKind::unsupported, printable(path),
                    "the file is larger than the limit of " + human_size(limit));
    return content(file, file.size, path);
}

Result<Bytes> FatFileSystem::read_head(std::string_view path, std::uint64_t limit) {
    LIFEBOAT_TRY(const auto file, readable_file(path));
    return content(file, std::min<std::uint64_t>(limit, file.size), path);
}

Result<FileSystemPtr> open_fat(block::DevicePtr volume, Access access) {
    const bool write = access == Access::write;
    if (write) {
        LIFEBOAT_TRY(auto obstacle, write_obstacle(volume, Kind::fat));
        if (obstacle)
            return fail(std::move(*obstacle));
    }
    LIFEBOAT_TRY(const auto geometry, read_fat_geometry(*volume));
    return std::make_shared<FatFileSystem>(std::move(volume), geometry, write);
}

} // namespace lifeboat::fs
