// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/directory.hpp"

#include "base/text.hpp"
#include "fs/path.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace lifeboat::fs {
namespace {

constexpr std::size_t kNodeLimit = 1U << 20; // names in one directory

struct CloseDirectory {
    void operator()(DIR* directory) const { closedir(directory); }
};

NodeType type_of(mode_t mode) {
    if (S_ISREG(mode))
        return NodeType::file;
    if (S_ISDIR(mode))
        return NodeType::directory;
    return S_ISLNK(mode) ? NodeType::symlink : NodeType::other;
}

// Subvolumes of Btrfs count their inodes each from the same number, but have devices of their own.
std::uint64_t id_of(const struct stat& info) {
    return info.st_ino ^ (static_cast<std::uint64_t>(info.st_dev) << 40);
}

bool means_absent(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

// What the link `name` in `directory` says; with an empty name, what `directory` itself says.
std::string target_of(int directory, const char* name) {
    std::array<char, PATH_MAX> text{};
    const auto length = readlinkat(directory, name, text.data(), text.size());
    return length > 0 ? std::string(text.data(), static_cast<std::size_t>(length)) : std::string();
}

Node node_of(const struct stat& info, std::string name) {
    Node node;
    node.name = std::move(name);
    node.type = type_of(info.st_mode);
    node.size = info.st_size > 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
    node.mode = info.st_mode & 07777U;
    node.id = id_of(info);
    return node;
}

} // namespace

void Descriptor::reset() {
    if (number_ >= 0)
        ::close(std::exchange(number_, -1));
}

Descriptor open_beneath(int root, const std::string& relative, int flags, int& error) {
    open_how how{};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC | O_NOFOLLOW);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
    const auto number = syscall(SYS_openat2, root, relative.c_str(), &how, sizeof how);
    error = number < 0 ? errno : 0;
    return Descriptor(static_cast<int>(number));
}

tl::unexpected<Error> DirectoryFileSystem::error(std::string_view path,
                                                 std::string_view doing) const {
    const int number = errno;
    if (number == EUCLEAN || number == EIO)
        return fail(ErrorKind::damaged, name_ + ", " + printable(path),
                    std::string(doing) + ": the kernel found the file system damaged",
                    "check it with xfs_repair or btrfs check");
    return fail(fail_errno(printable(path), std::string(doing), number).value().in(name_));
}

Result<std::optional<Descriptor>> DirectoryFileSystem::open(std::string_view path,
                                                            int flags) const {
    if (!root_)
        return fail(ErrorKind::internal, printable(path), "the file system is closed already");
    LIFEBOAT_TRY(const auto parts, path_components(path));
    for (const auto& part : parts)
        if (part.size() > kNameLimit)
            return std::optional<Descriptor>();
    int number = 0;
    auto found = open_beneath(root_.get(), parts.empty() ? "." : join(parts, "/"), flags, number);
    if (found)
        return std::optional<Descriptor>(std::move(found));
    if (means_absent(number))
        return std::optional<Descriptor>();
    errno = number;
    return error(path, "opening it");
}

Result<Descriptor> DirectoryFileSystem::existing(std::string_view path, int flags) const {
    LIFEBOAT_TRY(auto found, open(path, flags));
    if (!found)
        return fail(ErrorKind::not_found, printable(path), "there is no such file");
    return std::move(*found);
}

// A regular file. What it is gets asked before it is opened: opening a FIFO or a device does
// things.
Result<Descriptor> DirectoryFileSystem::file(std::string_view path, int flags) const {
    LIFEBOAT_TRY(const auto look, existing(path, O_PATH));
    struct stat info {};
    if (fstat(look.get(), &info) != 0)
        return error(path, "looking at it");
    if (!S_ISREG(info.st_mode))
        return fail(ErrorKind::usage, printable(path), "this is not a regular file");
    return existing(path, flags | O_NONBLOCK);
}

Result<std::optional<Node>> DirectoryFileSystem::stat(std::string_view path) {
    LIFEBOAT_TRY(const auto found, open(path, O_PATH));
    if (!found)
        return std::optional<Node>();
    struct stat info {};
    if (fstat(found->get(), &info) != 0)
        return error(path, "looking at it");
    LIFEBOAT_TRY(const auto parts, path_components(path));
    auto node = node_of(info, parts.empty() ? std::string() : parts.back());
    if (node.type == NodeType::symlink)
        node.target = target_of(found->get(), "");
    return std::optional<Node>(std::move(node));
}

Result<std::vector<Node>> DirectoryFileSystem::list(std::string_view directory) {
    LIFEBOAT_TRY(const auto look, existing(directory, O_PATH));
    struct stat info {};
    if (fstat(look.get(), &info) != 0)
        return error(directory, "looking at it");
    if (!S_ISDIR(info.st_mode))
        return fail(ErrorKind::usage, printable(directory), "this is not a directory");
    LIFEBOAT_TRY(const auto open, existing(directory, O_RDONLY | O_DIRECTORY));
    const int own = dup(open.get());
    const std::unique_ptr<DIR, CloseDirectory> stream(own < 0 ? nullptr : fdopendir(own));
    if (!stream)
        return error(directory, "reading the directory");
    std::vector<Node> nodes;
    for (errno = 0; const dirent* entry = readdir(stream.get()); errno = 0) {
        const std::string name(&entry->d_name[0]);
        if (name == "." || name == "..")
            continue;
        if (nodes.size() >= kNodeLimit)
            return fail(ErrorKind::unsupported, printable(directory),
                        "more than a million files lie in this directory");
        if (fstatat(open.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
            return error(join_path(directory, name), "looking at it");
        nodes.push_back(node_of(info, name));
        if (nodes.back().type == NodeType::symlink)
            nodes.back().target = target_of(open.get(), name.c_str());
    }
    if (errno != 0)
        return error(directory, "reading the directory");
    std::sort(nodes.begin(), nodes.end(),
              [](const Node& a, const Node& b) { return a.name < b.name; });
    return nodes;
}

Result<Bytes> DirectoryFileSystem::content(std::string_view path, std::uint64_t limit, bool whole) {
    LIFEBOAT_TRY(const auto from, file(path, O_RDONLY));
    struct stat info {};
    if (fstat(from.get(), &info) != 0)
        return error(path, "looking at it");
    const auto size = static_cast<std::uint64_t>(std::max<off_t>(info.st_size, 0));
    if (whole && size > limit)
        return fail(ErrorKind::unsupported, printable(path),
                    "the file is larger than the limit of " + human_size(limit));
    Bytes out(static_cast<std::size_t>(std::min(size, limit)));
    std::size_t done = 0;
    while (done < out.size()) {
        const auto count =
            pread(from.get(), out.data() + done, out.size() - done, static_cast<off_t>(done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return error(path, "reading it");
        if (count == 0)
            return fail(ErrorKind::damaged, printable(path), "the file ends before its end");
        done += static_cast<std::size_t>(count);
    }
    return out;
}

Result<Bytes> DirectoryFileSystem::read(std::string_view path, std::uint64_t limit) {
    return content(path, limit, true);
}

Result<Bytes> DirectoryFileSystem::read_head(std::string_view path, std::uint64_t limit) {
    return content(path, limit, false);
}

} // namespace lifeboat::fs
