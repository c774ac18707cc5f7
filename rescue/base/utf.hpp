// SPDX-License-Identifier: GPL-2.0-or-later
// UTF-8, UTF-16LE and Latin-1, without locale or iconv (a static glibc has no converters at run
// time). Windows strings may hold unpaired surrogates; those are never converted silently.
#pragma once

#include "base/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lifeboat {

// UTF-8 of UTF-16LE bytes; nothing for an odd length or an unpaired surrogate.
[[nodiscard]] std::optional<std::string> utf8_from_utf16le(ByteSpan data);
// The same for showing to people: what cannot be converted becomes U+FFFD.
[[nodiscard]] std::string utf8_from_utf16le_lossy(ByteSpan data);
// UTF-16LE bytes, without terminator; nothing when `text` is not valid UTF-8.
[[nodiscard]] std::optional<Bytes> utf16le_from_utf8(std::string_view text);
// UTF-8 of Latin-1 bytes (registry names that are stored "compressed").
[[nodiscard]] std::string utf8_from_latin1(ByteSpan data);
[[nodiscard]] bool is_utf8(std::string_view text);
// Decodes one code point at `position` and advances it; nothing when invalid.
[[nodiscard]] std::optional<char32_t> next_code_point(std::string_view text, std::size_t& position);
void append_utf8(std::string& out, char32_t code_point);

} // namespace lifeboat
