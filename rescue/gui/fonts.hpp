// SPDX-License-Identifier: GPL-2.0-or-later
// The fonts that are built in: DejaVu from Debian's fonts-dejavu-core, put into the program at
// build time (room.cmake).
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace lifeboat::gui {

struct GlyphRange {
    char32_t first, last;
};
// What is drawn; everything else is shown as <U+XXXX>. Small, because every start of the rescue
// environment pays for drawing these into a texture, also under emulation.
inline constexpr std::array<GlyphRange, 8> kGlyphs = {{
    {0x0020, 0x007e}, // Basic Latin
    {0x00a0, 0x017f}, // Latin-1 Supplement, Latin Extended-A
    {0x0386, 0x03ce}, // Greek
    {0x0400, 0x045f}, // Cyrillic
    {0x2010, 0x2026}, // dashes, quotation marks, ellipsis
    {0x203a, 0x203a}, // the arrow between pages
    {0x20ac, 0x20ac}, // euro
    {0x2190, 0x2193}, // arrows
}};

[[nodiscard]] std::span<const std::byte> font_sans();
[[nodiscard]] std::span<const std::byte> font_bold();
[[nodiscard]] std::span<const std::byte> font_mono();

} // namespace lifeboat::gui
