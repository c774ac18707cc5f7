// SPDX-License-Identifier: GPL-2.0-or-later
// The catalogue of repairs. One repair is one small file: how to recognise the trouble, and how to
// cure it. It never talks to a library or to a person.
#pragma once

#include "guest/editor.hpp"

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lifeboat::repair {

enum class Severity {
    info,     // worth knowing
    warning,  // will hurt, but the guest boots: a delay, a missing login prompt
    critical, // the guest will not boot, or cannot be reached
};

struct Healthy {};
struct NotApplicable {
    std::string why;
};
struct CouldNotLook {
    std::string why;
};
struct Trouble {
    Severity severity = Severity::critical;
    std::vector<std::string> evidence; // each names the place and what is there, in stable order
};
using Diagnosis = std::variant<Healthy, NotApplicable, CouldNotLook, Trouble>;

struct Repair {
    std::string_view id;    // "win.xen-class-filter"; docs/findings/<id>.md
    std::string_view title; // "Xen class filter drivers are still installed"
    std::string_view why;   // what goes wrong because of it, one or two sentences
    std::string_view risk;  // what the repair could cost; "none known" is an answer
    guest::Family family;
    Diagnosis (*diagnose)(const guest::Guest& guest);
    // Nothing to cure is success without a change.
    Result<void> (*apply)(guest::Editor& editor);
};

// In the order in which repairs are applied.
[[nodiscard]] std::span<const Repair> catalogue();
[[nodiscard]] const Repair* find(std::string_view id);
[[nodiscard]] std::string_view to_string(Severity severity);

} // namespace lifeboat::repair
