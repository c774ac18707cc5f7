// SPDX-License-Identifier: GPL-2.0-or-later
// Keeping: runs after the repairs of a guest, on the same overlay and in the same transaction.
#include "base/hash.hpp"
#include "base/text.hpp"
#include "guest/hive_file.hpp"
#include "session/originals.hpp"

#include <algorithm>

namespace lifeboat::session {

namespace {

// What an original may hold, a boot loader's password for one, is not for everybody to read.
constexpr std::uint32_t kSecretFolder = 0700;
constexpr std::uint32_t kSecret = 0600;

std::string hash_of(ByteSpan content) {
    const auto digest = sha256(content);
    return hex(ByteSpan(digest));
}

Result<KeptSide> side_of(const guest::FileChange& change, bool after) {
    using Kind = guest::FileChangeKind;
    KeptSide out;
    if (change.kind == (after ? Kind::removed : Kind::created))
        return out;
    const auto& content = after ? change.after : change.before;
    if (change.is_directory) {
        out.kind = KeptSide::Kind::directory;
    } else if (change.link) {
        out.kind = KeptSide::Kind::link;
        out.target = *change.link;
    } else if (content) {
        out.kind = KeptSide::Kind::file;
        out.sha256 = hash_of(*content);
    } else {
        return fail(ErrorKind::unsupported, change.path, "it is too large to be kept");
    }
    return out;
}

// A hive whose newest changes were in its logs is kept as Windows would have seen it: by the time
// it is put back, the logs belong to another state of it.
Result<std::optional<Bytes>> completed(const guest::Guest& guest, const guest::FileChange& change) {
    const auto& before = *change.before;
    const auto state = registry::inspect(before);
    if (!has_magic(before, 0, "regf") || !state || !state->dirty())
        return std::nullopt;
    LIFEBOAT_TRY(const auto place, guest.tree().locate(change.path));
    LIFEBOAT_TRY(auto file, guest::complete_hive(*place.fs, place.path, before));
    return std::move(file.image);
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// "TIME", or "TIME-2", ... when there is one already.
Result<std::string> new_folder(const guest::Editor& editor, const std::string& time) {
    const auto parent = originals_folder(editor.guest().family());
    for (int number = 1; number < 1000; ++number) {
        auto path = parent + "/" + time + (number == 1 ? "" : "-" + std::to_string(number));
        LIFEBOAT_TRY(const bool there, editor.guest().tree().exists(path));
        if (!there)
            return path;
    }
    return fail(ErrorKind::refused, parent, "there is no free name for a folder");
}

// On NTFS those of the folder of the hives, which users may not read (CVE-2021-36934 is what
// happens when they may).
fs::NewFile folder_rights(const guest::Guest& guest) {
    const auto hive = guest.hive_path("SYSTEM");
    return {kSecretFolder, 0, 0, hive.substr(0, hive.find_last_of('/') + (hive.empty() ? 1 : 0))};
}

} // namespace

Result<void> keep_originals(guest::Editor& editor, std::span<const PlacedChange> changes,
                            const std::vector<std::string>& repairs, const std::string& time) {
    if (changes.empty())
        return {};
    LIFEBOAT_TRY(const auto folder, new_folder(editor, time));
    LIFEBOAT_CHECK(editor.make_directory(folder, folder_rights(editor.guest())));
    Manifest manifest{last_part(folder), repairs, {}};
    for (const auto& placed : changes) {
        const auto& change = placed.change;
        LIFEBOAT_TRY(auto before, side_of(change, false));
        LIFEBOAT_TRY(auto after, side_of(change, true));
        KeptFile kept{change.path, change.from, change.mode, std::move(before), std::move(after)};
        if (kept.before.kind == KeptSide::Kind::file && !kept.before.same(kept.after)) {
            LIFEBOAT_TRY(const auto complete, completed(editor.guest(), change));
            const ByteSpan original = complete ? *complete : *change.before;
            kept.before.sha256 = hash_of(original);
            kept.before.original =
                std::to_string(manifest.files.size() + 1) + "-" + last_part(change.path);
            LIFEBOAT_CHECK(
                editor.write(folder + "/" + kept.before.original, original, {kSecret, 0, 0, {}}));
        }
        manifest.files.push_back(std::move(kept));
    }
    // The last one: it never names what is not there.
    return editor.write_text(folder + "/manifest.json", manifest_text(manifest),
                             {kSecret, 0, 0, {}});
}

} // namespace lifeboat::session
