// SPDX-License-Identifier: GPL-2.0-or-later
// The pages: each draws a Model and says what the person asks for. One file per page.
#pragma once

#include "gui/model.hpp"
#include "gui/ui.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::gui {

struct View {
    Ui& ui;
    const Model& model;
    std::vector<Command>& commands;
    // The support engineer's page of a finding.
    std::function<std::optional<std::string_view>(std::string_view)> page;
    Box body{}; // between header and footer

    void ask(Do what) const { commands.push_back({what, {}, 0, false}); }
};

// The page that the model is at, with header and footer.
void draw(View& view);
// The widget that gets the keyboard when this page comes up.
[[nodiscard]] std::string first_focus(const Model& model);
// "overview", "finding", ..., "working"; for markers and tests.
[[nodiscard]] std::string_view page_name(const Model& model);

void view_overview(View& view);
void view_finding(View& view);
void view_kept(View& view);
void view_preview(View& view);
void view_confirm(View& view);
void view_confirm_undo(View& view);
void view_result(View& view);
void view_failure(View& view);
void view_power(View& view);
void view_working(View& view);

// -- wording that several pages share --------------------------------------------------------
struct Mark {
    Tone tone = Tone::normal;
    std::string word; // "CRITICAL", "NOT CHECKED"
};
[[nodiscard]] Mark mark_of(const session::FindingInfo& finding);
[[nodiscard]] std::string row_id(std::string_view what, const Key& key); // "finding.windows1.win.x"
[[nodiscard]] std::string count_of(std::size_t number, std::string_view one, std::string_view many);
void draw_error(View& view, const Error& error);
// A panel in the middle of the body, for a question or an answer; as high as what it holds.
[[nodiscard]] Box card(const View& view);

// -- layout ----------------------------------------------------------------------------------
inline constexpr float kMargin = 16;
inline constexpr float kHeader = 56;
inline constexpr float kFooter = 46;
inline constexpr float kButtons = 52; // the row of buttons below a panel

} // namespace lifeboat::gui
