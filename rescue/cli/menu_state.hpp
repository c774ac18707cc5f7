// SPDX-License-Identifier: GPL-2.0-or-later
// What the text menu knows between two lines, and its words for it.
#pragma once

#include "session/session.hpp"

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace lifeboat::cli {

struct MenuState {
    std::optional<session::Inspection> inspection;
    std::vector<std::size_t> rows;       // indices of findings, as numbered on the terminal from 1
    std::set<std::size_t> chosen;        // indices of findings
    session::Agreements agreed;          // to the prices of ways past obstacles
    std::vector<session::KeptInfo> kept; // originals of earlier repairs, newest first
    std::optional<Error> kept_error;     // why they could not be looked for
    std::optional<session::Preview> preview;
    std::vector<std::string> undo_files; // oldest first

    // Takes a new inspection: numbers it, chooses what can be repaired.
    void take(session::Inspection seen);
    // Newest last, as the session has them.
    void take(Result<std::vector<session::KeptInfo>> originals);
    // Agrees to the price of the way with this number, or not any more; false when there is none.
    [[nodiscard]] bool toggle_way(std::size_t number);
    [[nodiscard]] const session::GuestInfo* guest(const std::string& id) const;
    [[nodiscard]] bool can_repair(const session::FindingInfo& finding) const;
    [[nodiscard]] std::vector<session::Choice> choices() const;

private:
    void choose_what_matters();
};

// Disks, guests and the numbered findings.
[[nodiscard]] std::string overview_text(const MenuState& state);
// The numbered sets of originals, newest first.
[[nodiscard]] std::string kept_list(const MenuState& state);
// All about one finding; `page` is the support engineer's page, or empty.
[[nodiscard]] std::string finding_text(const session::FindingInfo& finding,
                                       const session::GuestInfo* guest, std::string_view page);
[[nodiscard]] std::string mark_of(const session::FindingInfo& finding); // "CRITICAL"

} // namespace lifeboat::cli
