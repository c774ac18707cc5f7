// SPDX-License-Identifier: GPL-2.0-or-later
// Names as hives store and compare them. Windows keeps subkeys sorted by their upper-cased UTF-16
// code units and finds them by binary search, so order and hash must be its own, not a locale's.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::registry {

// UTF-8 of a stored name: Latin-1 when `compressed`, else UTF-16LE. An unpaired surrogate becomes
// the three bytes that UTF-8 would give it, so that every name can be told apart and stored again.
[[nodiscard]] std::string name_from_stored(ByteSpan stored, bool compressed);
// The UTF-16 code units of such a name, upper-cased as Windows does (one unit to one unit).
[[nodiscard]] std::u16string upcased(std::string_view name);
// Puts them into `out`, whose room is used again.
void upcase_stored(ByteSpan stored, bool compressed, std::u16string& out);
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);
// The hash an `lh` record holds for a name (msuhanov/regf: multiply by 37, add).
[[nodiscard]] std::uint32_t name_hash(std::u16string_view upcased_name);
// "A\B\C" to its parts; empty parts are dropped.
[[nodiscard]] std::vector<std::string_view> split_path(std::string_view path);
// True for units whose upper-case form we know for certain to be that of every Windows.
[[nodiscard]] bool order_is_certain(std::u16string_view name);

// Code units with surrogates left as they are; invalid UTF-8 bytes become U+FFFD.
[[nodiscard]] std::u16string units_from_name(std::string_view name);
[[nodiscard]] std::string name_from_units(std::u16string_view units);

} // namespace lifeboat::registry
