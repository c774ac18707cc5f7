// SPDX-License-Identifier: GPL-2.0-or-later
// Disks with one partition, and what is put into it.
#pragma once

#include "base/hash.hpp"
#include "base/text.hpp"
#include "block/image.hpp"
#include "fs/filesystem.hpp"
#include "support/images.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <map>

namespace lifeboat::test {

inline std::string hash_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in.good());
    Sha256 sum;
    std::string piece(1U << 20, '\0');
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0)
        sum.add(to_bytes(std::string_view(piece).substr(0, static_cast<std::size_t>(in.gcount()))));
    return hex(ByteSpan(sum.finish()));
}

inline constexpr std::uint64_t kStart = kMiB; // of partition 1

// A disk with one partition that holds this file system image.
inline void disk_of(const std::string& disk, const std::string& part, const std::string& type) {
    const auto size = files::file_size(part);
    make_disk(disk, size + 2 * kMiB,
              "label: dos\nstart=2048, size=" + std::to_string(size / 512) + ", type=" + type +
                  ", bootable\n");
    put_into_disk(disk, kStart, part);
}

// Files on an NTFS volume; a path that ends in '/' is a directory.
inline void fill_ntfs(const std::string& part, const std::map<std::string, Bytes>& content) {
    auto device = block::open_image(part, block::Access::write);
    REQUIRE(device);
    auto ntfs = fs::open_ntfs(*device, fs::Access::write);
    INFO((ntfs ? "" : ntfs.error().text()));
    REQUIRE(ntfs);
    for (const auto& [path, bytes] : content) {
        const auto made = path.back() == '/'
                              ? (*ntfs)->make_directory(path.substr(0, path.size() - 1), {})
                              : (*ntfs)->create(path, bytes, {});
        INFO(path << ": " << (made ? "" : made.error().text()));
        REQUIRE(made);
    }
    REQUIRE((*ntfs)->close());
    REQUIRE((*device)->flush());
}

} // namespace lifeboat::test
