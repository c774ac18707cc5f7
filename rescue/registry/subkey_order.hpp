// SPDX-License-Identifier: GPL-2.0-or-later
// hivex orders new subkeys by the bytes of their UTF-8 names and hashes those bytes. For names
// beyond ASCII both differ from what Windows computes, and Windows would not find the key.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <set>
#include <string>

namespace lifeboat::registry {

// Sorts the subkey lists of the keys at `parents` (paths) and recomputes their hashes, in place.
// Lists that are right already stay byte for byte.
[[nodiscard]] Result<void> restore_order(Bytes& image, const std::set<std::string>& parents);

} // namespace lifeboat::registry
