// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/diff.hpp"
#include "session/stage.hpp"

namespace lifeboat::session {

namespace {

std::string kind_text(guest::FileChangeKind kind) {
    switch (kind) {
    case guest::FileChangeKind::created: return "created";
    case guest::FileChangeKind::changed: return "changed";
    case guest::FileChangeKind::removed: return "removed";
    case guest::FileChangeKind::renamed: return "renamed";
    }
    return "changed";
}

std::string last_part(std::string_view path) {
    const auto slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

RegistryChangeInfo describe(const registry::Change& change, const std::string& hive) {
    RegistryChangeInfo out;
    out.hive = hive;
    out.key = change.key;
    switch (change.kind) {
    case registry::ChangeKind::key_added: out.after = "(key)"; return out;
    case registry::ChangeKind::key_removed: out.before = "(key)"; return out;
    case registry::ChangeKind::value_added:
    case registry::ChangeKind::value_removed:
    case registry::ChangeKind::value_changed: break;
    }
    out.value = change.value_name.empty() ? "(default)" : change.value_name;
    if (change.before)
        out.before = change.before->text();
    if (change.after)
        out.after = change.after->text();
    return out;
}

bool is_hive(const std::optional<Bytes>& content) {
    return content && has_magic(*content, 0, "regf");
}

// What verify_files() did not keep: two guests changed one file.
Result<std::vector<registry::Change>> differences_of(const OpenDisks& disks,
                                                     const PlacedChange& placed) {
    if (placed.registry)
        return *placed.registry;
    const auto place = find_volume_named(disks, placed.change.volume);
    if (!place)
        return registry::difference(*placed.change.before, *placed.change.after);
    auto machine = machine_over(disks, fs::Access::read);
    LIFEBOAT_TRY(const auto fs, machine.filesystem(place->disk, *place->volume));
    return hive_difference(*fs, placed);
}

Result<FileChangeInfo> describe(const OpenDisks& disks, const PlacedChange& placed) {
    const auto& change = placed.change;
    FileChangeInfo out;
    out.guest = placed.guest;
    out.volume = change.volume;
    out.path = change.path;
    out.kind = kind_text(change.kind);
    out.from = change.from;
    out.target = change.link.value_or("");
    out.before_size = change.before ? change.before->size() : 0;
    out.after_size = change.after ? change.after->size() : 0;
    if (is_hive(change.before) && is_hive(change.after)) {
        LIFEBOAT_TRY(const auto differences, differences_of(disks, placed));
        for (const auto& difference : differences)
            out.registry.push_back(describe(difference, last_part(change.path)));
        return out;
    }
    const Bytes nothing;
    const auto& before = change.before ? *change.before : nothing;
    const auto& after = change.after ? *change.after : nothing;
    if (is_text(before) && is_text(after))
        out.diff = unified_diff(to_text(before), to_text(after),
                                change.before ? change.path : std::string(),
                                change.after ? change.path : std::string());
    return out;
}

} // namespace

Result<Preview> describe(const OpenDisks& disks, Staged staged) {
    Preview out;
    for (const auto& disk : disks)
        for (const auto& [volume, sentences] : *disk.cleared)
            out.repairs.push_back(
                {"clear-way", volume, "Clear away what forbids writing", sentences});
    for (auto& repair : staged.repairs)
        out.repairs.push_back(std::move(repair));
    for (const auto& change : staged.changes) {
        LIFEBOAT_TRY(auto info, describe(disks, change));
        out.files.push_back(std::move(info));
    }
    for (const auto& disk : disks) {
        LIFEBOAT_TRY(const auto blocks, disk.overlay->changes());
        std::uint64_t bytes = 0;
        for (const auto& block : blocks)
            bytes += block.after.size();
        if (!blocks.empty())
            out.blocks.push_back({disk.path, blocks.size(), bytes});
    }
    return out;
}

} // namespace lifeboat::session
