// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.hpp"
#include "fs/directory.hpp"
#include "fs/path.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace lifeboat::fs {
namespace {

constexpr int kSiblingsAsked = 16;   // for a security label to copy
constexpr int kTemporaryNames = 100; // of files left by a cut before this one
constexpr auto kLabel = "security.selinux";

// Flags of chattr(1) that a new file takes over from the one it replaces, as far as it can.
constexpr int kKeptFlags = FS_NOCOW_FL | FS_COMPR_FL | FS_NOCOMP_FL | FS_NODUMP_FL | FS_NOATIME_FL;

// Names of the extended attributes; empty when there are none, or none are known here.
std::vector<std::string> attribute_names(int file) {
    std::array<char, XATTR_LIST_MAX> names{};
    const auto length = flistxattr(file, names.data(), names.size());
    std::vector<std::string> out;
    if (length > 0)
        for (const auto name :
             split_nonempty({names.data(), static_cast<std::size_t>(length)}, '\0'))
            out.emplace_back(name);
    return out;
}

std::optional<std::string> attribute(int file, const std::string& name) {
    std::string value(XATTR_SIZE_MAX, '\0');
    const auto length = fgetxattr(file, name.c_str(), value.data(), value.size());
    if (length < 0)
        return std::nullopt;
    value.resize(static_cast<std::size_t>(length));
    return value;
}

// A guest with SELinux denies access to a file without a label; a new one gets that of a file of
// the same kind beside it, or else of its directory. Best effort: most guests have no labels.
std::optional<std::string> label_for(int directory, const std::vector<Node>& siblings,
                                     bool for_directory) {
    int asked = 0;
    for (const auto& node : siblings) {
        const auto wanted = for_directory ? NodeType::directory : NodeType::file;
        if (node.type != wanted || ++asked > kSiblingsAsked)
            continue;
        int error = 0;
        const auto sibling = open_beneath(directory, node.name, O_RDONLY | O_NONBLOCK, error);
        if (auto label = sibling ? attribute(sibling.get(), kLabel) : std::nullopt)
            return label;
    }
    return attribute(directory, kLabel);
}

} // namespace

Result<void> DirectoryFileSystem::check_writable() const {
    if (!root_ || !writable_)
        return fail(ErrorKind::internal, name_, "the file system is not open for writing");
    return {};
}

Result<DirectoryFileSystem::Spot> DirectoryFileSystem::spot(std::string_view path) const {
    LIFEBOAT_CHECK(check_writable());
    LIFEBOAT_TRY(auto split, split_parent(path));
    if (split.name.size() > kNameLimit)
        return fail(ErrorKind::usage, printable(path), "the name is longer than 255 bytes");
    LIFEBOAT_TRY(const auto look, existing(split.parent, O_PATH));
    struct stat info {};
    if (fstat(look.get(), &info) != 0)
        return error(split.parent, "looking at it");
    if (!S_ISDIR(info.st_mode))
        return fail(ErrorKind::usage, printable(split.parent), "this is not a directory");
    LIFEBOAT_TRY(auto directory, existing(split.parent, O_RDONLY | O_DIRECTORY));
    const bool taken =
        fstatat(directory.get(), split.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (!taken && errno != ENOENT)
        return error(path, "looking at it");
    return Spot{std::move(directory), std::move(split.name), taken};
}

Result<DirectoryFileSystem::Spot> DirectoryFileSystem::free_spot(std::string_view path) const {
    LIFEBOAT_TRY(auto found, spot(path));
    if (found.taken)
        return fail(ErrorKind::refused, printable(path), "this exists already");
    return found;
}

// A change of names is complete in the file system's log, and a barrier stands behind it.
Result<void> DirectoryFileSystem::settle(const Spot& spot, std::string_view path) const {
    if (fsync(spot.directory.get()) != 0)
        return error(path, "writing the directory");
    return {};
}

Result<void> DirectoryFileSystem::write_all(int file, ByteSpan content,
                                            std::string_view path) const {
    std::size_t done = 0;
    while (done < content.size()) {
        const auto count =
            pwrite(file, content.data() + done, content.size() - done, static_cast<off_t>(done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return error(path, "writing it");
        done += static_cast<std::size_t>(count);
    }
    return {};
}

// Owner first: changing it takes away some of the rest.
Result<void> DirectoryFileSystem::copy_attributes(int from, int to, std::string_view path) const {
    struct stat info {};
    if (fstat(from, &info) != 0 || fchown(to, info.st_uid, info.st_gid) != 0)
        return error(path, "keeping its owner");
    const auto wanted = attribute_names(from);
    for (const auto& name : attribute_names(to)) // what the directory's ACL has given to it
        if (std::find(wanted.begin(), wanted.end(), name) == wanted.end() &&
            fremovexattr(to, name.c_str()) != 0)
            return error(path, "keeping its attributes");
    for (const auto& name : wanted) {
        const auto value = attribute(from, name);
        if (!value || fsetxattr(to, name.c_str(), value->data(), value->size(), 0) != 0)
            return error(path, "keeping its attribute " + printable(name));
    }
    if (fchmod(to, info.st_mode & 07777U) != 0)
        return error(path, "keeping its mode");
    return {};
}

// The new content in a file of its own, complete on the device, then given the old one's name.
Result<void> DirectoryFileSystem::exchange(int old, const Spot& spot, ByteSpan content,
                                           std::string_view path) const {
    const int directory = spot.directory.get();
    std::string name;
    Descriptor made;
    for (int i = 0; i < kTemporaryNames && !made; ++i) {
        name = ".lifeboat-new-" + std::to_string(i);
        made = Descriptor(openat(directory, name.c_str(),
                                 O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!made && errno != EEXIST)
            break;
    }
    if (!made)
        return error(path, "making a file beside it");
    const auto fill = [&]() -> Result<void> {
        int flags = 0;
        if (ioctl(old, FS_IOC_GETFLAGS, &flags) == 0 && (flags & kKeptFlags) != 0) {
            int own = 0;
            if (ioctl(made.get(), FS_IOC_GETFLAGS, &own) == 0) {
                own |= flags & kKeptFlags;
                static_cast<void>(ioctl(made.get(), FS_IOC_SETFLAGS, &own));
            }
        }
        LIFEBOAT_CHECK(write_all(made.get(), content, path));
        LIFEBOAT_CHECK(copy_attributes(old, made.get(), path));
        if (fsync(made.get()) != 0)
            return error(path, "writing it");
        if (renameat(directory, name.c_str(), directory, spot.name.c_str()) != 0)
            return error(path, "exchanging it");
        return {};
    };
    if (auto filled = fill(); !filled) {
        unlinkat(directory, name.c_str(), 0);
        return filled;
    }
    return settle(spot, path);
}

Result<void> DirectoryFileSystem::overwrite(ByteSpan content, std::string_view path) {
    LIFEBOAT_TRY(const auto opened, file(path, O_WRONLY));
    LIFEBOAT_CHECK(write_all(opened.get(), content, path));
    if (ftruncate(opened.get(), static_cast<off_t>(content.size())) != 0 ||
        fsync(opened.get()) != 0)
        return error(path, "writing it");
    in_place_.emplace_back(path);
    return {};
}

Result<void> DirectoryFileSystem::replace(std::string_view path, ByteSpan content) {
    LIFEBOAT_TRY(const auto where, spot(path));
    LIFEBOAT_TRY(const auto old, file(path, O_RDONLY));
    struct stat info {};
    if (fstat(old.get(), &info) != 0)
        return error(path, "looking at it");
    int flags = 0;
    if (ioctl(old.get(), FS_IOC_GETFLAGS, &flags) == 0 &&
        (flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)) != 0)
        return fail(ErrorKind::refused, printable(path),
                    "the file is marked as not to be changed (chattr +i or +a)",
                    "take the mark away inside the guest, if it may be changed");
    return info.st_nlink == 1 ? exchange(old.get(), where, content, path)
                              : overwrite(content, path);
}

Result<void> DirectoryFileSystem::create(std::string_view path, ByteSpan content,
                                         const NewFile& attributes) {
    LIFEBOAT_TRY(const auto where, free_spot(path));
    LIFEBOAT_TRY(const auto split, split_parent(path));
    LIFEBOAT_TRY(const auto siblings, list(split.parent));
    const int directory = where.directory.get();
    const auto label = label_for(directory, siblings, false);
    const Descriptor made(openat(directory, where.name.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!made)
        return error(path, "making it");
    if (label)
        static_cast<void>(fsetxattr(made.get(), kLabel, label->data(), label->size(), 0));
    LIFEBOAT_CHECK(write_all(made.get(), content, path));
    if (fchown(made.get(), attributes.uid, attributes.gid) != 0 ||
        fchmod(made.get(), attributes.mode & 07777U) != 0 || fsync(made.get()) != 0)
        return error(path, "making it");
    return settle(where, path);
}

Result<void> DirectoryFileSystem::make_directory(std::string_view path, const NewFile& attributes) {
    LIFEBOAT_TRY(const auto where, free_spot(path));
    LIFEBOAT_TRY(const auto split, split_parent(path));
    LIFEBOAT_TRY(const auto siblings, list(split.parent));
    const int directory = where.directory.get();
    const auto label = label_for(directory, siblings, true);
    if (mkdirat(directory, where.name.c_str(), 0700) != 0)
        return error(path, "making the directory");
    LIFEBOAT_TRY(const auto made, existing(path, O_RDONLY | O_DIRECTORY));
    if (label)
        static_cast<void>(fsetxattr(made.get(), kLabel, label->data(), label->size(), 0));
    if (fchown(made.get(), attributes.uid, attributes.gid) != 0 ||
        fchmod(made.get(), attributes.mode & 07777U) != 0)
        return error(path, "making the directory");
    return settle(where, path);
}

Result<void> DirectoryFileSystem::make_symlink(std::string_view path, std::string_view target) {
    LIFEBOAT_TRY(const auto where, free_spot(path));
    const std::string text(target);
    if (text.empty() || text.find('\0') != std::string::npos || text.size() >= kPathLimit)
        return fail(ErrorKind::usage, printable(path), "this cannot be the target of a link");
    if (symlinkat(text.c_str(), where.directory.get(), where.name.c_str()) != 0)
        return error(path, "making the link");
    return settle(where, path);
}

Result<void> DirectoryFileSystem::rename(std::string_view from, std::string_view to) {
    LIFEBOAT_TRY(const auto source, spot(from));
    if (!source.taken)
        return fail(ErrorKind::not_found, printable(from), "there is no such file");
    LIFEBOAT_TRY(const auto target, spot(to));
    if (renameat2(source.directory.get(), source.name.c_str(), target.directory.get(),
                  target.name.c_str(), RENAME_NOREPLACE) != 0) {
        if (errno == EEXIST)
            return fail(ErrorKind::refused, printable(to), "this exists already");
        if (errno == EINVAL)
            return fail(ErrorKind::usage, printable(to), "a directory cannot be moved into itself");
        return error(to, "renaming it");
    }
    LIFEBOAT_CHECK(settle(target, to));
    return settle(source, from);
}

Result<void> DirectoryFileSystem::remove(std::string_view path) {
    LIFEBOAT_TRY(const auto where, spot(path));
    struct stat info {};
    if (fstatat(where.directory.get(), where.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return fail(ErrorKind::not_found, printable(path), "there is no such file");
        return error(path, "looking at it");
    }
    const int how = S_ISDIR(info.st_mode) ? AT_REMOVEDIR : 0;
    if (unlinkat(where.directory.get(), where.name.c_str(), how) != 0) {
        if (errno == ENOTEMPTY)
            return fail(ErrorKind::refused, printable(path), "the directory is not empty");
        return error(path, "removing it");
    }
    return settle(where, path);
}

Result<void> DirectoryFileSystem::close() {
    if (!root_)
        return {};
    if (writable_) {
        int number = 0;
        const auto root = open_beneath(root_.get(), ".", O_RDONLY | O_DIRECTORY, number);
        errno = number;
        if (!root || syncfs(root.get()) != 0)
            return error("/", "writing everything to the device");
    }
    root_.reset();
    return {};
}

} // namespace lifeboat::fs
