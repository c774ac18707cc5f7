// SPDX-License-Identifier: GPL-2.0-or-later
// One finding: what was seen, why it matters, what the repair could cost, the whole page about it.
#include "gui/views.hpp"

#include "base/text.hpp"
#include "gui/shown.hpp"

namespace lifeboat::gui {

using session::Outcome;

namespace {

void draw_section(Ui& ui, std::string_view title, const std::string& text) {
    if (text.empty())
        return;
    ui.gap(4);
    ui.text(title, Tone::normal, Font::bold);
    ui.text(text);
}

std::string_view evidence_title(Outcome outcome) {
    switch (outcome) {
    case Outcome::trouble: return "What was seen";
    case Outcome::could_not_look: return "Why it could not be checked";
    case Outcome::not_applicable: return "Why it does not apply";
    case Outcome::healthy: break;
    }
    return "What was seen";
}

// Markdown, as much of it as docs/findings uses: headings, lists, code blocks, paragraphs.
void draw_markdown(Ui& ui, std::string_view page) {
    bool code = false;
    std::string paragraph;
    const auto flush = [&] {
        if (!paragraph.empty())
            ui.text(paragraph);
        paragraph.clear();
    };
    for (const auto& line : shown_lines(page)) {
        if (line.starts_with("```")) {
            flush();
            code = !code;
        } else if (code) {
            ui.line(line);
        } else if (line.starts_with("#")) {
            flush();
            ui.gap(6);
            ui.text(trim(std::string_view(line).substr(line.find_first_not_of('#'))), Tone::normal,
                    Font::bold);
        } else if (trim(line).empty()) {
            flush();
            ui.gap(2);
        } else {
            const bool item = line.starts_with("- ") || line.starts_with("* ");
            if (item || line.starts_with("|"))
                flush();
            if (!paragraph.empty())
                paragraph += ' ';
            paragraph += trim(line);
        }
    }
    flush();
}

void draw_document(View& view, const session::FindingInfo& finding) {
    auto& ui = view.ui;
    const auto mark = mark_of(finding);
    const auto* guest = find_guest(view.model, finding.guest);
    ui.badge(mark.word, mark.tone);
    ui.text(shown(finding.title), Tone::normal, Font::title);
    ui.text(shown(guest_name(view.model, finding.guest)) + "   " + shown(finding.id), Tone::dim);
    if (guest && guest->verdict == session::Verdict::refused)
        for (const auto& obstacle : guest->obstacles)
            draw_error(view, obstacle);
    if (!finding.evidence.empty()) {
        ui.gap(4);
        ui.text(evidence_title(finding.outcome), Tone::normal, Font::bold);
        for (const auto& evidence : finding.evidence)
            ui.text("-  " + shown(evidence));
    }
    draw_section(ui, "Why it matters", shown(finding.why));
    draw_section(ui, "What the repair could cost", shown(finding.risk));
    if (const auto page = view.page ? view.page(finding.id) : std::nullopt) {
        ui.gap(8);
        ui.rule();
        draw_markdown(ui, *page);
    }
}

} // namespace

void view_finding(View& view) {
    auto& ui = view.ui;
    const auto& body = view.body;
    const auto* finding = find_finding(view.model, view.model.open);
    ui.begin_document("document", {body.x, body.y, body.width, body.height - kButtons});
    if (finding)
        draw_document(view, *finding);
    ui.end_document();
    ui.place(body.x, body.y + body.height - kButtons + 14);
    if (ui.button("back", "Back", Look::primary))
        view.ask(Do::back);
    ui.beside();
    if (finding && finding->outcome == Outcome::trouble) {
        if (ui.checkbox("choose", "Repair this", view.model.chosen.count(view.model.open) != 0,
                        can_repair(view.model, *finding)))
            view.commands.push_back({Do::toggle, view.model.open, 0, false});
        ui.beside();
    }
    ui.line("   PgUp and PgDn scroll", Tone::dim, Font::text);
}

} // namespace lifeboat::gui
