// SPDX-License-Identifier: GPL-2.0-or-later
#include "repair/linux/plan.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lifeboat::repair {

void Plan::add(Severity at_least, std::string what) {
    severity = std::max(severity, at_least);
    evidence.push_back(std::move(what));
}

void Plan::write(std::string path, const std::string& before, std::string after, std::string note) {
    if (after != before)
        actions.push_back(
            {Action::Kind::write, std::move(path), std::move(after), std::move(note)});
}

Diagnosis diagnosis_of(const Result<Plan>& plan) {
    if (!plan)
        return CouldNotLook{plan.error().text()};
    if (!plan->actions.empty())
        return Trouble{plan->severity, plan->evidence};
    if (!plan->not_applicable.empty())
        return NotApplicable{plan->not_applicable};
    return Healthy{};
}

Result<void> carry_out(const Result<Plan>& plan, guest::Editor& editor) {
    if (!plan)
        return fail(plan.error());
    for (const auto& action : plan->actions) {
        switch (action.kind) {
        case Action::Kind::write:
            LIFEBOAT_CHECK(editor.write_text(action.path, action.text));
            break;
        case Action::Kind::rename: LIFEBOAT_CHECK(editor.rename(action.path, action.text)); break;
        case Action::Kind::remove: LIFEBOAT_CHECK(editor.remove(action.path)); break;
        }
        editor.note(action.note);
    }
    return {};
}

std::string at_line(const std::string& path, std::size_t line, std::string_view text) {
    return path + ", line " + std::to_string(line) + ": " + printable(trim(text));
}

} // namespace lifeboat::repair
