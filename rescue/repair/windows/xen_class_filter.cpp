// SPDX-License-Identifier: GPL-2.0-or-later
// win.xen-class-filter: Xen drivers named as filters of device classes and devices.
#include "base/text.hpp"
#include "repair/windows/windows.hpp"

namespace lifeboat::repair::windows {

Result<Plan> plan_xen_class_filter(const registry::Hive& system, const guest::Guest& guest) {
    Plan plan;
    for (const int set : guest.windows()->control_sets) {
        LIFEBOAT_TRY(const auto lists, filter_lists(system, set));
        for (const FilterList& list : lists) {
            const auto& [path, value] = list.place;
            const auto entries = list_entries(value);
            if (!entries)
                continue;
            std::vector<ListEntry> kept;
            std::string removed;
            for (const ListEntry& entry : *entries) {
                if (is_xen_driver(entry.text))
                    removed += (removed.empty() ? "" : ", ") + printable(entry.text);
                else
                    kept.push_back(entry);
            }
            if (removed.empty())
                continue;
            Edit edit;
            edit.kind = kept.empty() ? Edit::Kind::delete_value : Edit::Kind::set_value;
            edit.key = path;
            edit.value = with_entries(value, kept);
            edit.evidence =
                shown(path) + ": " + value.name + " of " + list.shown_owner + " names " + removed;
            edit.sentence = "Remove " + removed + " from " + value.name + " of " +
                            list.shown_owner + " in " + control_set(set) +
                            (kept.empty() ? " (nothing is left: the value goes)" : "");
            plan.edits.push_back(std::move(edit));
        }
    }
    return plan;
}

const Repair kXenClassFilter = {
    "win.xen-class-filter",
    "Xen drivers still filter disks and buses",
    "Windows hands every disk controller to these filter drivers. Without Xen they do not start, "
    "the boot disk does not appear, and Windows stops with 0x7B INACCESSIBLE_BOOT_DEVICE.",
    "None known away from Xen. Back on a Xen host the guest runs on emulated disks until its Xen "
    "drivers are installed again.",
    guest::Family::windows,
    [](const guest::Guest& guest) { return diagnose_plan(guest, plan_xen_class_filter); },
    [](guest::Editor& editor) { return apply_plan(editor, plan_xen_class_filter); },
};

} // namespace lifeboat::repair::windows
