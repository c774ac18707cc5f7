// SPDX-License-Identifier: GPL-2.0-or-later
#include "gui/ui_state.hpp"

#include <imgui.h>

namespace lifeboat::gui {

namespace {

// 0xRRGGBB as Dear ImGui packs it.
constexpr std::uint32_t rgb(std::uint32_t hex) {
    return 0xff000000U | ((hex & 0xff) << 16) | (hex & 0xff00) | (hex >> 16);
}

// Every text colour has a contrast of at least 4.5 to its ground (WCAG 2.1, 1.4.3).
constexpr Theme kCalm = {rgb(0xeef1f5),
                         rgb(0xffffff),
                         rgb(0xc9d1db),
                         rgb(0x17324d),
                         rgb(0xf4f8fc),
                         rgb(0x1d2733),
                         rgb(0x55606e),
                         rgb(0x1f5f9f),
                         rgb(0xffffff),
                         rgb(0xc2410c),
                         rgb(0xe3e9f0),
                         rgb(0xd3deea),
                         rgb(0xffffff),
                         {{{rgb(0x1d2733), rgb(0x55606e)},
                           {rgb(0x55606e), rgb(0x6a7583)},
                           {rgb(0x25663a), rgb(0x2c7443)},
                           {rgb(0x1f5f9f), rgb(0x1f5f9f)},
                           {rgb(0x855100), rgb(0x945b00)},
                           {rgb(0xae2019), rgb(0xb3261e)},
                           {rgb(0x1b6132), rgb(0x2c7443)},
                           {rgb(0xa31c16), rgb(0xb3261e)}}},
                         rgb(0xffffff)};

// White on black, seven to one and more (WCAG 2.1, 1.4.6).
constexpr Theme kContrast = {rgb(0x000000),
                             rgb(0x000000),
                             rgb(0xffffff),
                             rgb(0x000000),
                             rgb(0xffffff),
                             rgb(0xffffff),
                             rgb(0xe0e0e0),
                             rgb(0xffff00),
                             rgb(0x000000),
                             rgb(0xffff00),
                             rgb(0x202020),
                             rgb(0x004080),
                             rgb(0x000000),
                             {{{rgb(0xffffff), rgb(0xffffff)},
                               {rgb(0xe0e0e0), rgb(0xe0e0e0)},
                               {rgb(0x7dff9a), rgb(0x7dff9a)},
                               {rgb(0x9ed2ff), rgb(0x9ed2ff)},
                               {rgb(0xffd75f), rgb(0xffd75f)},
                               {rgb(0xffa8a0), rgb(0xffa8a0)},
                               {rgb(0x7dff9a), rgb(0x7dff9a)},
                               {rgb(0xffa8a0), rgb(0xffa8a0)}}},
                             rgb(0x000000)};

void set(ImGuiCol index, std::uint32_t colour) {
    ImGui::GetStyle().Colors[index] = ImGui::ColorConvertU32ToFloat4(colour);
}

} // namespace

const Theme& theme(bool high_contrast) { return high_contrast ? kContrast : kCalm; }

void apply_style(const Theme& theme) {
    auto& style = ImGui::GetStyle();
    style.WindowRounding = style.ChildRounding = style.FrameRounding = 4;
    style.WindowBorderSize = 0;
    style.ChildBorderSize = style.FrameBorderSize = 1;
    style.WindowPadding = {14, 12};
    style.FramePadding = {12, 7};
    style.ItemSpacing = {10, 6};
    style.ScrollbarSize = 14;
    style.SelectableTextAlign = {0, 0.5F};
    style.AntiAliasedLinesUseTex = false;
    set(ImGuiCol_WindowBg, theme.back);
    set(ImGuiCol_ChildBg, theme.card);
    set(ImGuiCol_Border, theme.edge);
    set(ImGuiCol_Text, theme.text);
    set(ImGuiCol_TextDisabled, theme.dim);
    set(ImGuiCol_FrameBg, theme.field);
    set(ImGuiCol_FrameBgHovered, theme.hover);
    set(ImGuiCol_FrameBgActive, theme.hover);
    set(ImGuiCol_CheckMark, theme.accent);
    set(ImGuiCol_Button, theme.button);
    set(ImGuiCol_ButtonHovered, theme.hover);
    set(ImGuiCol_ButtonActive, theme.hover);
    set(ImGuiCol_Header, theme.hover);
    set(ImGuiCol_HeaderHovered, theme.hover);
    set(ImGuiCol_HeaderActive, theme.hover);
    set(ImGuiCol_ScrollbarBg, theme.card);
    set(ImGuiCol_ScrollbarGrab, theme.edge);
    set(ImGuiCol_ScrollbarGrabHovered, theme.dim);
    set(ImGuiCol_ScrollbarGrabActive, theme.dim);
    set(ImGuiCol_PlotHistogram, theme.accent);
    set(ImGuiCol_Separator, theme.edge);
    set(ImGuiCol_NavHighlight, theme.focus);
}

} // namespace lifeboat::gui
