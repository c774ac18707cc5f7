// SPDX-License-Identifier: GPL-2.0-or-later
// For tests only: disk images made at test time with the usual programs, without root.
#pragma once

#include "support/tools.hpp"

#include <cstdint>

namespace lifeboat::test {

inline constexpr std::uint64_t kMiB = 1U << 20;

inline void make_sparse(const std::string& path, std::uint64_t size) {
    write_file(path, std::string_view());
    files::resize_file(path, size);
}

// mke2fs; `options` such as {"-t", "ext3", "-b", "1024"}. `from`: a directory to copy in.
inline void make_ext(const std::string& path, std::uint64_t size,
                     const std::vector<std::string>& options = {"-t", "ext4"},
                     const std::string& from = {}) {
    need_tools({"mke2fs"});
    make_sparse(path, size);
    std::vector<std::string> words{"mke2fs", "-q", "-F"};
    words.insert(words.end(), options.begin(), options.end());
    if (!from.empty()) {
        words.emplace_back("-d");
        words.push_back(from);
    }
    words.push_back(path);
    run_ok(words);
}

// mkntfs; `start` is the first sector of the partition that the volume will be put into.
inline void make_ntfs(const std::string& path, std::uint64_t size, std::uint32_t cluster = 4096,
                      std::uint64_t start = 0, const std::string& label = "Windows") {
    need_tools({"mkntfs"});
    make_sparse(path, size);
    run_ok({"mkntfs", "-Q", "-F", "-q", "-s", "512", "-c", std::to_string(cluster), "-p",
            std::to_string(start), "-H", "255", "-S", "63", "-L", label, path});
}

// sfdisk with a script such as "label: dos\nstart=2048, size=20480, type=7, bootable\n".
inline void make_disk(const std::string& path, std::uint64_t size, std::string_view script) {
    need_tools({"sfdisk"});
    make_sparse(path, size);
    run_ok({"sfdisk", "-q", "--no-reread", "--no-tell-kernel", path}, script);
}

// Copies the file `part` into the disk image at `offset`; holes stay holes.
inline void put_into_disk(const std::string& disk, std::uint64_t offset, const std::string& part) {
    const auto content = read_file(part);
    std::fstream out(disk, std::ios::binary | std::ios::in | std::ios::out);
    constexpr std::size_t kPiece = 4096;
    for (std::size_t at = 0; at < content.size(); at += kPiece) {
        const auto piece = ByteSpan(content).subspan(at, std::min(kPiece, content.size() - at));
        if (all_zero(piece))
            continue;
        out.seekp(static_cast<std::streamoff>(offset + at));
        const auto text = to_text(piece);
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
    }
    REQUIRE(out.flush().good());
}

// The other way: a part of the disk as a file of its own, for fsck and friends.
inline void take_from_disk(const std::string& disk, std::uint64_t offset, std::uint64_t length,
                           const std::string& part) {
    std::ifstream in(disk, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(offset));
    std::string text(static_cast<std::size_t>(length), '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    REQUIRE(in.good());
    write_file(part, text);
}

inline void check_ext(const std::string& image) {
    need_tools({"e2fsck"});
    const auto ran = run_tool({"e2fsck", "-fn", image});
    INFO(ran.output);
    REQUIRE(ran.status == 0);
}

// ntfsfix -n only looks at the basics; ntfsls -R and ntfscat in the tests look at the files.
inline void check_ntfs(const std::string& image) {
    need_tools({"ntfsfix"});
    const auto ran = run_tool({"ntfsfix", "-n", image});
    INFO(ran.output);
    REQUIRE(ran.status == 0);
}

} // namespace lifeboat::test
