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

Result<HiveFile> complete_hive(fs::FileSystem& fs, std::string_view path, Bytes content) {
    const std::string file(path);
    const auto state = registry::inspect(content);
    if (!state)
        return fail(state.error().in(file));
    if (!state->dirty())
        return HiveFile{std::move(content), 0, "clean", std::nullopt};
    registry::HiveLogs logs;
    LIFEBOAT_TRY(logs.log, read_log(fs, file + ".LOG"));
    LIFEBOAT_TRY(logs.log1, read_log(fs, file + ".LOG1"));
    LIFEBOAT_TRY(logs.log2, read_log(fs, file + ".LOG2"));
    auto replayed = registry::replay_logs(content, logs);
    if (replayed)
        return HiveFile{std::move(replayed->image), replayed->entries, std::move(replayed->note),
                        std::nullopt};
    if (replayed.error().kind != ErrorKind::refused)
        return fail(replayed.error().in(file));
    return HiveFile{std::move(content), 0, {}, replayed.error().in(file)};
}

Result<HiveFile> read_hive(fs::FileSystem& fs, std::string_view path) {
    LIFEBOAT_TRY(Bytes content, fs.read(path, kHiveLimit));
    return complete_hive(fs, path, std::move(content));
}

} // namespace lifeboat::guest
