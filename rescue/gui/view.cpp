// SPDX-License-Identifier: GPL-2.0-or-later
// Header, footer, and what the pages share.
#include "gui/views.hpp"

#include "gui/shown.hpp"

#include <algorithm>

namespace lifeboat::gui {

using session::Outcome;

namespace {

std::string_view title_of(const Model& model) {
    if (model.work != Work::none)
        return "Working";
    switch (model.page) {
    case Page::overview: return "What was found";
    case Page::finding: return "One finding";
    case Page::kept: return "Originals of earlier repairs";
    case Page::preview: return "Preview of every change";
    case Page::confirm: return "Apply the changes?";
    case Page::result: return "Result";
    case Page::failure: return "That did not work";
    case Page::confirm_undo: return "Undo the last change?";
    case Page::power: return "Restart or power off";
    }
    return {};
}

// Words of the header's right side: what would be lost, and what was done.
std::string state_of(const Model& model) {
    if (model.preview && !model.preview->empty())
        return "Nothing is written yet";
    if (!model.undo_files.empty())
        return count_of(model.undo_files.size(), "change can be undone", "changes can be undone");
    return "The disks are open for reading only";
}

void draw_header(View& view) {
    auto& ui = view.ui;
    ui.band({0, 0, ui.width(), kHeader});
    ui.text_at(kMargin, 14, "Lifeboat", Tone::normal, Font::title);
    const float after = kMargin + ui.text_width("Lifeboat", Font::title) + 14;
    ui.text_at(after, 18, "›  " + std::string(title_of(view.model)));
    const auto state = state_of(view.model);
    ui.text_at(ui.width() - kMargin - ui.text_width(state), 18, state);
}

struct FunctionKey {
    InputKey key;
    std::string_view id, label;
    Do what;
};

std::vector<FunctionKey> keys_of(const Model& model) {
    std::vector<FunctionKey> out;
    if (model.work != Work::none) {
        if (can_stop(model))
            out.push_back({InputKey::escape, "key.esc", "Esc Stop", Do::cancel});
    } else {
        if (model.page != Page::overview)
            out.push_back({InputKey::escape, "key.esc", "Esc Back", Do::back});
        if (model.page == Page::overview)
            out.push_back({InputKey::f5, "key.f5", "F5 Look again", Do::look});
        if (model.page == Page::overview || model.page == Page::finding)
            out.push_back({InputKey::f8, "key.f8", "F8 Preview", Do::preview});
        if (model.page == Page::kept)
            out.push_back({InputKey::f8, "key.f8", "F8 Preview", Do::preview_restore});
        if (model.page == Page::preview)
            out.push_back({InputKey::f9, "key.f9", "F9 Apply", Do::ask_apply});
    }
    out.push_back({InputKey::f2, "key.f2", "F2 Contrast", Do::contrast});
    if (model.can_power && model.work == Work::none && model.page != Page::power)
        out.push_back({InputKey::f10, "key.f10", "F10 Power", Do::power_menu});
    return out;
}

void draw_footer(View& view) {
    auto& ui = view.ui;
    const float top = ui.height() - kFooter;
    ui.band({0, top, ui.width(), kFooter});
    float x = kMargin;
    for (const auto& key : keys_of(view.model)) {
        ui.place(x, top + 6);
        const bool clicked = ui.button(key.id, key.label);
        if (clicked || ui.pressed(key.key))
            view.ask(key.what);
        x += ui.text_width(key.label) + 34;
    }
    constexpr std::string_view kHint = "Tab and arrows move,  Enter chooses";
    const float width = ui.text_width(kHint);
    if (x + width + kMargin < ui.width())
        ui.text_at(ui.width() - width - kMargin, top + 13, kHint);
}

void draw_page(View& view) {
    if (view.model.work != Work::none)
        return view_working(view);
    switch (view.model.page) {
    case Page::overview: return view_overview(view);
    case Page::finding: return view_finding(view);
    case Page::kept: return view_kept(view);
    case Page::preview: return view_preview(view);
    case Page::confirm: return view_confirm(view);
    case Page::result: return view_result(view);
    case Page::failure: return view_failure(view);
    case Page::confirm_undo: return view_confirm_undo(view);
    case Page::power: return view_power(view);
    }
}

} // namespace

void draw(View& view) {
    view.body = {kMargin, kHeader + kMargin, view.ui.width() - 2 * kMargin,
                 view.ui.height() - kHeader - kFooter - 2 * kMargin};
    draw_header(view);
    draw_page(view);
    draw_footer(view);
}

std::string_view page_name(const Model& model) {
    if (model.work != Work::none)
        return "working";
    switch (model.page) {
    case Page::overview: return "overview";
    case Page::finding: return "finding";
    case Page::kept: return "kept";
    case Page::preview: return "preview";
    case Page::confirm: return "confirm";
    case Page::result: return "result";
    case Page::failure: return "failure";
    case Page::confirm_undo: return "confirm-undo";
    case Page::power: return "power";
    }
    return {};
}

std::string first_focus(const Model& model) {
    if (model.work != Work::none)
        return "key.f2";
    switch (model.page) {
    case Page::overview:
        if (!model.inspection)
            return "look";
        return model.chosen.empty() ? "choose-all" : "preview";
    case Page::kept: return "kept." + std::to_string(model.open_kept);
    case Page::preview: return model.preview && model.preview->empty() ? "back" : "entry.0";
    case Page::confirm: return "confirm";
    case Page::finding:
    case Page::failure:
    case Page::confirm_undo:
    case Page::power: return "back";
    case Page::result: return "overview";
    }
    return {};
}

Mark mark_of(const session::FindingInfo& finding) {
    switch (finding.outcome) {
    case Outcome::healthy: return {Tone::good, "OK"};
    case Outcome::not_applicable: return {Tone::dim, "DOES NOT APPLY"};
    case Outcome::could_not_look: return {Tone::warning, "NOT CHECKED"};
    case Outcome::trouble: break;
    }
    if (finding.severity == "critical")
        return {Tone::critical, "CRITICAL"};
    if (finding.severity == "warning")
        return {Tone::warning, "WARNING"};
    return {Tone::info, "INFO"};
}

std::string row_id(std::string_view what, const Key& key) {
    return std::string(what) + "." + key.guest + "." + key.id;
}

std::string count_of(std::size_t number, std::string_view one, std::string_view many) {
    return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

void draw_error(View& view, const Error& error) {
    auto& ui = view.ui;
    if (!error.where.empty())
        ui.text(shown(error.where), Tone::dim);
    ui.text(shown(error.what) + ".", Tone::critical, Font::bold);
    if (!error.next.empty()) {
        ui.gap(4);
        ui.text("What to do: " + shown(error.next) + ".");
    }
}

Box card(const View& view) {
    const float width = std::min(view.body.width, 720.0F);
    return {view.body.x + (view.body.width - width) / 2, view.body.y, width, 0};
}

} // namespace lifeboat::gui
