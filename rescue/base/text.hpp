// SPDX-License-Identifier: GPL-2.0-or-later
// Small text helpers, independent of the locale.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {

[[nodiscard]] char lower_ascii(char c);
[[nodiscard]] std::string to_lower_ascii(std::string_view text);
// Equal without regard to ASCII case. Windows service, filter and file names of interest are ASCII.
[[nodiscard]] bool is_ascii(std::string_view text);
[[nodiscard]] bool iequals(std::string_view a, std::string_view b);
[[nodiscard]] bool istarts_with(std::string_view text, std::string_view prefix);
[[nodiscard]] bool icontains(std::string_view text, std::string_view part);
// Order without regard to ASCII case; for std::map and std::sort.
struct ILess {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const;
};

[[nodiscard]] std::string_view trim(std::string_view text); // blanks, tabs, CR, LF
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
// Like split, but empty parts are dropped.
[[nodiscard]] std::vector<std::string_view> split_nonempty(std::string_view text, char separator);
[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view separator);

[[nodiscard]] std::string hex(ByteSpan data);                       // "0aff"
[[nodiscard]] std::string hex(std::uint64_t value, int digits = 0); // "00ff", no prefix
// "1.5 GiB", "512 bytes"; for people.
[[nodiscard]] std::string human_size(std::uint64_t bytes);
// Control characters, and bytes that are not UTF-8, as \xNN; guest text is never printed raw, so
// that it cannot drive a terminal.
[[nodiscard]] std::string printable(std::string_view text);

} // namespace lifeboat
