// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/hive_file.hpp"

#include "registry/hive.hpp"

namespace lifeboat::guest {

namespace {

Result<std::optional<Bytes>> read_log(fs::FileSystem& fs, const std::string& path) {
    LIFEBOAT_TRY(const auto node, fs.stat(path));
    if (!node || node->type != fs::NodeType::file)
        return std::optional<Bytes>();
    LIFEBOAT_TRY(Bytes content, fs.read(path, kHiveLimit));
    return std::optional<Bytes>(std::move(content));
}

} // namespace

Result<registry::Replayed> complete_hive(fs::FileSystem& fs, std::string_view path, Bytes content) {
    const std::string file(path);
    registry::HiveLogs logs;
    const auto state = registry::inspect(content);
    if (state && state->dirty()) {
        LIFEBOAT_TRY(logs.log, read_log(fs, file + ".LOG"));
        LIFEBOAT_TRY(logs.log1, read_log(fs, file + ".LOG1"));
        LIFEBOAT_TRY(logs.log2, read_log(fs, file + ".LOG2"));
    }
    auto result = registry::replay_logs(std::move(content), logs);
    return result ? std::move(result) : fail(result.error().in(file));
}

Result<registry::Replayed> read_hive(fs::FileSystem& fs, std::string_view path) {
    LIFEBOAT_TRY(Bytes content, fs.read(path, kHiveLimit));
    return complete_hive(fs, path, std::move(content));
}

} // namespace lifeboat::guest
