// SPDX-License-Identifier: GPL-2.0-or-later
// A hive as it lies on a file system: together with the transaction logs beside it.
#pragma once

#include "fs/filesystem.hpp"
#include "registry/log_replay.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lifeboat::guest {

inline constexpr std::uint64_t kHiveLimit = 512U << 20; // bytes

struct HiveFile {
    Bytes image;             // with its logs applied, where they complete it
    std::size_t entries = 0; // and what registry::Replayed says of them
    std::string note;
    std::optional<Error> incomplete; // why they do not: nothing may be changed in it
};

// The hive at `path`, see registry::replay_logs.
[[nodiscard]] Result<HiveFile> read_hive(fs::FileSystem& fs, std::string_view path);
// The same for content of that file that is at hand. The logs are read only when it is dirty.
[[nodiscard]] Result<HiveFile> complete_hive(fs::FileSystem& fs, std::string_view path,
                                             Bytes content);

} // namespace lifeboat::guest
