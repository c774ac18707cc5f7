// SPDX-License-Identifier: GPL-2.0-or-later
// A guest's file system, opened by a library in this process: no mount, no root. Paths are UTF-8
// with '/', absolute, and taken literally: symbolic links are the business of fs::Tree.
#pragma once

#include "block/device.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::fs {

enum class Kind { ext, ntfs, fat, memory, kernel }; // kernel: see kernel.hpp
enum class Access { read, write };
enum class NodeType { file, directory, symlink, other };

struct Node {
    std::string name; // as stored, last component only
    NodeType type = NodeType::other;
    std::uint64_t size = 0;
    std::uint32_t mode = 0; // permission bits; 0 on NTFS and FAT
    std::string target;     // of a symbolic link
    std::uint64_t id = 0;   // inode or MFT number, place of the entry: equal ids are the same file
};

struct NewFile {
    std::uint32_t mode = 0644;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    // NTFS only: a directory whose new entries have the access rights that this one shall have;
    // empty: its own directory.
    std::string rights_of = {};
};

inline constexpr std::uint64_t kReadLimit = 256U << 20;

class FileSystem {
public:
    virtual ~FileSystem() = default;
    [[nodiscard]] virtual Kind kind() const = 0;
    [[nodiscard]] virtual bool ignores_case() const = 0; // NTFS, FAT
    [[nodiscard]] virtual bool writable() const = 0;

    // Nothing when no such path exists; an error when it could not be looked at.
    [[nodiscard]] virtual Result<std::optional<Node>> stat(std::string_view path) = 0;
    [[nodiscard]] virtual Result<std::vector<Node>> list(std::string_view directory) = 0; // by name
    // At most `limit` bytes; a larger file is an error (`unsupported`), never cut silently.
    [[nodiscard]] virtual Result<Bytes> read(std::string_view path,
                                             std::uint64_t limit = kReadLimit) = 0;
    // The first bytes of a file, at most `limit`.
    [[nodiscard]] virtual Result<Bytes> read_head(std::string_view path, std::uint64_t limit) = 0;

    // New content for an existing file: same inode, mode, owner, label, links. The device's flush()
    // separates the steps, so that a power cut leaves the old content or the new one.
    [[nodiscard]] virtual Result<void> replace(std::string_view path, ByteSpan content) = 0;
    [[nodiscard]] virtual Result<void> create(std::string_view path, ByteSpan content,
                                              const NewFile& attributes) = 0;
    [[nodiscard]] virtual Result<void> make_directory(std::string_view path,
                                                      const NewFile& attributes) = 0;
    [[nodiscard]] virtual Result<void> make_symlink(std::string_view path,
                                                    std::string_view target) = 0;
    [[nodiscard]] virtual Result<void> rename(std::string_view from, std::string_view to) = 0;
    [[nodiscard]] virtual Result<void> remove(std::string_view path) = 0; // file, link, empty dir
    // Files whose old content replace() had to overwrite where it lies, because the volume is full
    // or the file is scattered too much: a power cut during the commit would mix old and new.
    [[nodiscard]] virtual std::vector<std::string> written_in_place() const { return {}; }
    // Everything is in the device below when it returns; the object is of no further use.
    [[nodiscard]] virtual Result<void> close() = 0;
};

using FileSystemPtr = std::shared_ptr<FileSystem>;

// For Access::write `refused` names why it would not be safe, and how to go on: hibernated, journal
// not empty, marked for a check, mounted features we do not know.
[[nodiscard]] Result<FileSystemPtr> open_ext(block::DevicePtr volume, Access access);
[[nodiscard]] Result<FileSystemPtr> open_ntfs(block::DevicePtr volume, Access access);
[[nodiscard]] Result<FileSystemPtr> open_fat(block::DevicePtr volume, Access access);
// Files in memory, for tests of everything above this room.
[[nodiscard]] FileSystemPtr memory_filesystem(bool ignores_case);

// Why an open for writing would be refused; nothing when it would not. Cheap, read-only.
[[nodiscard]] Result<std::optional<Error>> write_obstacle(block::DevicePtr volume, Kind kind);

} // namespace lifeboat::fs
