// SPDX-License-Identifier: GPL-2.0-or-later
// Files that hold a disk in a form other than its plain bytes: named, so that the user learns what
// to do, and never taken for a raw disk.
#pragma once

#include "base/bytes.hpp"

#include <optional>
#include <string>

namespace lifeboat::block {

struct ForeignFormat {
    std::string name; // "qcow2"
    std::string next; // how to get at the disk inside
};

inline constexpr std::size_t kHeadBytes = 512;

// `head`: the first kHeadBytes of the file, `tail`: the last 512 (a fixed VHD is known only by its
// footer). Sources: QEMU block/*.c probe functions and the published format descriptions.
[[nodiscard]] std::optional<ForeignFormat> foreign_format(ByteSpan head, ByteSpan tail);

} // namespace lifeboat::block
