// SPDX-License-Identifier: GPL-2.0-or-later
// Frames, input and fonts.
#include "gui/ui.hpp"

#include "base/utf.hpp"
#include "gui/fonts.hpp"
#include "gui/ui_state.hpp"

#include <imgui.h>
#include <imgui_internal.h>

#include <algorithm>
#include <array>

namespace lifeboat::gui {

namespace {

constexpr float kTextPixels = 18;
constexpr float kTitlePixels = 24;
constexpr float kMonoPixels = 16;
// Dear ImGui lays out with the sizes of the frame before; scroll bars need one more.
constexpr int kSettlingFrames = 3;
// Keys of ours that Dear ImGui would take for something else.
constexpr ImGuiKey kOurs[] = {ImGuiKey_Escape};
constexpr ImGuiID kOurOwner = 0x11feb0a7;

ImGuiKey key_of(InputKey key) {
    switch (key) {
    case InputKey::none: return ImGuiKey_None;
    case InputKey::tab: return ImGuiKey_Tab;
    case InputKey::left: return ImGuiKey_LeftArrow;
    case InputKey::right: return ImGuiKey_RightArrow;
    case InputKey::up: return ImGuiKey_UpArrow;
    case InputKey::down: return ImGuiKey_DownArrow;
    case InputKey::page_up: return ImGuiKey_PageUp;
    case InputKey::page_down: return ImGuiKey_PageDown;
    case InputKey::home: return ImGuiKey_Home;
    case InputKey::end: return ImGuiKey_End;
    case InputKey::insert_: return ImGuiKey_Insert;
    case InputKey::delete_: return ImGuiKey_Delete;
    case InputKey::backspace: return ImGuiKey_Backspace;
    case InputKey::space: return ImGuiKey_Space;
    case InputKey::enter: return ImGuiKey_Enter;
    case InputKey::escape: return ImGuiKey_Escape;
    case InputKey::left_shift: return ImGuiKey_LeftShift;
    case InputKey::right_shift: return ImGuiKey_RightShift;
    case InputKey::left_ctrl: return ImGuiKey_LeftCtrl;
    case InputKey::right_ctrl: return ImGuiKey_RightCtrl;
    case InputKey::left_alt: return ImGuiKey_LeftAlt;
    case InputKey::right_alt: return ImGuiKey_RightAlt;
    default: break;
    }
    const int number = static_cast<int>(key) - static_cast<int>(InputKey::f1);
    return static_cast<ImGuiKey>(static_cast<int>(ImGuiKey_F1) + number);
}

ImGuiKey modifier_of(InputKey key) {
    switch (key) {
    case InputKey::left_shift:
    case InputKey::right_shift: return ImGuiMod_Shift;
    case InputKey::left_ctrl:
    case InputKey::right_ctrl: return ImGuiMod_Ctrl;
    case InputKey::left_alt:
    case InputKey::right_alt: return ImGuiMod_Alt;
    default: return ImGuiKey_None;
    }
}

ImFont* add_font(std::span<const std::byte> file, float pixels, const ImWchar* glyphs) {
    ImFontConfig config;
    config.FontDataOwnedByAtlas = false;
    config.OversampleH = 1; // twice the width costs twice the time under emulation
    config.PixelSnapH = true;
    // The library's type lacks const; it does not write.
    auto* data = const_cast<std::byte*>(file.data());
    return ImGui::GetIO().Fonts->AddFontFromMemoryTTF(data, static_cast<int>(file.size()), pixels,
                                                      &config, glyphs);
}

// The ranges in the library's form: pairs, ended by a zero.
constexpr auto library_ranges() {
    std::array<ImWchar, kGlyphs.size() * 2 + 1> out{};
    for (std::size_t i = 0; i < kGlyphs.size(); ++i) {
        out[2 * i] = static_cast<ImWchar>(kGlyphs[i].first);
        out[2 * i + 1] = static_cast<ImWchar>(kGlyphs[i].last);
    }
    return out;
}
constexpr auto kRanges = library_ranges();

} // namespace

Ui::Ui() : state_(std::make_unique<State>()) {
    state_->context = ImGui::CreateContext();
    auto& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.LogFilename = nullptr;
    io.ConfigFlags = ImGuiConfigFlags_NavEnableKeyboard;
    io.ConfigInputTrickleEventQueue = true;
    io.MouseDrawCursor = false;                     // until a pointer moves
    state_->context->ConfigNavWindowingKeyNext = 0; // there is one window only
    state_->context->ConfigNavWindowingKeyPrev = 0;
    state_->fonts = {add_font(font_sans(), kTextPixels, kRanges.data()),
                     add_font(font_bold(), kTextPixels, kRanges.data()),
                     add_font(font_bold(), kTitlePixels, kRanges.data()),
                     add_font(font_mono(), kMonoPixels, kRanges.data())};
    io.FontDefault = state_->font(Font::text);
    state_->theme = &theme(false);
    unsigned char* pixels = nullptr;
    int width = 0;
    int height = 0;
    io.Fonts->GetTexDataAsAlpha8(&pixels, &width, &height);
}

Ui::~Ui() { ImGui::DestroyContext(state_->context); }

void Ui::feed(const InputEvent& event) {
    auto& io = ImGui::GetIO();
    state_->settling = kSettlingFrames;
    switch (event.kind) {
    case InputEvent::Kind::key:
        if (const auto modifier = modifier_of(event.key); modifier != ImGuiKey_None)
            io.AddKeyEvent(modifier, event.down);
        if (event.key != InputKey::none)
            io.AddKeyEvent(key_of(event.key), event.down);
        break;
    case InputEvent::Kind::text: io.AddInputCharacter(event.character); break;
    case InputEvent::Kind::pointer:
        io.MouseDrawCursor = true;
        io.AddMousePosEvent(event.x, event.y);
        break;
    case InputEvent::Kind::button: io.AddMouseButtonEvent(event.button, event.down); break;
    case InputEvent::Kind::wheel: io.AddMouseWheelEvent(0, event.y); break;
    }
}

void Ui::begin(float width, float height, double seconds, bool high_contrast) {
    auto& io = ImGui::GetIO();
    width_ = width;
    height_ = height;
    io.DisplaySize = {width, height};
    io.DeltaTime = static_cast<float>(std::clamp(seconds, 0.001, 1.0));
    state_->theme = &theme(high_contrast);
    apply_style(*state_->theme);
    state_->settling = std::max(0, state_->settling - 1);
    widgets_.clear();
    ImGui::NewFrame();
    for (const auto key : kOurs)
        ImGui::SetKeyOwner(key, kOurOwner);
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize({width, height});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0.0F);
    ImGui::Begin("screen", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus |
                     ImGuiWindowFlags_NoScrollWithMouse);
    ImGui::PopStyleVar(2);
}

void Ui::end() {
    ImGui::End();
    ImGui::Render();
}

bool Ui::unsettled() const {
    return state_->settling > 0 || !state_->wanted_focus.empty() ||
           state_->context->InputEventsQueue.Size > 0;
}

const Widget* Ui::find(std::string_view id) const {
    for (const auto& widget : widgets_)
        if (widget.id == id)
            return &widget;
    return nullptr;
}

bool Ui::pressed(InputKey key) { return ImGui::IsKeyPressed(key_of(key), false); }

void Ui::new_page(std::string_view focus) {
    state_->wanted_focus = focus;
    state_->settling = kSettlingFrames;
}

void Ui::record(std::string_view id, bool enabled, bool panel) {
    if (!panel && enabled && state_->wanted_focus == id) {
        state_->wanted_focus.clear();
        ImGui::SetFocusID(ImGui::GetItemID(), ImGui::GetCurrentWindow());
        state_->context->NavDisableHighlight = false; // the keyboard's user sees where it is
    }
    auto from = panel ? ImGui::GetWindowPos() : ImGui::GetItemRectMin();
    auto to = panel ? ImVec2(from.x + ImGui::GetWindowWidth(), from.y + ImGui::GetWindowHeight())
                    : ImGui::GetItemRectMax();
    if (!panel && ImGui::IsItemVisible()) {
        // What is scrolled half out of its panel can be clicked only where it is seen.
        const auto& clip = ImGui::GetCurrentWindow()->ClipRect;
        from = {std::max(from.x, clip.Min.x), std::max(from.y, clip.Min.y)};
        to = {std::min(to.x, clip.Max.x), std::min(to.y, clip.Max.y)};
    }
    widgets_.push_back({std::string(id), from.x, from.y, to.x - from.x, to.y - from.y, enabled,
                        !panel && ImGui::IsItemFocused(), panel || ImGui::IsItemVisible(), panel});
}

} // namespace lifeboat::gui
