// SPDX-License-Identifier: GPL-2.0-or-later
// What a Linux repair would do, worked out from the guest as it is now. Diagnosis reports the plan
// and apply carries it out, so that the two can never disagree.
#pragma once

#include "repair/repair.hpp"

#include <string>
#include <vector>

namespace lifeboat::repair {

struct Action {
    enum class Kind { write, rename, remove };
    Kind kind = Kind::write;
    std::string path;
    std::string text; // new content, or the new name
    std::string note; // one plain sentence for the preview
};

struct Plan {
    std::vector<Action> actions;
    Severity severity = Severity::info;
    std::vector<std::string> evidence;
    std::string not_applicable; // why this repair has nothing to say; empty when it has

    void add(Severity at_least, std::string what);
    // Plans new content for a file; nothing when it is what is there already.
    void write(std::string path, const std::string& before, std::string after, std::string note);
};

[[nodiscard]] Diagnosis diagnosis_of(const Result<Plan>& plan);
[[nodiscard]] Result<void> carry_out(const Result<Plan>& plan, guest::Editor& editor);

// "/boot/grub/grub.cfg, line 12: <text>", with the guest's text made safe to print.
[[nodiscard]] std::string at_line(const std::string& path, std::size_t line, std::string_view text);

} // namespace lifeboat::repair
