// SPDX-License-Identifier: GPL-2.0-or-later
// A hive as it lies on a file system: together with the transaction logs beside it.
#pragma once

#include "fs/filesystem.hpp"
#include "registry/log_replay.hpp"

#include <string_view>

namespace lifeboat::guest {

inline constexpr std::uint64_t kHiveLimit = 512U << 20; // bytes

// The hive at `path` with its logs applied, see registry::replay_logs.
[[nodiscard]] Result<registry::Replayed> read_hive(fs::FileSystem& fs, std::string_view path);
// The same for content of that file that is at hand. The logs are read only when it is dirty.
[[nodiscard]] Result<registry::Replayed> complete_hive(fs::FileSystem& fs, std::string_view path,
                                                       Bytes content);

} // namespace lifeboat::guest
