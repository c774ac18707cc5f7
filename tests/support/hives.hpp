// SPDX-License-Identifier: GPL-2.0-or-later
// Hives for tests: an empty one made here byte by byte, and the real ones where they are at hand.
#pragma once

#include "base/bytes.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace lifeboat::tests {

namespace detail {
inline void put32(Bytes& out, std::size_t at, std::uint32_t value) {
    (void)write_le(out, at, value);
}
inline void put16(Bytes& out, std::size_t at, std::uint16_t value) {
    (void)write_le(out, at, value);
}
inline void put_text(Bytes& out, std::size_t at, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i)
        out[at + i] = static_cast<std::byte>(text[i]);
}
} // namespace detail

// Recomputes the header's checksum, for tests that bend a header on purpose.
inline void fix_checksum(Bytes& hive) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < 508; i += 4)
        sum ^= *read_le<std::uint32_t>(hive, i);
    detail::put32(hive, 508, sum == 0 ? 1 : sum == 0xFFFFFFFF ? 0xFFFFFFFE : sum);
}

// A sound hive of 8 KiB that holds a root key and nothing else. Minor version 5 is what Windows XP
// and later use for SYSTEM; up to 3 there are no "db" records for large values.
inline Bytes empty_hive(std::uint32_t minor_version = 5) {
    using namespace detail;
    Bytes h(8192);
    put_text(h, 0, "regf");
    put32(h, 4, 1), put32(h, 8, 1); // sequence numbers: clean
    put32(h, 20, 1), put32(h, 24, minor_version);
    put32(h, 32, 1);                      // loaded directly
    put32(h, 36, 32), put32(h, 40, 4096); // root cell, length of the bins
    put32(h, 44, 1);                      // cluster factor
    put_text(h, 4096, "hbin");
    put32(h, 4096 + 4, 0), put32(h, 4096 + 8, 4096);
    const std::size_t root = 4096 + 32;
    const std::string name = "ROOT";
    put32(h, root, static_cast<std::uint32_t>(-88));
    put_text(h, root + 4, "nk");
    put16(h, root + 6, 0x2C);        // root key, not deletable, compressed name
    put32(h, root + 20, 0xFFFFFFFF); // parent
    put32(h, root + 32, 0xFFFFFFFF), put32(h, root + 36, 0xFFFFFFFF); // subkey lists
    put32(h, root + 44, 0xFFFFFFFF);                                  // values
    put32(h, root + 48, 32 + 88);                                     // security record
    put32(h, root + 52, 0xFFFFFFFF);                                  // class name
    put16(h, root + 76, static_cast<std::uint16_t>(name.size()));
    put_text(h, root + 80, name);
    // A self-relative security descriptor without owner or list: everything is allowed.
    const std::size_t security = root + 88;
    put32(h, security, static_cast<std::uint32_t>(-48));
    put_text(h, security + 4, "sk");
    put32(h, security + 8, 32 + 88), put32(h, security + 12, 32 + 88); // a ring of one
    put32(h, security + 16, 1), put32(h, security + 20, 20);
    h[security + 24] = std::byte{1};
    put16(h, security + 26, 0x8000);
    put32(h, security + 48, static_cast<std::uint32_t>(4096 - 32 - 88 - 48)); // the rest is free
    fix_checksum(h);
    return h;
}

} // namespace lifeboat::tests
