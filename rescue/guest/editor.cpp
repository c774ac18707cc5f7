// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/editor.hpp"

#include "base/text.hpp"
#include "guest/hive_file.hpp"

#include <algorithm>
#include <utility>

namespace lifeboat::guest {

namespace {

// Content of removed or renamed files is kept for the record up to this size.
constexpr std::uint64_t kRecordLimit = 64U << 20;

// What is at a path at one moment.
struct Side {
    bool exists = false;
    bool is_directory = false;
    std::optional<std::string> link;
    std::optional<Bytes> content;

    bool operator==(const Side&) const = default;
};

struct Entry {
    std::string volume;
    std::string path;
    Side before;
    Side now;
    std::uint32_t mode = 0; // before
};

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

} // namespace

struct Editor::State {
    GuestPtr guest;
    std::map<std::string, Entry> entries;     // by key()
    std::map<std::string, std::string> moved; // key of where it is now -> key of where it was
    std::map<std::string, std::unique_ptr<registry::Hive>> hives; // by canonical path
    std::vector<std::string> notes;

    [[nodiscard]] std::vector<FileChange> net_changes(bool take);
    [[nodiscard]] const fs::Tree& tree() const { return guest->tree(); }
    // File names of one guest compare with or without case.
    [[nodiscard]] std::string key(const std::string& path) const {
        return tree().ignores_case() ? to_lower_ascii(path) : path;
    }

    [[nodiscard]] Result<void> check_writable(const fs::Tree::Place& place) const {
        if (place.fs->writable())
            return {};
        const auto obstacles = guest->obstacles();
        if (!obstacles.empty())
            return fail(obstacles.front());
        return fail(ErrorKind::refused, place.volume + ", " + place.full,
                    "the file system is open for reading only");
    }

    // What is there now, links not followed.
    [[nodiscard]] static Result<Side> look(const fs::Tree::Place& place) {
        LIFEBOAT_TRY(auto node, place.fs->stat(place.path));
        Side side;
        if (!node)
            return side;
        side.exists = true;
        side.is_directory = node->type == fs::NodeType::directory;
        if (node->type == fs::NodeType::symlink)
            side.link = node->target;
        if (node->type == fs::NodeType::file && node->size <= kRecordLimit) {
            LIFEBOAT_TRY(side.content, place.fs->read(place.path, kRecordLimit));
        }
        return side;
    }

    // The record of `place`, made from what is there when it is touched for the first time.
    [[nodiscard]] Result<Entry*> entry(const fs::Tree::Place& place) {
        const auto id = key(place.full);
        if (const auto known = entries.find(id); known != entries.end())
            return &known->second;
        LIFEBOAT_TRY(const auto node, place.fs->stat(place.path));
        LIFEBOAT_TRY(auto side, look(place));
        const auto mode = node ? node->mode : 0;
        return &entries.emplace(id, Entry{place.volume, place.full, side, side, mode})
                    .first->second;
    }
};

Editor::Editor(GuestPtr guest) : state_(std::make_unique<State>()) {
    state_->guest = std::move(guest);
}
Editor::~Editor() = default;

const Guest& Editor::guest() const { return *state_->guest; }

Result<std::optional<std::string>> Editor::read_text(std::string_view path) const {
    return state_->tree().read_text(path);
}

Result<void> Editor::write_text(std::string_view path, std::string_view content,
                                const fs::NewFile& if_new) {
    return write(path, to_bytes(content), if_new);
}

Result<void> Editor::write(std::string_view path, ByteSpan content, const fs::NewFile& if_new) {
    LIFEBOAT_TRY(const bool there, state_->tree().exists(path));
    LIFEBOAT_TRY(auto place,
                 there ? state_->tree().locate(path) : state_->tree().locate_parent(path));
    LIFEBOAT_TRY(auto* entry, state_->entry(place));
    if (there) {
        if (entry->now.is_directory)
            return fail(ErrorKind::usage, place.full, "this is a directory, not a file");
        LIFEBOAT_TRY(const auto old, place.fs->read(place.path));
        if (equal(old, content))
            return {};
    } else if (entry->now.link) {
        return fail(ErrorKind::refused, place.full, "this is a link to a file that does not exist");
    }
    LIFEBOAT_CHECK(state_->check_writable(place));
    LIFEBOAT_CHECK(there ? place.fs->replace(place.path, content)
                         : place.fs->create(place.path, content, if_new));
    entry->now = {true, false, std::nullopt, Bytes(content.begin(), content.end())};
    return {};
}

Result<void> Editor::make_directory(std::string_view path, const fs::NewFile& if_new) {
    LIFEBOAT_TRY(const auto node, state_->tree().stat(path));
    if (node && node->type == fs::NodeType::directory)
        return {};
    if (node)
        return fail(ErrorKind::refused, std::string(path), "there is a file of this name");
    LIFEBOAT_CHECK(path == "/" ? Result<void>{}
                               : make_directory(parent_of(std::string(path)), if_new));
    LIFEBOAT_TRY(auto place, state_->tree().locate_parent(path));
    LIFEBOAT_TRY(auto* entry, state_->entry(place));
    LIFEBOAT_CHECK(state_->check_writable(place));
    LIFEBOAT_CHECK(place.fs->make_directory(place.path, if_new));
    entry->now = {true, true, std::nullopt, std::nullopt};
    return {};
}

Result<void> Editor::make_symlink(std::string_view path, std::string_view target) {
    LIFEBOAT_TRY(auto place, state_->tree().locate_parent(path));
    LIFEBOAT_TRY(auto* entry, state_->entry(place));
    if (entry->now.link && *entry->now.link == target)
        return {};
    if (entry->now.exists)
        return fail(ErrorKind::refused, place.full, "there is something of this name already");
    LIFEBOAT_CHECK(state_->check_writable(place));
    LIFEBOAT_CHECK(place.fs->make_symlink(place.path, target));
    entry->now = {true, false, std::string(target), std::nullopt};
    return {};
}

Result<void> Editor::rename(std::string_view from, std::string_view to) {
    LIFEBOAT_TRY(auto source, state_->tree().locate_parent(from));
    LIFEBOAT_TRY(auto target, state_->tree().locate_parent(to));
    if (source.fs != target.fs)
        return fail(ErrorKind::unsupported, source.full,
                    "cannot be moved to another volume (" + target.full + ")");
    LIFEBOAT_TRY(auto* old_entry, state_->entry(source));
    LIFEBOAT_TRY(auto* new_entry, state_->entry(target));
    if (!old_entry->now.exists)
        return fail(ErrorKind::not_found, source.full, "there is no such file");
    if (new_entry->now.exists)
        return fail(ErrorKind::refused, target.full, "there is something of this name already");
    const auto old_key = state_->key(source.full);
    const auto new_key = state_->key(target.full);
    // The record holds single paths; a directory with recorded changes below would make it wrong.
    const auto below = state_->entries.upper_bound(old_key + "/");
    if (below != state_->entries.end() &&
        below->first.compare(0, old_key.size() + 1, old_key + "/") == 0)
        return fail(ErrorKind::unsupported, source.full,
                    "files below this directory have been changed; it cannot be renamed as well");
    LIFEBOAT_CHECK(state_->check_writable(source));
    LIFEBOAT_CHECK(source.fs->rename(source.path, target.path));
    new_entry->now = old_entry->now;
    old_entry->now = {};
    const auto earlier = state_->moved.find(old_key);
    const auto origin = earlier == state_->moved.end() ? old_key : earlier->second;
    state_->moved.erase(old_key);
    if (origin != new_key)
        state_->moved[new_key] = origin;
    return {};
}

Result<void> Editor::remove(std::string_view path) {
    LIFEBOAT_TRY(auto place, state_->tree().locate_parent(path));
    LIFEBOAT_TRY(auto* entry, state_->entry(place));
    if (!entry->now.exists)
        return fail(ErrorKind::not_found, place.full, "there is no such file");
    LIFEBOAT_CHECK(state_->check_writable(place));
    LIFEBOAT_CHECK(place.fs->remove(place.path));
    entry->now = {};
    state_->moved.erase(state_->key(place.full));
    return {};
}

Result<registry::Hive*> Editor::hive(std::string_view name) {
    const auto path = state_->guest->hive_path(name);
    if (path.empty())
        return fail(ErrorKind::not_found, std::string(name), "this guest has no such hive");
    return hive_at(path);
}

Result<registry::Hive*> Editor::hive_at(std::string_view path) {
    LIFEBOAT_TRY(auto place, state_->tree().locate(path));
    const auto id = state_->key(place.full);
    if (const auto known = state_->hives.find(id); known != state_->hives.end())
        return known->second.get();
    auto complete = read_hive(*place.fs, place.path);
    if (!complete)
        return fail(complete.error().in(place.volume));
    if (complete->incomplete)
        return fail(complete->incomplete->in(place.volume));
    const auto name = place.full.substr(place.full.rfind('/') + 1);
    auto hive = registry::Hive::open(std::move(complete->image), name);
    if (!hive)
        return fail(hive.error().in(place.full));
    if (complete->entries != 0)
        note(name + " is completed from its transaction logs first: " + complete->note);
    auto& kept = state_->hives[id];
    kept = std::make_unique<registry::Hive>(std::move(*hive));
    // finish() writes to this path; the record must show it as it was before.
    LIFEBOAT_CHECK(state_->entry(place));
    return kept.get();
}

void Editor::note(std::string sentence) { state_->notes.push_back(std::move(sentence)); }

Result<void> Editor::finish() {
    // Each hive goes before it is written: it holds its image several times.
    for (auto& [id, hive] : std::exchange(state_->hives, {})) {
        if (!hive->changed())
            continue;
        const auto& path = state_->entries.at(id).path;
        auto image = hive->serialize();
        hive.reset();
        if (!image)
            return fail(image.error().in(path));
        LIFEBOAT_CHECK(write(path, *image));
    }
    return {};
}

std::vector<FileChange> Editor::State::net_changes(bool take) {
    std::vector<FileChange> result;
    std::map<std::string, std::string> left; // keys of sources that are shown as renamed
    for (const auto& [now, was] : moved) {
        const auto& target = entries.at(now);
        const auto& source = entries.at(was);
        if (!target.before.exists && target.now.exists && source.before.exists &&
            !source.now.exists)
            left[was] = now;
    }
    for (auto& [id, entry] : entries) {
        if (entry.before == entry.now || left.count(id) != 0)
            continue;
        FileChange change;
        change.volume = entry.volume;
        change.path = entry.path;
        Side* before = &entry.before;
        change.mode = entry.mode;
        const auto origin = moved.find(id);
        if (origin != moved.end() && left.count(origin->second) != 0) {
            auto& source = entries.at(origin->second);
            change.kind = FileChangeKind::renamed;
            change.from = source.path;
            before = &source.before;
            change.mode = source.mode;
        } else if (!entry.before.exists) {
            change.kind = FileChangeKind::created;
        } else if (!entry.now.exists) {
            change.kind = FileChangeKind::removed;
        }
        const Side& shown = entry.now.exists ? entry.now : *before;
        change.is_directory = shown.is_directory;
        change.link = shown.link;
        change.before = take ? std::move(before->content) : before->content;
        change.after = take ? std::move(entry.now.content) : entry.now.content;
        result.push_back(std::move(change));
    }
    return result;
}

std::vector<FileChange> Editor::changes() const { return state_->net_changes(false); }

std::vector<FileChange> Editor::take_changes() {
    auto out = state_->net_changes(true);
    state_->entries.clear();
    state_->moved.clear();
    return out;
}

std::vector<std::string> Editor::take_notes() { return std::exchange(state_->notes, {}); }

} // namespace lifeboat::guest
