// SPDX-License-Identifier: GPL-2.0-or-later
// What Ui's .cpp files share: fonts, colours, the focus that a new page asked for.
#pragma once

#include "gui/ui.hpp"

#include <array>
#include <cstdint>
#include <string>

struct ImFont;
struct ImGuiContext;

namespace lifeboat::gui {

// Colours as Dear ImGui packs them: 0xAABBGGRR.
struct Theme {
    std::uint32_t back, card, edge, band, band_text, text, dim, accent, accent_text, focus, button,
        hover, field;
    struct Pair {
        std::uint32_t ink, fill; // text on the page, badge
    };
    std::array<Pair, 8> tones; // by Tone
    std::uint32_t badge_text;

    [[nodiscard]] const Pair& of(Tone tone) const { return tones[static_cast<std::size_t>(tone)]; }
};

[[nodiscard]] const Theme& theme(bool high_contrast);
void apply_style(const Theme& theme);

struct Ui::State {
    ImGuiContext* context = nullptr;
    std::array<ImFont*, 4> fonts{}; // by Font
    const Theme* theme = nullptr;
    std::string wanted_focus; // of a new page, until it is drawn
    int settling = 0;         // frames still to draw

    [[nodiscard]] ImFont* font(Font which) const { return fonts[static_cast<std::size_t>(which)]; }
};

} // namespace lifeboat::gui
