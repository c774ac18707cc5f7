// SPDX-License-Identifier: GPL-2.0-or-later
// win.cddb-disabled: two switches that keep Windows from starting a disk controller it has not
// seen before, whatever driver is bound to it.
#include "repair/windows/windows.hpp"

#include <array>

namespace lifeboat::repair::windows {

Result<Plan> plan_cddb_disabled(const registry::Hive& system, const guest::Guest& guest) {
    Plan plan;
    for (const int set : guest.windows()->control_sets) {
        const std::string key = control_set(set) + "\\Control\\PnP";
        for (const std::string_view name : {"DisableCDDB", "DontStartRawDevices"}) {
            LIFEBOAT_TRY(const auto value, system.value(key, name));
            const auto number = value ? value->as_dword() : std::nullopt;
            if (!number || *number == 0)
                continue;
            Edit edit;
            edit.key = key;
            edit.value = registry::dword_value(value->name, 0);
            edit.evidence = shown(key) + ": " + value->name + " is " + std::to_string(*number);
            edit.sentence = "Set " + value->name + " to 0 in " + control_set(set);
            plan.edits.push_back(std::move(edit));
        }
    }
    return plan;
}

const Repair kCddbDisabled = {
    "win.cddb-disabled",
    "Windows is told not to start unknown disk controllers",
    "With these switches Windows ignores the drivers it has for a disk controller that is new to "
    "it, and stops with 0x7B INACCESSIBLE_BOOT_DEVICE on other virtual hardware.",
    "A policy that forbids new devices is relaxed for the early boot phase.",
    guest::Family::windows,
    [](const guest::Guest& guest) { return diagnose_plan(guest, plan_cddb_disabled); },
    [](guest::Editor& editor) { return apply_plan(editor, plan_cddb_disabled); },
};

} // namespace lifeboat::repair::windows
