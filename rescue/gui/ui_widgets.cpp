// SPDX-License-Identifier: GPL-2.0-or-later
// Widgets and the areas they lie in.
#include "gui/ui_state.hpp"

#include <imgui.h>
#include <imgui_internal.h>

#include <algorithm>

namespace lifeboat::gui {

namespace {

constexpr float kRowPadding = 4; // with it a check box before the row stands level with the title
constexpr float kStripe = 4;
constexpr float kBadgePadding = 8;

ImVec2 size_of(ImFont* font, std::string_view text) {
    return font->CalcTextSizeA(font->FontSize, FLT_MAX, 0, text.data(), text.data() + text.size());
}

void draw_text(ImFont* font, ImVec2 at, std::uint32_t colour, std::string_view text) {
    ImGui::GetWindowDrawList()->AddText(font, font->FontSize, at, colour, text.data(),
                                        text.data() + text.size());
}

// Cut off with an ellipsis where it does not fit.
void draw_cut(ImFont* font, ImVec2 from, float right, std::uint32_t colour, std::string_view text) {
    ImGui::PushFont(font);
    ImGui::PushStyleColor(ImGuiCol_Text, colour);
    const auto size = size_of(font, text);
    ImGui::RenderTextEllipsis(ImGui::GetWindowDrawList(), from,
                              ImVec2(right, from.y + font->FontSize + 4), right, right, text.data(),
                              text.data() + text.size(), &size);
    ImGui::PopStyleColor();
    ImGui::PopFont();
}

void name_item(std::string_view id) { ImGui::PushID(id.data(), id.data() + id.size()); }

} // namespace

void Ui::begin_panel(std::string_view id, const Box& box, std::string_view title) {
    ImGui::SetCursorScreenPos({box.x, box.y});
    name_item(id);
    const int grow = box.height > 0 ? 0 : static_cast<int>(ImGuiChildFlags_AutoResizeY);
    ImGui::BeginChild("panel", {box.width, box.height}, ImGuiChildFlags_Border | grow,
                      ImGuiWindowFlags_NavFlattened);
    record(id, true, true);
    if (!title.empty()) {
        text(title, Tone::normal, Font::bold);
        gap(2);
    }
}

void Ui::end_panel() {
    ImGui::EndChild();
    ImGui::PopID();
}

void Ui::begin_document(std::string_view id, const Box& box, std::string_view title, Keys keys) {
    begin_panel(id, box, title);
    if (keys == Keys::when_focused && !ImGui::IsWindowFocused())
        return;
    const float page = std::max(40.0F, box.height - 60);
    for (const auto key : {ImGuiKey_PageUp, ImGuiKey_PageDown, ImGuiKey_Home, ImGuiKey_End})
        ImGui::SetKeyOwner(key, ImGui::GetID("document"));
    if (ImGui::IsKeyPressed(ImGuiKey_PageDown))
        ImGui::SetScrollY(std::min(ImGui::GetScrollY() + page, ImGui::GetScrollMaxY()));
    if (ImGui::IsKeyPressed(ImGuiKey_PageUp))
        ImGui::SetScrollY(std::max(ImGui::GetScrollY() - page, 0.0F));
    if (ImGui::IsKeyPressed(ImGuiKey_Home, false))
        ImGui::SetScrollY(0);
    if (ImGui::IsKeyPressed(ImGuiKey_End, false))
        ImGui::SetScrollY(ImGui::GetScrollMaxY());
}

void Ui::end_document() { end_panel(); }

void Ui::band(const Box& box) {
    auto* draw = ImGui::GetWindowDrawList();
    const ImVec2 to(box.x + box.width, box.y + box.height);
    draw->AddRectFilled({box.x, box.y}, to, state_->theme->band);
    draw->AddRect({box.x, box.y}, to, state_->theme->edge);
}

void Ui::text_at(float x, float y, std::string_view text, Tone tone, Font font) {
    const auto colour =
        tone == Tone::normal ? state_->theme->band_text : state_->theme->of(tone).ink;
    draw_text(state_->font(font), {x, y}, colour, text);
}

float Ui::text_width(std::string_view text, Font font) const {
    return size_of(state_->font(font), text).x;
}

void Ui::place(float x, float y) { ImGui::SetCursorScreenPos({x, y}); }
void Ui::beside() { ImGui::SameLine(); }

void Ui::text(std::string_view text, Tone tone, Font font) {
    ImGui::PushFont(state_->font(font));
    ImGui::PushStyleColor(ImGuiCol_Text, state_->theme->of(tone).ink);
    ImGui::PushTextWrapPos(0);
    ImGui::TextUnformatted(text.data(), text.data() + text.size());
    ImGui::PopTextWrapPos();
    ImGui::PopStyleColor();
    ImGui::PopFont();
}

void Ui::line(std::string_view text, Tone tone, Font font) {
    ImGui::PushFont(state_->font(font));
    ImGui::PushStyleColor(ImGuiCol_Text, state_->theme->of(tone).ink);
    ImGui::TextUnformatted(text.data(), text.data() + text.size());
    ImGui::PopStyleColor();
    ImGui::PopFont();
}

void Ui::gap(float pixels) { ImGui::Dummy({1, pixels}); }

void Ui::rule() { ImGui::Separator(); }

void Ui::badge(std::string_view word, Tone tone) {
    auto* font = state_->font(Font::bold);
    const auto at = ImGui::GetCursorScreenPos();
    const auto size = size_of(font, word);
    const ImVec2 to(at.x + size.x + 2 * kBadgePadding, at.y + size.y + 4);
    ImGui::GetWindowDrawList()->AddRectFilled(at, to, state_->theme->of(tone).fill, 3);
    draw_text(font, {at.x + kBadgePadding, at.y + 2}, state_->theme->badge_text, word);
    ImGui::Dummy({to.x - at.x, to.y - at.y});
}

bool Ui::button(std::string_view id, std::string_view label, Look look, bool enabled) {
    const auto& theme = *state_->theme;
    const bool filled = look != Look::normal && enabled;
    const auto fill = look == Look::danger ? theme.of(Tone::critical).fill : theme.accent;
    ImGui::BeginDisabled(!enabled);
    if (filled) {
        for (const auto colour : {ImGuiCol_Button, ImGuiCol_ButtonHovered, ImGuiCol_ButtonActive})
            ImGui::PushStyleColor(colour, fill);
        ImGui::PushStyleColor(ImGuiCol_Text, theme.accent_text);
    }
    ImGui::PushFont(state_->font(look == Look::normal ? Font::text : Font::bold));
    name_item(id);
    const std::string shown(label);
    const bool clicked = ImGui::Button(shown.c_str());
    record(id, enabled);
    ImGui::PopID();
    ImGui::PopFont();
    if (filled)
        ImGui::PopStyleColor(4);
    ImGui::EndDisabled();
    return clicked;
}

bool Ui::checkbox(std::string_view id, std::string_view label, bool value, bool enabled) {
    ImGui::BeginDisabled(!enabled);
    name_item(id);
    const std::string shown(label);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(4, 4));
    ImGui::PushStyleColor(ImGuiCol_Border, state_->theme->dim); // an empty box must be seen
    const bool changed = ImGui::Checkbox(shown.c_str(), &value);
    ImGui::PopStyleColor();
    ImGui::PopStyleVar();
    record(id, enabled);
    ImGui::PopID();
    ImGui::EndDisabled();
    return changed;
}

bool Ui::row(std::string_view id, const Row& row) {
    auto* bold = state_->font(Font::bold);
    auto* plain = state_->font(Font::text);
    const auto& theme = *state_->theme;
    const bool two_lines = !row.badge.empty() || !row.detail.empty();
    const float line_height = bold->FontSize + 4;
    const float height = (two_lines ? 2 * line_height + 6 : line_height) + 2 * kRowPadding;
    const auto at = ImGui::GetCursorScreenPos();
    const float right = at.x + ImGui::GetContentRegionAvail().x;
    name_item(id);
    const bool clicked = ImGui::Selectable("", row.selected, 0, {right - at.x, height});
    record(id, true);
    ImGui::PopID();
    auto* draw = ImGui::GetWindowDrawList();
    draw->AddRectFilled({at.x, at.y + 3}, {at.x + kStripe, at.y + height - 3},
                        theme.of(row.tone).fill, 2);
    const float left = at.x + kStripe + 10;
    const float top = at.y + kRowPadding;
    draw_cut(two_lines ? bold : plain, {left, top}, right - 4, theme.text, row.title);
    if (!two_lines)
        return clicked;
    float detail = left;
    const float second = top + line_height + 4;
    if (!row.badge.empty()) {
        const auto size = size_of(bold, row.badge);
        const ImVec2 to(left + size.x + 2 * kBadgePadding, second + size.y + 4);
        draw->AddRectFilled({left, second}, to, theme.of(row.tone).fill, 3);
        draw_text(bold, {left + kBadgePadding, second + 2}, theme.badge_text, row.badge);
        detail = to.x + 10;
    }
    draw_cut(plain, {detail, second + 2}, right - 4, theme.dim, row.detail);
    return clicked;
}

void Ui::bar(std::string_view id, double fraction, std::string_view text) {
    const std::string shown(text);
    const auto part = static_cast<float>(std::clamp(fraction, 0.0, 1.0));
    ImGui::ProgressBar(part, {ImGui::GetContentRegionAvail().x, 30}, "");
    record(id, true);
    if (!shown.empty())
        this->text(shown, Tone::dim);
}

} // namespace lifeboat::gui
