// SPDX-License-Identifier: GPL-2.0-or-later
// What fsck.fat and chkdsk would call damage. A machine that was switched off leaves its EFI System
// Partition marked as not unmounted; that mark alone says nothing, so the volume itself is asked.
#include "fs/fat.hpp"

#include "base/text.hpp"

namespace lifeboat::fs {
namespace {

constexpr std::uint64_t kLargestTable = 64U << 20; // bytes; 16 million clusters
constexpr std::size_t kMostNames = 1U << 20;
constexpr std::string_view kNext = "check it with fsck.fat, or chkdsk inside the guest";

class Check {
public:
    Check(block::BlockDevice& volume, const FatGeometry& geometry, FatTable& table)
        : volume_(volume), geometry_(geometry), table_(table),
          used_(std::size_t{geometry.last_cluster} + 1) {}

    Result<void> run() {
        if (geometry_.bits == 32)
            LIFEBOAT_CHECK(use(geometry_.root_cluster, "/"));
        todo_.push_back({0, "/"});
        while (!todo_.empty()) {
            const auto next = std::move(todo_.back());
            todo_.pop_back();
            LIFEBOAT_TRY(const auto here,
                         FatDirectory::load(volume_, geometry_, table_, next.cluster));
            LIFEBOAT_TRY(const auto entries, here.entries());
            for (const auto& entry : entries)
                LIFEBOAT_CHECK(look_at(entry, next.path + printable(entry.name)));
        }
        return {};
    }

private:
    struct Directory {
        std::uint32_t cluster;
        std::string path;
    };

    [[nodiscard]] tl::unexpected<Error> damaged(const std::string& path, std::string what) const {
        return fail(ErrorKind::damaged, volume_.name() + ", " + path, std::move(what),
                    std::string(kNext));
    }

    Result<void> look_at(const FatEntry& entry, const std::string& path) {
        if (++names_ > kMostNames)
            return fail(ErrorKind::unsupported, volume_.name(),
                        "the volume has more than a million names; it is not written to");
        std::uint64_t clusters = 0;
        if (entry.cluster != 0) {
            LIFEBOAT_TRY(clusters, use(entry.cluster, path));
        }
        if (entry.is_directory()) {
            if (clusters == 0)
                return damaged(path, "the directory has no cluster");
            todo_.push_back({entry.cluster, path + "/"});
        } else if (clusters < geometry_.clusters_for(entry.size)) {
            return damaged(path, "the file is shorter than it says");
        }
        return {};
    }

    // Marks a chain as used; returns its length.
    Result<std::uint64_t> use(std::uint32_t first, const std::string& path) {
        auto chain = table_.chain(first, geometry_.last_cluster);
        if (!chain)
            return fail(chain.error().in(path));
        for (const auto cluster : *chain) {
            if (used_[cluster])
                return damaged(path, "it shares a cluster with another file");
            used_[cluster] = true;
            // A power cut may leave the copies different where nothing is; that heals by itself.
            if (geometry_.mirrored) {
                LIFEBOAT_TRY(const bool same, table_.same_in_copies(cluster));
                if (!same)
                    return damaged(path, "the two allocation tables differ about it");
            }
        }
        return chain->size();
    }

    block::BlockDevice& volume_;
    const FatGeometry& geometry_;
    FatTable& table_;
    std::vector<bool> used_;
    std::vector<Directory> todo_;
    std::size_t names_ = 0;
};

} // namespace

Result<void> check_fat(block::BlockDevice& volume, const FatGeometry& geometry, FatTable& table) {
    return Check(volume, geometry, table).run();
}

Result<std::optional<Error>> fat_write_obstacle(block::DevicePtr volume) {
    const auto obstacle = [&](ErrorKind kind, std::string what, std::string next) {
        return std::optional<Error>(Error{kind, volume->name(), std::move(what), std::move(next)});
    };
    LIFEBOAT_TRY(const auto geometry, read_fat_geometry(*volume));
    if (!geometry.mirrored)
        return obstacle(ErrorKind::unsupported,
                        "only one of the allocation tables of this FAT is in use",
                        "check it with fsck.fat, which makes them equal again");
    if (geometry.fat_size > kLargestTable)
        return obstacle(ErrorKind::unsupported,
                        "the volume has more clusters than this program wants to check",
                        "change it with another program");
    FatTable table(volume, geometry);
    LIFEBOAT_TRY(const bool clean, table.is_clean());
    const auto checked = check_fat(*volume, geometry, table);
    if (checked)
        return std::optional<Error>();
    if (checked.error().kind == ErrorKind::io)
        return fail(checked.error());
    auto error = checked.error();
    error.kind = error.kind == ErrorKind::damaged ? ErrorKind::refused : error.kind;
    if (!clean || geometry.boot_dirty)
        error.what += "; the volume was not unmounted cleanly";
    if (error.next.empty())
        error.next = kNext;
    return std::optional<Error>(std::move(error));
}

} // namespace lifeboat::fs
