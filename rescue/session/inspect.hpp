// SPDX-License-Identifier: GPL-2.0-or-later
// Asks every repair about every guest. Changes nothing.
#pragma once

#include "repair/repair.hpp"
#include "session/state.hpp"

namespace lifeboat::session {

[[nodiscard]] Result<Inspection> inspect_machine(guest::Machine& machine,
                                                 std::span<const repair::Repair> catalogue,
                                                 Progress& progress);
[[nodiscard]] GuestInfo describe(const guest::Guest& guest);
[[nodiscard]] FindingInfo describe(const repair::Repair& repair, std::string guest,
                                   const repair::Diagnosis& diagnosis);

} // namespace lifeboat::session
