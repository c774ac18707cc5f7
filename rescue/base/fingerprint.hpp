// SPDX-License-Identifier: GPL-2.0-or-later
// XXH3, 128 bits: tells whether a block of a disk is still what it was, at the speed of memory.
// What must stand against a forger has a SHA-256 (base/hash.hpp).
#pragma once

#include "base/bytes.hpp"

#include <cstdint>

namespace lifeboat {

struct Fingerprint {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    auto operator<=>(const Fingerprint&) const = default;
};

[[nodiscard]] Fingerprint fingerprint(ByteSpan data);

} // namespace lifeboat
