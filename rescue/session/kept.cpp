// SPDX-License-Identifier: GPL-2.0-or-later
// What is kept in a guest, what has become of the files since, and putting them back.
#include "base/hash.hpp"
#include "base/text.hpp"
#include "session/originals.hpp"
#include "session/stage.hpp"

#include <algorithm>

namespace lifeboat::session {

namespace {

constexpr std::size_t kMostFolders = 1000; // looked at in one guest

struct Folder {
    std::string path;
    Manifest manifest;
};

Result<Manifest> read_manifest(const fs::Tree& tree, const std::string& folder) {
    auto text = tree.read(folder + "/manifest.json", kLargestManifest);
    if (!text)
        return fail(text.error());
    auto manifest = parse_manifest(*text);
    return manifest ? std::move(manifest) : fail(manifest.error().in(folder));
}

// Nothing is there without a manifest: the repair that made the folder was cut off.
Result<std::vector<std::string>> folders_of(const fs::Tree& tree, guest::Family family) {
    const auto parent = originals_folder(family);
    std::vector<std::string> out;
    LIFEBOAT_TRY(const bool there, tree.exists(parent));
    if (!there)
        return out;
    LIFEBOAT_TRY(const auto nodes, tree.list(parent));
    for (const auto& node : nodes) {
        const auto path = parent + "/" + node.name;
        if (node.type != fs::NodeType::directory || out.size() >= kMostFolders)
            continue;
        LIFEBOAT_TRY(const bool complete, tree.exists(path + "/manifest.json"));
        if (complete)
            out.push_back(path);
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::string hash_of(ByteSpan content) {
    const auto digest = sha256(content);
    return hex(ByteSpan(digest));
}

Result<KeptSide> side_now(const fs::Tree& tree, const std::string& path) {
    KeptSide out;
    const auto node = tree.lstat(path);
    if (!node && node.error().kind == ErrorKind::not_found)
        return out; // a directory on the way is gone
    if (!node)
        return fail(node.error());
    if (!*node)
        return out;
    switch ((*node)->type) {
    case fs::NodeType::symlink:
        out.kind = KeptSide::Kind::link;
        out.target = (*node)->target;
        return out;
    case fs::NodeType::directory: out.kind = KeptSide::Kind::directory; return out;
    case fs::NodeType::file: break;
    case fs::NodeType::other:
        return fail(ErrorKind::unsupported, path, "this is neither a file nor a directory");
    }
    LIFEBOAT_TRY(const auto content, tree.read(path));
    out.kind = KeptSide::Kind::file;
    out.sha256 = hash_of(content);
    return out;
}

enum class State { as_left, original, changed, gone };

std::string_view to_string(State state) {
    switch (state) {
    case State::as_left: return "as_left";
    case State::original: return "original";
    case State::changed: return "changed";
    case State::gone: return "gone";
    }
    return "changed";
}

Result<State> state_of(const fs::Tree& tree, const KeptFile& file) {
    LIFEBOAT_TRY(const auto now, side_now(tree, file.path));
    if (file.from.empty()) {
        if (now.same(file.before))
            return State::original;
    } else {
        LIFEBOAT_TRY(const auto old, side_now(tree, file.from));
        if (now.kind == KeptSide::Kind::nothing && old.same(file.before))
            return State::original;
        if (old.kind != KeptSide::Kind::nothing)
            return State::changed; // something else has taken the old name
    }
    if (now.same(file.after))
        return State::as_left;
    return now.kind == KeptSide::Kind::nothing ? State::gone : State::changed;
}

std::string kind_of(const KeptFile& file) {
    if (!file.from.empty())
        return "renamed";
    if (file.before.kind == KeptSide::Kind::nothing)
        return "created";
    return file.after.kind == KeptSide::Kind::nothing ? "removed" : "changed";
}

bool needs_copy(const KeptFile& file) {
    return file.before.kind == KeptSide::Kind::file && !file.before.same(file.after);
}

// The copy, checked against its hash.
Result<Bytes> original_of(const fs::Tree& tree, const std::string& folder, const KeptFile& file) {
    const auto path = folder + "/" + file.before.original;
    if (file.before.original.empty())
        return fail(ErrorKind::damaged, folder, "the manifest names no copy of " + file.path);
    LIFEBOAT_TRY(auto content, tree.read(path));
    if (hash_of(content) != file.before.sha256)
        return fail(ErrorKind::damaged, path, "the kept original is not what it was");
    return content;
}

Result<KeptFileInfo> describe(const fs::Tree& tree, const std::string& folder,
                              const KeptFile& file) {
    KeptFileInfo out{file.path, file.from, kind_of(file), {}, true};
    const auto state = state_of(tree, file);
    out.state = state ? to_string(*state) : "unknown";
    if (needs_copy(file))
        out.copy_is_good = original_of(tree, folder, file).has_value();
    return out;
}

Result<KeptInfo> describe(const guest::Guest& guest, const std::string& folder) {
    KeptInfo out;
    out.guest = guest.id();
    out.folder = folder;
    out.time = folder.substr(folder.rfind('/') + 1);
    const auto manifest = read_manifest(guest.tree(), folder);
    if (!manifest) {
        out.problem = manifest.error();
        return out;
    }
    out.repairs = manifest->repairs;
    for (const auto& file : manifest->files) {
        LIFEBOAT_TRY(auto one, describe(guest.tree(), folder, file));
        out.files.push_back(std::move(one));
    }
    return out;
}

// "latest", or the name of a folder.
Result<Folder> find_folder(const guest::Guest& guest, const std::string& time) {
    LIFEBOAT_TRY(const auto folders, folders_of(guest.tree(), guest.family()));
    const auto wanted = originals_folder(guest.family()) + "/" + time;
    const auto at = std::find(folders.begin(), folders.end(), wanted);
    if (folders.empty() || (time != "latest" && at == folders.end()))
        return fail(ErrorKind::not_found, guest.id() + ", " + time,
                    "no originals of this time are kept", "lifeboat kept lists what there is");
    const auto path = time == "latest" ? folders.back() : *at;
    LIFEBOAT_TRY(auto manifest, read_manifest(guest.tree(), path));
    return Folder{path, std::move(manifest)};
}

bool is_wanted(const RestoreChoice& choice, const KeptFile& file) {
    return choice.paths.empty() ||
           std::any_of(choice.paths.begin(), choice.paths.end(), [&](std::string path) {
               std::replace(path.begin(), path.end(), '\\', '/');
               return path == file.path || path == file.from;
           });
}

Result<void> remove_what_is_there(guest::Editor& editor, const std::string& path) {
    LIFEBOAT_TRY(const auto now, side_now(editor.guest().tree(), path));
    return now.kind == KeptSide::Kind::nothing ? Result<void>{} : editor.remove(path);
}

Result<void> put_back(guest::Editor& editor, const std::string& folder, const KeptFile& file) {
    const auto& tree = editor.guest().tree();
    const auto& target = file.from.empty() ? file.path : file.from;
    if (!file.from.empty()) {
        LIFEBOAT_TRY(const auto now, side_now(tree, file.path));
        LIFEBOAT_CHECK(remove_what_is_there(editor, target));
        if (now.kind != KeptSide::Kind::nothing)
            LIFEBOAT_CHECK(editor.rename(file.path, target));
    }
    LIFEBOAT_TRY(const auto now, side_now(tree, target));
    if (now.same(file.before))
        return {};
    switch (file.before.kind) {
    case KeptSide::Kind::nothing: return remove_what_is_there(editor, target);
    case KeptSide::Kind::directory: return editor.make_directory(target);
    case KeptSide::Kind::link:
        LIFEBOAT_CHECK(remove_what_is_there(editor, target));
        return editor.make_symlink(target, file.before.target);
    case KeptSide::Kind::file: break;
    }
    LIFEBOAT_TRY(const auto content, original_of(tree, folder, file));
    if (now.kind != KeptSide::Kind::file)
        LIFEBOAT_CHECK(remove_what_is_there(editor, target));
    return editor.write(target, content, {file.mode, 0, 0});
}

// Why the file is left alone; empty: it can be put back.
Result<std::string> conflict_of(const fs::Tree& tree, const Folder& folder, const KeptFile& file,
                                bool force) {
    LIFEBOAT_TRY(const auto state, state_of(tree, file));
    if (needs_copy(file))
        if (const auto copy = original_of(tree, folder.path, file); !copy)
            return copy.error().text();
    if (file.before.kind == KeptSide::Kind::nothing && state != State::original) {
        const auto inside = tree.list(file.path);
        if (inside && !inside->empty())
            return std::string("the directory is not empty");
    }
    if (force || state == State::as_left || state == State::original)
        return std::string();
    return std::string(state == State::gone
                           ? "it is not there any more"
                           : "it has been changed since the repair; --force would lose that");
}

StagedRepair heading(const guest::Guest& guest, const Folder& folder) {
    return {"restore", guest.id(), "Put back what was kept on " + folder.manifest.time, {}};
}

} // namespace

Result<std::vector<KeptInfo>> list_kept(const OpenDisks& disks, Progress& progress) {
    auto machine = machine_over(disks, fs::Access::read);
    LIFEBOAT_TRY(const auto found, guest::find_guests(machine));
    std::vector<KeptInfo> out;
    for (const auto& guest : found.guests) {
        LIFEBOAT_TRY(const auto folders, folders_of(guest->tree(), guest->family()));
        for (const auto& folder : folders) {
            LIFEBOAT_CHECK(go_on(progress));
            LIFEBOAT_TRY(auto one, describe(*guest, folder));
            out.push_back(std::move(one));
        }
    }
    return out;
}

Result<Preview> stage_restore(const OpenDisks& disks, const RestoreChoice& choice,
                              Progress& progress) {
    std::vector<ConflictInfo> conflicts;
    const auto edit = [&](guest::Editor& editor) -> Result<StagedRepair> {
        conflicts.clear();
        const auto& guest = editor.guest();
        LIFEBOAT_TRY(const auto folder, find_folder(guest, choice.time));
        auto done = heading(guest, folder);
        bool any = false;
        // What was made last goes first: a file before its directory.
        for (auto file = folder.manifest.files.rbegin(); file != folder.manifest.files.rend();
             ++file) {
            LIFEBOAT_CHECK(go_on(progress));
            if (!is_wanted(choice, *file))
                continue;
            any = true;
            LIFEBOAT_TRY(const auto why, conflict_of(guest.tree(), folder, *file, choice.force));
            if (!why.empty()) {
                conflicts.push_back({guest.id(), file->path, why});
                continue;
            }
            const auto restored = put_back(editor, folder.path, *file);
            if (!restored)
                return fail(restored.error().in(guest.id()));
        }
        if (!any)
            return fail(ErrorKind::not_found, folder.path, "none of the named files is kept there",
                        "lifeboat kept lists them");
        return done;
    };
    LIFEBOAT_TRY(auto preview, stage_guest_edit(disks, choice.guest, edit, progress));
    preview.conflicts = std::move(conflicts);
    return preview;
}

} // namespace lifeboat::session
