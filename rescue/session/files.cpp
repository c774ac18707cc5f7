// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/unreadable.hpp"
#include "session/edit.hpp"
#include "session/stage.hpp"

#include <algorithm>

namespace lifeboat::session {

namespace {

std::string kind_text(fs::NodeType type) {
    switch (type) {
    case fs::NodeType::file: return "file";
    case fs::NodeType::directory: return "directory";
    case fs::NodeType::symlink: return "symlink";
    case fs::NodeType::other: return "other";
    }
    return "other";
}

EntryInfo describe(const fs::Node& node) {
    return {node.name, kind_text(node.type), node.size, node.mode, node.target};
}

// The reason why the volume may not be written, when there is one. The machine falls back to
// reading then, and a plain write would only say that it may not.
Result<void> check_writable(const OpenDisks& disks, const VolumePlace& place) {
    if (!guest::can_open(place.volume->content))
        return {}; // Machine::filesystem says why
    LIFEBOAT_TRY(const auto obstacle,
                 guest::write_obstacle(disks[place.disk].overlay, *place.volume));
    return obstacle ? Result<void>(fail(obstacle->in(place.name))) : Result<void>{};
}

// Runs `edit` on the volume opened for writing, then closes, verifies and describes.
template <class Edit>
Result<Preview> stage_edit(const OpenDisks& disks, const VolumePlace& place, Progress& progress,
                           Edit edit) {
    // Nothing is cleared away on other volumes.
    const std::set<std::string> only{place.name};
    LIFEBOAT_CHECK(start_over(disks, &only));
    LIFEBOAT_CHECK(check_writable(disks, place));
    Staged staged;
    {
        auto machine = machine_over(disks, fs::Access::write);
        machine.write_only({place.name});
        LIFEBOAT_TRY(auto volume, open_volume(machine, place));
        LIFEBOAT_TRY(auto change, edit(volume));
        LIFEBOAT_CHECK(machine.close());
        if (change)
            staged.changes.push_back(std::move(*change));
    }
    if (staged.changes.empty())
        return Preview{};
    LIFEBOAT_CHECK(verify_files(disks, staged, progress));
    return session::describe(disks, std::move(staged));
}

PlacedChange placed(const fs::Tree::Place& at, guest::FileChangeKind kind) {
    PlacedChange out;
    out.change.kind = kind;
    out.change.volume = at.volume;
    out.change.path = at.full;
    out.path_in_volume = at.path;
    return out;
}

// Nothing when the file has this content already.
Result<std::optional<PlacedChange>> put(const OpenVolume& volume, std::string_view path,
                                        Bytes content) {
    LIFEBOAT_TRY(const auto clean, clean_path(volume, path));
    LIFEBOAT_TRY(const auto node, volume.tree.stat(clean));
    if (node && node->type != fs::NodeType::file)
        return fail(ErrorKind::refused, volume.place.name + ", " + clean,
                    "this is not a plain file", "only the content of files can be replaced");
    if (!node) {
        LIFEBOAT_TRY(const auto at, volume.tree.locate_parent(clean));
        LIFEBOAT_TRY(const auto link, at.fs->stat(at.path));
        if (link)
            return fail(ErrorKind::refused, volume.place.name + ", " + clean,
                        "this is a link to something that is not on this volume");
        LIFEBOAT_CHECK(at.fs->create(at.path, content, {}));
        auto out = placed(at, guest::FileChangeKind::created);
        out.change.after = std::move(content);
        return out;
    }
    LIFEBOAT_TRY(const auto at, volume.tree.locate(clean));
    LIFEBOAT_TRY(auto before, at.fs->read(at.path));
    if (equal(before, content))
        return std::nullopt;
    LIFEBOAT_CHECK(at.fs->replace(at.path, content));
    auto out = placed(at, guest::FileChangeKind::changed);
    out.change.before = std::move(before);
    out.change.after = std::move(content);
    return out;
}

Result<std::optional<PlacedChange>> remove(const OpenVolume& volume, std::string_view path) {
    LIFEBOAT_TRY(const auto clean, clean_path(volume, path));
    LIFEBOAT_TRY(const auto at, volume.tree.locate_parent(clean));
    const std::string where = volume.place.name + ", " + clean;
    LIFEBOAT_TRY(const auto node, at.fs->stat(at.path));
    if (!node)
        return fail(ErrorKind::not_found, where, "there is no such file");
    if (clean == "/")
        return fail(ErrorKind::refused, where, "the root directory cannot be removed");
    auto out = placed(at, guest::FileChangeKind::removed);
    out.change.is_directory = node->type == fs::NodeType::directory;
    if (node->type == fs::NodeType::symlink)
        out.change.link = node->target;
    if (node->type == fs::NodeType::directory) {
        LIFEBOAT_TRY(const auto inside, at.fs->list(at.path));
        if (!inside.empty())
            return fail(ErrorKind::refused, where, "the directory is not empty",
                        "remove what is in it first");
    }
    if (node->type == fs::NodeType::file && node->size <= fs::kReadLimit) {
        LIFEBOAT_TRY(out.change.before, at.fs->read(at.path));
    }
    LIFEBOAT_CHECK(at.fs->remove(at.path));
    return out;
}

} // namespace

Result<OpenVolume> open_volume(guest::Machine& machine, const VolumePlace& place) {
    LIFEBOAT_TRY(auto fs, machine.filesystem(place.disk, *place.volume));
    OpenVolume out{place, {}};
    out.tree.mount("/", place.name, std::move(fs));
    return out;
}

Result<std::string> clean_path(const OpenVolume& volume, std::string_view path) {
    std::string out(path);
    if (volume.tree.ignores_case())
        std::replace(out.begin(), out.end(), '\\', '/');
    if (out.empty())
        out.push_back('/');
    if (out.front() != '/')
        return fail(ErrorKind::usage, out, "the path must begin with a slash");
    while (out.size() > 1 && out.back() == '/')
        out.pop_back();
    if (out.find('\0') != std::string::npos)
        return fail(ErrorKind::usage, volume.place.name, "a path cannot hold a NUL character");
    return out;
}

Result<Preview> stage_content(const OpenDisks& disks, const VolumePlace& place,
                              std::string_view path, Bytes content, Progress& progress) {
    return stage_edit(disks, place, progress, [&](const OpenVolume& volume) {
        return put(volume, path, std::move(content));
    });
}

Result<Preview> stage_put(const OpenDisks& disks, std::string_view volume, std::string_view path,
                          ByteSpan content, Progress& progress) {
    LIFEBOAT_TRY(const auto place, find_volume(disks, volume));
    return stage_content(disks, place, path, Bytes(content.begin(), content.end()), progress);
}

Result<Preview> stage_remove(const OpenDisks& disks, std::string_view volume, std::string_view path,
                             Progress& progress) {
    LIFEBOAT_TRY(const auto place, find_volume(disks, volume));
    return stage_edit(disks, place, progress,
                      [&](const OpenVolume& opened) { return remove(opened, path); });
}

Result<std::vector<EntryInfo>> Session::list_files(std::string_view volume, std::string_view path) {
    LIFEBOAT_TRY(const auto place, find_volume(state_->current(), volume));
    auto machine = machine_over(state_->current(), fs::Access::read);
    LIFEBOAT_TRY(const auto opened, open_volume(machine, place));
    LIFEBOAT_TRY(const auto clean, clean_path(opened, path));
    LIFEBOAT_TRY(const auto node, opened.tree.stat(clean));
    if (node && node->type == fs::NodeType::directory) {
        LIFEBOAT_TRY(const auto nodes, opened.tree.list(clean));
        std::vector<EntryInfo> out;
        for (const auto& entry : nodes)
            out.push_back(describe(entry));
        return out;
    }
    LIFEBOAT_TRY(const auto itself, opened.tree.lstat(clean));
    if (!itself)
        return fail(ErrorKind::not_found, place.name + ", " + clean, "there is no such file");
    return std::vector<EntryInfo>{describe(*itself)};
}

Result<Bytes> Session::read_file(std::string_view volume, std::string_view path) {
    LIFEBOAT_TRY(const auto place, find_volume(state_->current(), volume));
    auto machine = machine_over(state_->current(), fs::Access::read);
    LIFEBOAT_TRY(const auto opened, open_volume(machine, place));
    LIFEBOAT_TRY(const auto clean, clean_path(opened, path));
    LIFEBOAT_TRY(const auto node, opened.tree.stat(clean));
    const std::string where = place.name + ", " + clean;
    if (!node)
        return fail(ErrorKind::not_found, where, "there is no such file");
    if (node->type != fs::NodeType::file)
        return fail(ErrorKind::usage, where, "this is not a file",
                    node->type == fs::NodeType::directory ? "use lifeboat ls" : "");
    return opened.tree.read(clean);
}

} // namespace lifeboat::session
