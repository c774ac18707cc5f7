// SPDX-License-Identifier: GPL-2.0-or-later
// Paths inside one file system: checked once, here, before any library sees them.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::fs {

inline constexpr std::size_t kPathLimit = 4096; // bytes of a whole path, as PATH_MAX of Linux
inline constexpr std::size_t kNameLimit = 255;  // bytes (ext) or UTF-16 units (NTFS) of a name

// The components of an absolute path; none for "/". `usage` for a relative path, a component "."
// or ".." (nothing here walks upwards), a NUL byte, or one that is too long.
[[nodiscard]] Result<std::vector<std::string>> path_components(std::string_view path);

struct ParentAndName {
    std::string parent; // "/" or "/a/b"
    std::string name;
};
// `usage` for "/", which has no parent.
[[nodiscard]] Result<ParentAndName> split_parent(std::string_view path);

// "/a" + "b" -> "/a/b"
[[nodiscard]] std::string join_path(std::string_view directory, std::string_view name);

// Whether Windows accepts the name in its Win32 view; a file it cannot open again must not be made.
[[nodiscard]] Result<void> check_windows_name(std::string_view name);

} // namespace lifeboat::fs
