// SPDX-License-Identifier: GPL-2.0-or-later
// The second reader: our own strict, bounded reader of the regf format, which shares no code with
// hivex. Used to verify what hivex wrote and to say what differs between two hives.
#pragma once

#include "registry/hive.hpp"

namespace lifeboat::registry {

enum class ChangeKind { key_added, key_removed, value_added, value_removed, value_changed };

struct Change {
    ChangeKind kind = ChangeKind::value_changed;
    std::string key;        // path from the root key
    std::string value_name; // for value changes
    std::optional<Value> before;
    std::optional<Value> after;
};

// Everything that differs between two hives, in key order. A key that was added or removed is
// followed by the changes of all it holds. `damaged` when either cannot be read completely.
[[nodiscard]] Result<std::vector<Change>> difference(ByteSpan before, ByteSpan after);

// Walks the whole hive and checks its structure: cells inside bins, sorted unique subkeys, counts,
// value sizes, no loops. `damaged` names the first thing that is wrong.
[[nodiscard]] Result<void> check_structure(ByteSpan image);

} // namespace lifeboat::registry
