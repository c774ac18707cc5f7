// SPDX-License-Identifier: GPL-2.0-or-later
// FAT12, FAT16 and FAT32, as on the EFI System Partition. Our own code: Debian has programs for FAT
// (mtools, dosfstools), but no library that works on more than a kernel mount or a file. Reading is
// in fat.cpp, changing in fat_edit.cpp, what must hold before a change in fat_check.cpp.
#pragma once

#include "fs/fat_directory.hpp"
#include "fs/filesystem.hpp"

namespace lifeboat::fs {

class FatFileSystem final : public FileSystem {
public:
    FatFileSystem(block::DevicePtr volume, const FatGeometry& geometry, bool writable);

    [[nodiscard]] Kind kind() const override { return Kind::fat; }
    [[nodiscard]] bool ignores_case() const override { return true; }
    [[nodiscard]] bool writable() const override { return writable_; }

    Result<std::optional<Node>> stat(std::string_view path) override;
    Result<std::vector<Node>> list(std::string_view directory) override;
    Result<Bytes> read(std::string_view path, std::uint64_t limit) override;
    Result<Bytes> read_head(std::string_view path, std::uint64_t limit) override;

    Result<void> replace(std::string_view path, ByteSpan content) override;
    Result<void> create(std::string_view path, ByteSpan content,
                        const NewFile& attributes) override;
    Result<void> make_directory(std::string_view path, const NewFile& attributes) override;
    Result<void> make_symlink(std::string_view path, std::string_view target) override;
    Result<void> rename(std::string_view from, std::string_view to) override;
    Result<void> remove(std::string_view path) override;
    [[nodiscard]] std::vector<std::string> written_in_place() const override { return in_place_; }
    Result<void> close() override;

private:
    using Clusters = std::vector<std::uint32_t>;
    struct Spot { // a name in a directory
        FatDirectory directory;
        std::string name;
        std::optional<FatEntry> entry; // nothing: there is none yet
    };
    struct Existing { // a name that is there
        FatDirectory directory;
        FatEntry entry;
    };

    // Reading
    [[nodiscard]] Result<std::optional<FatEntry>> find(std::string_view path); // not for "/"
    [[nodiscard]] Result<std::optional<FatDirectory>>
    directory(const std::vector<std::string>& parts);
    [[nodiscard]] Result<FatEntry> readable_file(std::string_view path);
    [[nodiscard]] Result<Bytes> content(const FatEntry& file, std::uint64_t length,
                                        std::string_view path);
    [[nodiscard]] Result<Clusters> chain_of(const FatEntry& entry);

    // Writing
    [[nodiscard]] Result<Spot> spot(std::string_view path);
    [[nodiscard]] Result<Existing> existing(std::string_view path);
    [[nodiscard]] Result<std::size_t> make_room(FatDirectory& directory, ByteSpan entries);
    [[nodiscard]] Result<void> add(Spot& where, Bytes entries, ByteSpan content,
                                   std::string_view path);
    [[nodiscard]] Result<void> write_clusters(const Clusters& clusters, ByteSpan content);
    [[nodiscard]] Result<void> overwrite(Existing& where, const Clusters& old, ByteSpan content,
                                         std::string_view path);
    [[nodiscard]] Result<bool> rename_here(std::string_view from, std::string_view to);
    [[nodiscard]] Result<void> erase(Existing& where);

    block::DevicePtr volume_;
    FatGeometry geometry_;
    FatTable table_;
    bool writable_;
    bool changed_ = false;
    std::vector<std::string> in_place_;
};

// Walks every directory and every chain of the volume: `damaged` when a change could make things
// worse. Clusters that are marked as used and belong to nothing are no damage.
[[nodiscard]] Result<void> check_fat(block::BlockDevice& volume, const FatGeometry& geometry,
                                     FatTable& table);
[[nodiscard]] Result<std::optional<Error>> fat_write_obstacle(block::DevicePtr volume);

} // namespace lifeboat::fs
