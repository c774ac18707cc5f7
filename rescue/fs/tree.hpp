// SPDX-License-Identifier: GPL-2.0-or-later
// The guest's directory tree: file systems put together at their mount points. Symbolic links are
// followed inside the guest's root and can never leave it; every walk is bounded.
#pragma once

#include "fs/filesystem.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::fs {

class Tree {
public:
    struct Place { // where a path really lies
        FileSystemPtr fs;
        std::string volume; // name given at mount()
        std::string path;   // inside that file system
        std::string full;   // canonical path in the tree
    };

    // `point` is "/" first, then "/boot", "/boot/efi", ...
    void mount(std::string point, std::string volume_name, FileSystemPtr fs);
    [[nodiscard]] bool ignores_case() const;

    // Follows links, also in the last component; `not_found` when something is missing.
    [[nodiscard]] Result<Place> locate(std::string_view path) const;
    // Where a path that need not exist would be created: links followed in all but the last.
    [[nodiscard]] Result<Place> locate_parent(std::string_view path) const;

    [[nodiscard]] Result<std::optional<Node>> stat(std::string_view path) const;  // follows links
    [[nodiscard]] Result<std::optional<Node>> lstat(std::string_view path) const; // does not
    [[nodiscard]] Result<bool> exists(std::string_view path) const;
    [[nodiscard]] Result<std::vector<Node>> list(std::string_view directory) const;
    [[nodiscard]] Result<Bytes> read(std::string_view path, std::uint64_t limit = kReadLimit) const;
    [[nodiscard]] Result<Bytes> read_head(std::string_view path, std::uint64_t limit) const;
    // Nothing when the file is not there.
    [[nodiscard]] Result<std::optional<std::string>>
    read_text(std::string_view path, std::uint64_t limit = 8U << 20) const;
    struct Mount {
        std::string point;
        std::string volume;
        FileSystemPtr fs;
    };
    [[nodiscard]] const std::vector<Mount>& mounts() const { return mounts_; }

private:
    std::vector<Mount> mounts_;
};

} // namespace lifeboat::fs
