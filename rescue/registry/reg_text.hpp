// SPDX-License-Identifier: GPL-2.0-or-later
// .reg text as regedit writes and reads it ("Windows Registry Editor Version 5.00").
#pragma once

#include "registry/hive.hpp"

namespace lifeboat::registry {

// `prefix` stands for the hive's root in the key lines, e.g. "HKEY_LOCAL_MACHINE\SYSTEM".
[[nodiscard]] Result<std::string> export_text(const Hive& hive, std::string_view key,
                                              std::string_view prefix);
// Accepts UTF-8 and UTF-16LE with BOM, both CRLF and LF. Either all of it is applied to the hive in
// memory or, on the first bad line (named in the error), nothing.
[[nodiscard]] Result<void> import_text(Hive& hive, ByteSpan text, std::string_view prefix);

} // namespace lifeboat::registry
