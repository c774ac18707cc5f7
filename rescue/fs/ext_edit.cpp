// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.hpp"
#include "fs/ext.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <ext2fs/ext2fs.h>

namespace lifeboat::fs {
namespace {

constexpr int kSiblingsAsked = 16; // for a security label to copy

// ext2 keeps no time beyond 32 bits in the inode's first part; the repair's own time is enough.
std::uint32_t now() { return static_cast<std::uint32_t>(std::time(nullptr)); }

struct Others { // what else is in a directory
    std::vector<ext2_ino_t> inodes;
    bool empty = true;
};

int take_other(ext2_ino_t /*directory*/, int entry, ext2_dir_entry* dirent, int /*offset*/,
               int /*blocksize*/, char* /*buffer*/, void* data) {
    auto& others = *static_cast<Others*>(data);
    if (entry == DIRENT_DOT_FILE || entry == DIRENT_DOT_DOT_FILE || dirent->inode == 0)
        return 0;
    others.empty = false;
    others.inodes.push_back(dirent->inode);
    return others.inodes.size() < kSiblingsAsked ? 0 : DIRENT_ABORT;
}

struct CloseAttributes {
    void operator()(ext2_xattr_handle* handle) const { ext2fs_xattrs_close(&handle); }
};
using AttributesPtr = std::unique_ptr<ext2_xattr_handle, CloseAttributes>;

AttributesPtr attributes_of(ext2_filsys fs, ext2_ino_t number) {
    ext2_xattr_handle* raw = nullptr;
    if (ext2fs_xattrs_open(fs, number, &raw) != 0)
        return nullptr;
    AttributesPtr handle(raw);
    return ext2fs_xattrs_read(raw) == 0 ? std::move(handle) : nullptr;
}

// The SELinux label, raw; empty when there is none.
Bytes label_of(ext2_filsys fs, ext2_ino_t number) {
    const auto handle = attributes_of(fs, number);
    void* value = nullptr;
    std::size_t length = 0;
    if (!handle || ext2fs_xattr_get(handle.get(), "security.selinux", &value, &length) != 0)
        return {};
    const auto* const bytes = static_cast<const std::byte*>(value);
    Bytes label(bytes, bytes + length);
    ext2fs_free_mem(&value);
    return label;
}

} // namespace

Result<void> ExtFileSystem::check_writable() const {
    if (handle_.get() == nullptr || !writable_)
        return fail(ErrorKind::internal, handle_.name(), "the file system is not open for writing");
    return {};
}

// All bitmaps of the volume, once; only when something is to be allocated or freed.
Result<void> ExtFileSystem::load_bitmaps() {
    if (bitmaps_loaded_)
        return {};
    if (const auto code = ext2fs_read_bitmaps(handle_.get()); code != 0)
        return error(code, {}, "reading the bitmaps");
    bitmaps_loaded_ = true;
    return {};
}

Result<ExtFileSystem::Spot> ExtFileSystem::spot(std::string_view path) {
    LIFEBOAT_CHECK(check_writable());
    LIFEBOAT_TRY(auto split, split_parent(path));
    if (split.name.size() > kNameLimit)
        return fail(ErrorKind::usage, printable(path), "the name is longer than 255 bytes");
    LIFEBOAT_TRY(const auto directory, existing(split.parent));
    LIFEBOAT_TRY(const auto inode, inode_of(directory, split.parent));
    if (!LINUX_S_ISDIR(inode.i_mode))
        return fail(ErrorKind::usage, printable(split.parent), "this is not a directory");
    if ((inode.i_flags & (EXT4_ENCRYPT_FL | EXT4_CASEFOLD_FL)) != 0)
        return fail(ErrorKind::unsupported, printable(split.parent),
                    "the directory is encrypted or ignores case; its names cannot be changed");
    LIFEBOAT_TRY(const auto number, find_in(directory, split.name));
    return Spot{directory, number.value_or(0), std::move(split.name)};
}

Result<ExtFileSystem::Spot> ExtFileSystem::free_spot(std::string_view path) {
    LIFEBOAT_TRY(auto found, spot(path));
    if (found.inode != 0)
        return fail(ErrorKind::refused, printable(path), "this exists already");
    LIFEBOAT_CHECK(load_bitmaps());
    return found;
}

Result<void> ExtFileSystem::link(const Spot& where, InodeNumber number, int type,
                                 std::string_view path) {
    auto code = ext2fs_link(handle_.get(), where.directory, where.name.c_str(), number, type);
    if (code == EXT2_ET_DIR_NO_SPACE) {
        if (code = ext2fs_expand_dir(handle_.get(), where.directory); code != 0)
            return error(code, path, "making the directory larger");
        LIFEBOAT_CHECK(step());
        code = ext2fs_link(handle_.get(), where.directory, where.name.c_str(), number, type);
    }
    if (code != 0)
        return error(code, path, "adding the name");
    return handle_.barrier();
}

Result<ExtFileSystem::InodeNumber> ExtFileSystem::new_inode(InodeNumber directory, int mode,
                                                            std::string_view path) {
    ext2_ino_t number = 0;
    if (const auto code = ext2fs_new_inode(handle_.get(), directory, mode, nullptr, &number);
        code != 0)
        return error(code, path, "making an inode");
    return number;
}

Result<void> ExtFileSystem::create(std::string_view path, ByteSpan content,
                                   const NewFile& attributes) {
    LIFEBOAT_TRY(const auto where, free_spot(path));
    auto* const fs = handle_.get();
    LIFEBOAT_TRY(const auto number, new_inode(where.directory, LINUX_S_IFREG, path));
    ext2fs_inode_alloc_stats2(fs, number, 1, 0);
    ext2_inode inode{};
    inode.i_mode = LINUX_S_IFREG;
    inode.i_links_count = 1;
    inode.i_atime = inode.i_ctime = inode.i_mtime = now();
    if (ext2fs_has_feature_extents(fs->super) != 0) {
        ext2_extent_handle_t extents = nullptr;
        inode.i_flags = EXT4_EXTENTS_FL;
        if (const auto code = ext2fs_extent_open2(fs, number, &inode, &extents); code != 0)
            return error(code, path, "making an inode");
        ext2fs_extent_free(extents);
    }
    if (const auto code = ext2fs_write_new_inode(fs, number, &inode); code != 0)
        return error(code, path, "making an inode");
    LIFEBOAT_CHECK(set_attributes(number, attributes, path));
    LIFEBOAT_CHECK(write_content(number, content, path));
    copy_label(where.directory, number);
    LIFEBOAT_CHECK(step()); // complete before anything refers to it
    return link(where, number, EXT2_FT_REG_FILE, path);
}

Result<void> ExtFileSystem::set_attributes(InodeNumber number, const NewFile& attributes,
                                           std::string_view path) {
    LIFEBOAT_TRY(auto inode, inode_of(number, path));
    inode.i_mode = static_cast<__u16>((inode.i_mode & LINUX_S_IFMT) | (attributes.mode & 07777U));
    inode.i_uid = static_cast<__u16>(attributes.uid & 0xffffU);
    inode.i_gid = static_cast<__u16>(attributes.gid & 0xffffU);
    ext2fs_set_i_uid_high(inode, static_cast<__u16>(attributes.uid >> 16));
    ext2fs_set_i_gid_high(inode, static_cast<__u16>(attributes.gid >> 16));
    if (const auto code = ext2fs_write_inode(handle_.get(), number, &inode); code != 0)
        return error(code, path, "writing the inode");
    return {};
}

// A guest with SELinux denies access to a file without a label; a new one gets that of a file of
// the same kind beside it, or else of its directory. Best effort: most guests have no labels.
void ExtFileSystem::copy_label(InodeNumber from_directory, InodeNumber to) {
    auto* const fs = handle_.get();
    ext2_inode made{};
    if (ext2fs_read_inode(fs, to, &made) != 0)
        return;
    Others others;
    ext2fs_dir_iterate2(fs, from_directory, 0, nullptr, take_other, &others);
    Bytes label;
    for (const auto number : others.inodes) {
        ext2_inode inode{};
        if (number != to && ext2fs_read_inode(fs, number, &inode) == 0 &&
            (inode.i_mode & LINUX_S_IFMT) == (made.i_mode & LINUX_S_IFMT))
            label = label_of(fs, number);
        if (!label.empty())
            break;
    }
    if (label.empty())
        label = label_of(fs, from_directory);
    const auto handle = label.empty() ? nullptr : attributes_of(fs, to);
    if (handle &&
        ext2fs_xattr_set(handle.get(), "security.selinux", label.data(), label.size()) == 0)
        static_cast<void>(ext2fs_xattrs_write(handle.get()));
}

Result<void> ExtFileSystem::make_directory(std::string_view path, const NewFile& attributes) {
    LIFEBOAT_TRY(const auto where, free_spot(path));
    LIFEBOAT_TRY(const auto number, new_inode(where.directory, LINUX_S_IFDIR, path));
    if (const auto code = ext2fs_mkdir(handle_.get(), where.directory, number, nullptr); code != 0)
        return error(code, path, "making the directory");
    LIFEBOAT_CHECK(set_attributes(number, attributes, path));
    copy_label(where.directory, number);
    LIFEBOAT_CHECK(step());
    return link(where, number, EXT2_FT_DIR, path);
}

Result<void> ExtFileSystem::make_symlink(std::string_view path, std::string_view target) {
    LIFEBOAT_TRY(const auto where, free_spot(path));
    const std::string text(target);
    if (text.empty() || text.size() >= handle_.get()->blocksize ||
        text.find('\0') != std::string::npos)
        return fail(ErrorKind::usage, printable(path), "this cannot be the target of a link");
    LIFEBOAT_TRY(const auto number, new_inode(where.directory, LINUX_S_IFLNK | 0777, path));
    if (const auto code =
            ext2fs_symlink(handle_.get(), where.directory, number, nullptr, text.c_str());
        code != 0)
        return error(code, path, "making the link");
    copy_label(where.directory, number);
    LIFEBOAT_CHECK(step());
    return link(where, number, EXT2_FT_SYMLINK, path);
}

Result<void> ExtFileSystem::add_links(InodeNumber number, int by, std::string_view path) {
    LIFEBOAT_TRY(auto inode, inode_of(number, path));
    // 1 on a directory means "more than can be counted" (dir_nlink) and stays.
    if (inode.i_links_count > 1 || by > 0)
        inode.i_links_count = static_cast<__u16>(inode.i_links_count + by);
    inode.i_ctime = inode.i_mtime = now();
    if (const auto code = ext2fs_write_inode(handle_.get(), number, &inode); code != 0)
        return error(code, path, "writing the inode");
    return {};
}

Result<void> ExtFileSystem::rename(std::string_view from, std::string_view to) {
    LIFEBOAT_TRY(const auto source, spot(from));
    if (source.inode == 0)
        return fail(ErrorKind::not_found, printable(from), "there is no such file");
    LIFEBOAT_TRY(const auto target, free_spot(to));
    LIFEBOAT_TRY(const auto inode, inode_of(source.inode, from));
    const bool directory = LINUX_S_ISDIR(inode.i_mode);
    if (directory && (std::string(to) + "/").rfind(std::string(from) + "/", 0) == 0)
        return fail(ErrorKind::usage, printable(to), "a directory cannot be moved into itself");
    const int type = directory                     ? EXT2_FT_DIR
                     : LINUX_S_ISREG(inode.i_mode) ? EXT2_FT_REG_FILE
                     : LINUX_S_ISLNK(inode.i_mode) ? EXT2_FT_SYMLINK
                                                   : EXT2_FT_UNKNOWN;
    if (type == EXT2_FT_UNKNOWN)
        return fail(ErrorKind::unsupported, printable(from), "this is a special file");
    // Never fewer links counted than there are names: the file would go with the first of them.
    if (!directory) {
        LIFEBOAT_CHECK(add_links(source.inode, 1, from));
        LIFEBOAT_CHECK(handle_.barrier());
    }
    LIFEBOAT_CHECK(link(target, source.inode, type, to));
    if (const auto code =
            ext2fs_unlink(handle_.get(), source.directory, source.name.c_str(), source.inode, 0);
        code != 0)
        return error(code, from, "removing the old name");
    if (directory && source.directory != target.directory)
        return move_parent_link(source.inode, source, target, from);
    LIFEBOAT_CHECK(handle_.barrier());
    return directory ? Result<void>{} : add_links(source.inode, -1, from);
}

// A directory's ".." counts as a link of its parent.
Result<void> ExtFileSystem::move_parent_link(InodeNumber number, const Spot& from, const Spot& to,
                                             std::string_view path) {
    auto* const fs = handle_.get();
    if (const auto code = ext2fs_unlink(fs, number, "..", from.directory, 0); code != 0)
        return error(code, path, "changing the parent");
    if (const auto code = ext2fs_link(fs, number, "..", to.directory, EXT2_FT_DIR); code != 0)
        return error(code, path, "changing the parent");
    LIFEBOAT_CHECK(add_links(from.directory, -1, path));
    return add_links(to.directory, 1, path);
}

Result<void> ExtFileSystem::check_removable_directory(InodeNumber number, std::string_view path) {
    Others others;
    if (const auto code =
            ext2fs_dir_iterate2(handle_.get(), number, 0, nullptr, take_other, &others);
        code != 0)
        return error(code, path, "listing the directory");
    if (!others.empty)
        return fail(ErrorKind::refused, printable(path), "the directory is not empty");
    return {};
}

Result<void> ExtFileSystem::free_inode(InodeNumber number, bool directory, std::string_view path) {
    auto* const fs = handle_.get();
    if (const auto code = ext2fs_free_ext_attr(fs, number, nullptr); code != 0)
        return error(code, path, "freeing the attributes");
    LIFEBOAT_TRY(auto inode, inode_of(number, path));
    inode.i_links_count = 0;
    inode.i_dtime = now();
    if (ext2fs_inode_has_valid_blocks2(fs, &inode) != 0) {
        const auto code = ext2fs_punch(fs, number, &inode, nullptr, 0, ~blk64_t{0});
        if (code != 0)
            return error(code, path, "freeing the blocks");
    }
    inode.i_size = 0;
    if (const auto code = ext2fs_write_inode(fs, number, &inode); code != 0)
        return error(code, path, "writing the inode");
    ext2fs_inode_alloc_stats2(fs, number, -1, directory ? 1 : 0);
    return {};
}

Result<void> ExtFileSystem::remove(std::string_view path) {
    LIFEBOAT_TRY(const auto where, spot(path));
    if (where.inode == 0)
        return fail(ErrorKind::not_found, printable(path), "there is no such file");
    LIFEBOAT_TRY(const auto inode, inode_of(where.inode, path));
    const bool directory = LINUX_S_ISDIR(inode.i_mode);
    if (directory)
        LIFEBOAT_CHECK(check_removable_directory(where.inode, path));
    LIFEBOAT_CHECK(load_bitmaps());
    if (const auto code =
            ext2fs_unlink(handle_.get(), where.directory, where.name.c_str(), where.inode, 0);
        code != 0)
        return error(code, path, "removing the name");
    LIFEBOAT_CHECK(handle_.barrier()); // nothing refers to it when it goes
    if (directory) {
        LIFEBOAT_CHECK(free_inode(where.inode, true, path));
        return add_links(where.directory, -1, path);
    }
    if (inode.i_links_count > 1)
        return add_links(where.inode, -1, path);
    return free_inode(where.inode, false, path);
}

} // namespace lifeboat::fs
