// SPDX-License-Identifier: GPL-2.0-or-later
// ext2, ext3 and ext4 through libext2fs. Reading is in ext.cpp, new content for a file in
// ext_replace.cpp, all other changes in ext_edit.cpp.
#pragma once

#include "fs/ext_handle.hpp"
#include "fs/filesystem.hpp"
#include "fs/path.hpp"

struct ext2_inode; // libext2fs's picture of an inode

namespace lifeboat::fs {

class ExtFileSystem final : public FileSystem {
public:
    ExtFileSystem(ExtHandle handle, bool writable);

    [[nodiscard]] Kind kind() const override { return Kind::ext; }
    [[nodiscard]] bool ignores_case() const override { return false; }
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
    using InodeNumber = std::uint32_t;
    struct Spot { // a name in a directory
        InodeNumber directory = 0;
        InodeNumber inode = 0; // 0: there is none yet
        std::string name;
    };

    // Reading
    [[nodiscard]] Result<std::optional<InodeNumber>> find(std::string_view path);
    [[nodiscard]] Result<std::optional<InodeNumber>> find_in(InodeNumber directory,
                                                             const std::string& name);
    [[nodiscard]] Result<InodeNumber> existing(std::string_view path);
    [[nodiscard]] Result<ext2_inode> inode_of(InodeNumber number, std::string_view path);
    [[nodiscard]] Result<Node> node_of(InodeNumber number, std::string name);
    [[nodiscard]] Result<std::string> link_target(InodeNumber number, const ext2_inode& inode);
    [[nodiscard]] Result<Bytes> content(InodeNumber number, std::uint64_t length,
                                        std::string_view path);
    [[nodiscard]] Result<InodeNumber> readable_file(std::string_view path);

    // Writing
    [[nodiscard]] Result<void> check_writable() const;
    [[nodiscard]] Result<void> load_bitmaps();
    [[nodiscard]] Result<Spot> spot(std::string_view path);
    [[nodiscard]] Result<Spot> free_spot(std::string_view path);
    [[nodiscard]] Result<bool> write_inline(InodeNumber number, ByteSpan content,
                                            std::string_view path);
    [[nodiscard]] Result<Bytes> raw_inode(InodeNumber number, std::string_view path);
    [[nodiscard]] Result<void> write_raw_inode(InodeNumber number, Bytes raw,
                                               std::string_view path);
    [[nodiscard]] Result<void> exchange(InodeNumber number, ByteSpan content,
                                        std::string_view path);
    [[nodiscard]] Result<void> step();
    [[nodiscard]] Result<InodeNumber> new_inode(InodeNumber directory, int mode,
                                                std::string_view path);
    [[nodiscard]] Result<void> write_content(InodeNumber number, ByteSpan content,
                                             std::string_view path);
    [[nodiscard]] Result<void> link(const Spot& where, InodeNumber number, int type,
                                    std::string_view path);
    [[nodiscard]] Result<void> set_attributes(InodeNumber number, const NewFile& attributes,
                                              std::string_view path);
    void copy_label(InodeNumber from_directory, InodeNumber to);
    [[nodiscard]] Result<void> move_parent_link(InodeNumber number, const Spot& from,
                                                const Spot& to, std::string_view path);
    [[nodiscard]] Result<void> add_links(InodeNumber number, int by, std::string_view path);
    [[nodiscard]] Result<void> free_inode(InodeNumber number, bool directory,
                                          std::string_view path);
    [[nodiscard]] Result<void> check_removable_directory(InodeNumber number, std::string_view path);

    [[nodiscard]] tl::unexpected<Error> error(long code, std::string_view path,
                                              std::string doing) const;

    ExtHandle handle_;
    bool writable_;
    bool bitmaps_loaded_ = false;
    std::vector<std::string> in_place_;
};

} // namespace lifeboat::fs
