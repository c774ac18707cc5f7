// SPDX-License-Identifier: GPL-2.0-or-later
// For tests only: members of a Linux software RAID, as mdadm would make them with a kernel's help.
// Facts: Linux, include/uapi/linux/raid/md_p.h, and Documentation/admin-guide/md.rst.
#pragma once

#include "base/bytes.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

namespace lifeboat::test {

struct MdPart {
    std::string version = "1.2"; // "0.90", "1.0", "1.1", "1.2"
    std::uint32_t level = 1;
    std::uint32_t devices = 2;
    std::uint16_t role = 0; // 0xfffe: failed
    std::uint64_t events = 20;
    bool clean = true;
    std::uint32_t features = 0;
    std::string name = "guest:0";
    char uuid = 'u';
};

inline constexpr std::size_t kMdOffset = 1U << 20; // of the data, where it is not at the start

namespace md_detail {

template <class T> void put(Bytes& disk, std::size_t at, T value) {
    REQUIRE(write_le(MutableByteSpan(disk), at, value));
}

inline std::uint32_t sum_of(const Bytes& disk, std::size_t at, std::size_t length) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < length; i += 4)
        sum += *read_le<std::uint32_t>(disk, at + i);
    return static_cast<std::uint32_t>((sum & 0xffffffffU) + (sum >> 32));
}

inline void put_v0(Bytes& disk, const MdPart& part, std::size_t data) {
    const std::size_t at = disk.size() / 65536 * 65536 - 65536;
    REQUIRE(data <= at);
    const auto word = [&](std::size_t number, std::uint32_t value) {
        put(disk, at + number * 4, value);
    };
    word(0, 0xa92b4efc);
    word(2, 90);
    word(4, 0);
    for (const std::size_t number : {5U, 13U, 14U, 15U})
        word(number, 0x01010101U * static_cast<std::uint32_t>(part.uuid));
    word(6, 1700000000);
    word(7, part.level);
    word(8, static_cast<std::uint32_t>(data / 1024));
    word(9, part.devices);
    word(10, part.devices);
    word(11, 0); // md0
    word(32, 1700000000);
    word(33, part.clean ? 1 : 0);
    word(34, part.devices);
    word(35, part.devices);
    word(39, static_cast<std::uint32_t>(part.events));
    const auto descriptor = [&](std::size_t number, std::uint32_t role) {
        word(number, role);
        word(number + 1, 202);
        word(number + 2, 1 + role * 16);
        word(number + 3, role);
        word(number + 4, part.role >= 0xfff0 ? 1 : 6);
    };
    for (std::uint32_t i = 0; i < part.devices; ++i)
        descriptor(128 + i * 32, i);
    descriptor(992, part.role);
    word(38, sum_of(disk, at, 4096));
}

inline void put_v1(Bytes& disk, const MdPart& part, std::size_t data) {
    const bool front = part.version != "1.0";
    const std::size_t at = part.version == "1.2"   ? 4096
                           : part.version == "1.1" ? 0
                                                   : (disk.size() / 512 - 16) / 8 * 8 * 512;
    put<std::uint32_t>(disk, at, 0xa92b4efc);
    put<std::uint32_t>(disk, at + 4, 1);
    put<std::uint32_t>(disk, at + 8, part.features);
    std::fill_n(disk.begin() + static_cast<std::ptrdiff_t>(at + 16), 16,
                static_cast<std::byte>(part.uuid));
    for (std::size_t i = 0; i < part.name.size(); ++i)
        disk[at + 32 + i] = static_cast<std::byte>(part.name[i]);
    put<std::uint64_t>(disk, at + 64, 1700000000);
    put<std::uint32_t>(disk, at + 72, part.level);
    put<std::uint64_t>(disk, at + 80, data / 512);
    put<std::uint32_t>(disk, at + 92, part.devices);
    put<std::uint64_t>(disk, at + 128, front ? kMdOffset / 512 : 0);
    put<std::uint64_t>(disk, at + 136, data / 512);
    put<std::uint64_t>(disk, at + 144, at / 512);
    const auto number = part.role >= 0xfff0 ? part.devices : part.role;
    put<std::uint32_t>(disk, at + 160, number);
    disk[at + 168] = static_cast<std::byte>(number + 1);
    put<std::uint64_t>(disk, at + 192, 1700000000);
    put<std::uint64_t>(disk, at + 200, part.events);
    put<std::uint64_t>(disk, at + 208, part.clean ? ~std::uint64_t{0} : 0);
    put<std::uint32_t>(disk, at + 220, part.devices + 2);
    for (std::size_t i = 0; i < part.devices + 2; ++i)
        put<std::uint16_t>(disk, at + 256 + i * 2,
                           i < part.devices ? static_cast<std::uint16_t>(i) : 0xffff);
    if (part.role >= 0xfff0)
        put(disk, at + 256 + part.devices * 2, part.role);
    put<std::uint32_t>(disk, at + 216, sum_of(disk, at, 256 + (part.devices + 2) * 2));
}

} // namespace md_detail

// `data` as one half of a mirror.
inline Bytes md_member(const Bytes& data, const MdPart& part) {
    const bool front = part.version == "1.1" || part.version == "1.2";
    Bytes disk((front ? kMdOffset : 0) + data.size() + (front ? 0 : 256 * 1024));
    std::copy(data.begin(), data.end(),
              disk.begin() + static_cast<std::ptrdiff_t>(front ? kMdOffset : 0));
    if (part.version == "0.90")
        md_detail::put_v0(disk, part, data.size());
    else
        md_detail::put_v1(disk, part, data.size());
    return disk;
}

} // namespace lifeboat::test
