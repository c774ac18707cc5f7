// SPDX-License-Identifier: GPL-2.0-or-later
// Originals kept in the guest. An undo file is good until the guest runs; after that the files as
// they were before a repair lie in a folder of the guest itself, \Lifeboat\TIME or
// /var/lib/lifeboat/TIME, with a manifest, and can be put back one by one.
// The manifest is JSON; docs/originals.md describes it. It is hostile input, like all of a guest.
#pragma once

#include "guest/editor.hpp"
#include "session/session.hpp"
#include "session/state.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lifeboat::session {

// What was at a path. For a file: the hash of its content, and the name of the copy beside the
// manifest when there is one.
struct KeptSide {
    enum class Kind { nothing, file, link, directory };
    Kind kind = Kind::nothing;
    std::string sha256; // lower-case hexadecimal
    std::string original;
    std::string target; // of a link

    // Another copy, or none, makes no difference.
    [[nodiscard]] bool same(const KeptSide& other) const {
        return kind == other.kind && sha256 == other.sha256 && target == other.target;
    }
};

struct KeptFile {
    std::string path;          // in the guest
    std::string from;          // where it was, when it was renamed; `before` is about that path
    std::uint32_t mode = 0644; // of the original
    KeptSide before;
    KeptSide after;
};

struct Manifest {
    std::string time; // "20261127T080000Z"
    std::vector<std::string> repairs;
    std::vector<KeptFile> files;
};

inline constexpr std::size_t kLargestManifest = 1U << 20; // bytes

[[nodiscard]] std::string manifest_text(const Manifest& manifest);
// `damaged` when it is no manifest, or one that names a file outside its folder.
[[nodiscard]] Result<Manifest> parse_manifest(ByteSpan text);

[[nodiscard]] std::string originals_folder(guest::Family family); // "/var/lib/lifeboat"
// Keeps what `changes` replaced: writes the originals, then the manifest, into a new folder. The
// caller must discard the overlay when this fails. Nothing is kept when nothing changed.
[[nodiscard]] Result<void> keep_originals(guest::Editor& editor,
                                          std::span<const PlacedChange> changes,
                                          const std::vector<std::string>& repairs,
                                          const std::string& time);

[[nodiscard]] Result<std::vector<KeptInfo>> list_kept(const OpenDisks& disks, Progress& progress);
[[nodiscard]] Result<Preview> stage_restore(const OpenDisks& disks, const RestoreChoice& choice,
                                            Progress& progress);

} // namespace lifeboat::session
