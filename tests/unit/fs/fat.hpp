// SPDX-License-Identifier: GPL-2.0-or-later
// For tests only: FAT volumes by mkfs.fat, and mtools and fsck.fat as other readers.
#pragma once

#include "fs/filesystem.hpp"
#include "support/images.hpp"

#include <sstream>

namespace lifeboat::test {

struct FatKind {
    std::string name;
    std::uint64_t size = 0;
    std::vector<std::string> options; // of mkfs.fat
};

inline const FatKind kFat12{"FAT12", 2 * kMiB, {"-F", "12", "-s", "1"}};
inline const FatKind kFat16{"FAT16", 16 * kMiB, {"-F", "16", "-s", "4"}};
inline const FatKind kFat32{"FAT32", 36 * kMiB, {"-F", "32", "-s", "1"}};
inline const FatKind kFat32Large{"FAT32, 4 KiB sectors", 40 * kMiB, {"-F", "32", "-S", "4096"}};

inline std::string make_fat(const TempDir& dir, const FatKind& kind) {
    need_tools({"mkfs.fat", "fsck.fat", "mcopy", "mdir", "mmd"});
    const auto image = dir.file("fat");
    make_sparse(image, kind.size);
    std::vector<std::string> words{"mkfs.fat", "-n", "ESP"};
    words.insert(words.end(), kind.options.begin(), kind.options.end());
    words.push_back(image);
    run_ok(words);
    return image;
}

inline void mtools_put(const TempDir& dir, const std::string& image, const std::string& path,
                       ByteSpan content) {
    write_file(dir.file("in"), content);
    run_ok({"env", "LC_ALL=C.UTF-8", "mcopy", "-i", image, dir.file("in"), "::" + path});
}

inline Bytes mtools_get(const TempDir& dir, const std::string& image, const std::string& path) {
    const auto out = dir.file("out");
    files::remove(out);
    run_ok({"env", "LC_ALL=C.UTF-8", "mcopy", "-n", "-i", image, "::" + path, out});
    return read_file(out);
}

// What fsck.fat finds besides clusters that are marked as used and belong to nothing; empty when
// there is nothing else. `cut`: also what the middle of a change may show for a moment.
inline std::string fsck_fat(const std::string& image, bool cut = false) {
    const auto ran = run_tool({"fsck.fat", "-n", image});
    if (ran.status == 0)
        return {};
    std::istringstream lines(ran.output);
    for (std::string line; std::getline(lines, line);) {
        const auto has = [&](std::string_view what) {
            return line.find(what) != std::string::npos;
        };
        const bool leak = has("Reclaimed ") || has("Free cluster summary wrong");
        // The copies differ only about clusters that belong to nothing: fsck.fat could take either.
        // Parts of a long name without the entry they belong to are skipped by every reader.
        const bool moment = has("FATs differ but appear to be intact") || has("Using first FAT") ||
                            has("Long filename fragment") || has("Maybe the start bit") ||
                            has("Not auto-correcting");
        const bool talk = line.empty() || has("fsck.fat ") || has("Leaving filesystem unchanged") ||
                          has(" files, ") || has("Automatically") || has("Auto-");
        if (!leak && !talk && !(cut && moment))
            return line + "\n" + ran.output;
    }
    return {};
}

} // namespace lifeboat::test
