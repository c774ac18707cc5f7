// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/ext.hpp"

#include "base/text.hpp"
#include "fs/ext_state.hpp"

#include <algorithm>
#include <ext2fs/ext2fs.h>

namespace lifeboat::fs {
namespace {

constexpr std::size_t kEntryLimit = 1U << 20; // names in one directory
constexpr std::uint64_t kTargetLimit = 4096;  // bytes of a symbolic link
constexpr unsigned kReadPiece = 1U << 20;

NodeType type_of(const ext2_inode& inode) {
    if (LINUX_S_ISREG(inode.i_mode))
        return NodeType::file;
    if (LINUX_S_ISDIR(inode.i_mode))
        return NodeType::directory;
    if (LINUX_S_ISLNK(inode.i_mode))
        return NodeType::symlink;
    return NodeType::other;
}

struct Found {
    std::vector<std::pair<std::string, ext2_ino_t>> names;
    bool too_many = false;
    bool bad_name = false;
};

int take_entry(ext2_ino_t /*directory*/, int /*entry*/, ext2_dir_entry* dirent, int /*offset*/,
               int /*blocksize*/, char* /*buffer*/, void* data) {
    auto& found = *static_cast<Found*>(data);
    const auto length = static_cast<std::size_t>(ext2fs_dirent_name_len(dirent));
    const std::string_view name(dirent->name, length);
    if (dirent->inode == 0 || name == "." || name == "..")
        return 0;
    if (name.empty() || name.find('/') != name.npos || name.find('\0') != name.npos) {
        found.bad_name = true;
        return DIRENT_ABORT;
    }
    if (found.names.size() >= kEntryLimit) {
        found.too_many = true;
        return DIRENT_ABORT;
    }
    found.names.emplace_back(name, dirent->inode);
    return 0;
}

struct CloseFile {
    void operator()(ext2_file_t file) const { ext2fs_file_close(file); }
};
using FilePtr = std::unique_ptr<std::remove_pointer_t<ext2_file_t>, CloseFile>;

} // namespace

ExtFileSystem::ExtFileSystem(ExtHandle handle, bool writable)
    : handle_(std::move(handle)), writable_(writable) {}

tl::unexpected<Error> ExtFileSystem::error(long code, std::string_view path,
                                           std::string doing) const {
    return handle_.error(code, printable(path), std::move(doing));
}

Result<std::optional<ExtFileSystem::InodeNumber>> ExtFileSystem::find_in(InodeNumber directory,
                                                                         const std::string& name) {
    if (name.size() > kNameLimit)
        return std::optional<InodeNumber>();
    ext2_ino_t number = 0;
    const auto code = ext2fs_lookup(handle_.get(), directory, name.c_str(),
                                    static_cast<int>(name.size()), nullptr, &number);
    if (code == EXT2_ET_FILE_NOT_FOUND || code == EXT2_ET_NO_DIRECTORY)
        return std::optional<InodeNumber>();
    if (code != 0)
        return error(code, name, "looking it up");
    return std::optional<InodeNumber>(number);
}

Result<std::optional<ExtFileSystem::InodeNumber>> ExtFileSystem::find(std::string_view path) {
    if (handle_.get() == nullptr)
        return fail(ErrorKind::internal, printable(path), "the file system is closed already");
    LIFEBOAT_TRY(const auto parts, path_components(path));
    InodeNumber number = EXT2_ROOT_INO;
    for (const auto& part : parts) {
        LIFEBOAT_TRY(const auto inode, inode_of(number, path));
        if (!LINUX_S_ISDIR(inode.i_mode))
            return std::optional<InodeNumber>();
        LIFEBOAT_TRY(const auto next, find_in(number, part));
        if (!next)
            return std::optional<InodeNumber>();
        number = *next;
    }
    return std::optional<InodeNumber>(number);
}

Result<ExtFileSystem::InodeNumber> ExtFileSystem::existing(std::string_view path) {
    LIFEBOAT_TRY(const auto number, find(path));
    if (!number)
        return fail(ErrorKind::not_found, printable(path), "there is no such file");
    return *number;
}

Result<ext2_inode> ExtFileSystem::inode_of(InodeNumber number, std::string_view path) {
    ext2_inode inode{};
    if (const auto code = ext2fs_read_inode(handle_.get(), number, &inode); code != 0)
        return error(code, path, "reading inode " + std::to_string(number));
    return inode;
}

Result<std::string> ExtFileSystem::link_target(InodeNumber number, const ext2_inode& inode) {
    const auto size = EXT2_I_SIZE(&inode);
    const auto where = "inode " + std::to_string(number);
    if (size > kTargetLimit)
        return fail(ErrorKind::damaged, handle_.name() + ", " + where,
                    "the symbolic link is too long");
    std::string target;
    if (ext2fs_is_fast_symlink(const_cast<ext2_inode*>(&inode)) != 0) {
        const auto* const text = reinterpret_cast<const char*>(&inode.i_block[0]);
        target.assign(
            text, static_cast<std::size_t>(std::min<std::uint64_t>(size, sizeof inode.i_block)));
    } else {
        LIFEBOAT_TRY(const auto bytes, content(number, size, where));
        target = to_text(bytes);
    }
    return target.substr(0, target.find('\0'));
}

Result<Node> ExtFileSystem::node_of(InodeNumber number, std::string name) {
    LIFEBOAT_TRY(const auto inode, inode_of(number, name));
    Node node;
    node.name = std::move(name);
    node.type = type_of(inode);
    node.size = EXT2_I_SIZE(&inode);
    node.mode = inode.i_mode & 07777U;
    node.id = number;
    if (node.type == NodeType::symlink && (inode.i_flags & EXT4_ENCRYPT_FL) == 0) {
        LIFEBOAT_TRY(node.target, link_target(number, inode));
    }
    return node;
}

Result<std::optional<Node>> ExtFileSystem::stat(std::string_view path) {
    LIFEBOAT_TRY(const auto number, find(path));
    if (!number)
        return std::optional<Node>();
    LIFEBOAT_TRY(const auto parts, path_components(path));
    LIFEBOAT_TRY(auto node, node_of(*number, parts.empty() ? std::string() : parts.back()));
    return std::optional<Node>(std::move(node));
}

Result<std::vector<Node>> ExtFileSystem::list(std::string_view directory) {
    LIFEBOAT_TRY(const auto number, existing(directory));
    LIFEBOAT_TRY(const auto inode, inode_of(number, directory));
    if (!LINUX_S_ISDIR(inode.i_mode))
        return fail(ErrorKind::usage, printable(directory), "this is not a directory");
    if ((inode.i_flags & EXT4_ENCRYPT_FL) != 0)
        return fail(ErrorKind::unsupported, printable(directory), "the directory is encrypted");
    Found found;
    const auto code = ext2fs_dir_iterate2(handle_.get(), number, 0, nullptr, take_entry, &found);
    if (code != 0)
        return error(code, directory, "listing the directory");
    if (found.too_many)
        return fail(ErrorKind::unsupported, printable(directory),
                    "the directory has more than a million names");
    if (found.bad_name)
        return fail(ErrorKind::damaged, printable(directory),
                    "the directory holds an impossible file name");
    std::sort(found.names.begin(), found.names.end());
    std::vector<Node> nodes;
    for (auto& [name, child] : found.names) {
        LIFEBOAT_TRY(auto node, node_of(child, std::move(name)));
        nodes.push_back(std::move(node));
    }
    return nodes;
}

Result<ExtFileSystem::InodeNumber> ExtFileSystem::readable_file(std::string_view path) {
    LIFEBOAT_TRY(const auto number, existing(path));
    LIFEBOAT_TRY(const auto inode, inode_of(number, path));
    if (!LINUX_S_ISREG(inode.i_mode))
        return fail(ErrorKind::usage, printable(path), "this is not a regular file");
    if ((inode.i_flags & EXT4_ENCRYPT_FL) != 0)
        return fail(ErrorKind::unsupported, printable(path), "the file is encrypted");
    return number;
}

Result<Bytes> ExtFileSystem::content(InodeNumber number, std::uint64_t length,
                                     std::string_view path) {
    ext2_file_t raw = nullptr;
    if (const auto code = ext2fs_file_open(handle_.get(), number, 0, &raw); code != 0)
        return error(code, path, "opening the file");
    const FilePtr file(raw);
    Bytes bytes(static_cast<std::size_t>(length));
    for (std::size_t done = 0; done < bytes.size();) {
        const auto wanted =
            static_cast<unsigned>(std::min<std::size_t>(kReadPiece, bytes.size() - done));
        unsigned got = 0;
        const auto code = ext2fs_file_read(raw, bytes.data() + done, wanted, &got);
        if (code != 0)
            return error(code, path, "reading the file");
        if (got == 0)
            return fail(ErrorKind::damaged, printable(path), "the file is shorter than it says");
        done += got;
    }
    return bytes;
}

Result<Bytes> ExtFileSystem::read(std::string_view path, std::uint64_t limit) {
    LIFEBOAT_TRY(const auto number, readable_file(path));
    LIFEBOAT_TRY(const auto inode, inode_of(number, path));
    const auto size = EXT2_I_SIZE(&inode);
    if (size > limit)
        return fail(ErrorKind::unsupported, printable(path),
                    "the file is larger than the limit of " + human_size(limit));
    return content(number, size, path);
}

Result<Bytes> ExtFileSystem::read_head(std::string_view path, std::uint64_t limit) {
    LIFEBOAT_TRY(const auto number, readable_file(path));
    LIFEBOAT_TRY(const auto inode, inode_of(number, path));
    return content(number, std::min<std::uint64_t>(limit, EXT2_I_SIZE(&inode)), path);
}

Result<void> ExtFileSystem::close() { return handle_.close(); }

Result<FileSystemPtr> open_ext(block::DevicePtr volume, Access access) {
    const bool write = access == Access::write;
    if (write) {
        LIFEBOAT_TRY(auto obstacle, write_obstacle(volume, Kind::ext));
        if (obstacle)
            return fail(std::move(*obstacle));
    }
    LIFEBOAT_TRY(auto handle, ExtHandle::open(std::move(volume), write));
    return std::make_shared<ExtFileSystem>(std::move(handle), write);
}

Result<std::optional<Error>> ext_write_obstacle(block::DevicePtr volume) {
    LIFEBOAT_TRY(const auto handle, ExtHandle::open(std::move(volume), false));
    return ext_obstacle(handle);
}

} // namespace lifeboat::fs
