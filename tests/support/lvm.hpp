// SPDX-License-Identifier: GPL-2.0-or-later
// For tests only: a logical volume vg0/root over two physical volumes, without root and without
// device mapper. Facts: LVM2 source, lib/format_text/layout.h.
#pragma once

#include "volume/lvm_metadata.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>

namespace lifeboat::test {

namespace lvm_detail {

inline constexpr std::size_t kExtent = 1U << 20, kArea = 4096, kAreaSize = kExtent - kArea;
inline constexpr std::array<const char*, 2> kUuids{"5eed0000000000000000000000000aaa",
                                                   "5eed0000000000000000000000000bbb"};

inline std::string dashed(std::string_view uuid) { // 6-4-4-4-4-4-6
    std::string out;
    std::size_t at = 0;
    for (const std::size_t length : {6U, 4U, 4U, 4U, 4U, 4U, 6U}) {
        out += (out.empty() ? "" : "-") + std::string(uuid.substr(at, length));
        at += length;
    }
    return out;
}

// The first half of the extents lies on pv0, the second on pv1.
inline std::string text(std::size_t half) {
    const auto count = std::to_string(half);
    std::string out = "vg0 {\nid = \"5eed00-0000-0000-0000-0000-0000-000def\"\nseqno = 1\n"
                      "format = \"lvm2\"\nstatus = [\"RESIZEABLE\", \"READ\", \"WRITE\"]\n"
                      "flags = []\nextent_size = 2048\nmax_lv = 0\nmax_pv = 0\n"
                      "metadata_copies = 0\nphysical_volumes {\n";
    for (std::size_t i = 0; i < 2; ++i)
        out += "pv" + std::to_string(i) + " {\nid = \"" + dashed(kUuids[i]) +
               "\"\nstatus = [\"ALLOCATABLE\"]\nflags = []\npe_start = 2048\npe_count = " + count +
               "\n}\n";
    out += "}\nlogical_volumes {\nroot {\nid = \"5eed00-0000-0000-0000-0000-0000-000fed\"\n"
           "status = [\"READ\", \"WRITE\", \"VISIBLE\"]\nflags = []\nsegment_count = 2\n";
    for (std::size_t i = 0; i < 2; ++i)
        out += "segment" + std::to_string(i + 1) + " {\nstart_extent = " + (i == 0 ? "0" : count) +
               "\nextent_count = " + count +
               "\ntype = \"striped\"\nstripe_count = 1\nstripes = [\"pv" + std::to_string(i) +
               "\", 0]\n}\n";
    return out + "}\n}\n}\ncontents = \"Text Format Volume Group\"\nversion = 1\n";
}

template <class T> void put(Bytes& disk, std::size_t at, T value) {
    REQUIRE(write_le(MutableByteSpan(disk), at, value));
}
inline void put_text(Bytes& disk, std::size_t at, std::string_view text) {
    const auto bytes = to_bytes(text);
    std::copy(bytes.begin(), bytes.end(), disk.begin() + static_cast<std::ptrdiff_t>(at));
}

inline Bytes physical(std::size_t number, ByteSpan content, const std::string& metadata) {
    const auto sum = [](const Bytes& disk, std::size_t at, std::size_t length) {
        return volume::lvm_checksum(ByteSpan(disk).subspan(at, length));
    };
    Bytes disk(kExtent + content.size());
    put_text(disk, 512, "LABELONE");
    put<std::uint64_t>(disk, 512 + 8, 1);
    put<std::uint32_t>(disk, 512 + 20, 32);
    put_text(disk, 512 + 24, "LVM2 001");
    put_text(disk, 512 + 32, kUuids[number]);
    put<std::uint64_t>(disk, 512 + 64, disk.size());
    put<std::uint64_t>(disk, 512 + 72, kExtent);
    put<std::uint64_t>(disk, 512 + 104, kArea);
    put<std::uint64_t>(disk, 512 + 112, kAreaSize);
    put(disk, 512 + 16, sum(disk, 532, 492));
    put_text(disk, kArea + 512, metadata);
    put_text(disk, kArea + 4, " LVM2 x[5A%r0N*>");
    put<std::uint32_t>(disk, kArea + 20, 1);
    put<std::uint64_t>(disk, kArea + 24, kArea);
    put<std::uint64_t>(disk, kArea + 32, kAreaSize);
    put<std::uint64_t>(disk, kArea + 40, 512);
    put<std::uint64_t>(disk, kArea + 48, metadata.size() + 1);
    put(disk, kArea + 56, sum(disk, kArea + 512, metadata.size() + 1));
    put(disk, kArea, sum(disk, kArea + 4, 508));
    std::copy(content.begin(), content.end(), disk.begin() + static_cast<std::ptrdiff_t>(kExtent));
    return disk;
}

} // namespace lvm_detail

// `image` must be an even number of MiB; data begins at 1 MiB of each.
inline std::array<Bytes, 2> lvm_over_two(const Bytes& image) {
    const auto half = image.size() / 2;
    REQUIRE(half % lvm_detail::kExtent == 0);
    const auto metadata = lvm_detail::text(half / lvm_detail::kExtent);
    return {lvm_detail::physical(0, ByteSpan(image).first(half), metadata),
            lvm_detail::physical(1, ByteSpan(image).subspan(half), metadata)};
}

} // namespace lifeboat::test
