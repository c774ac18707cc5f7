// SPDX-License-Identifier: GPL-2.0-or-later
// win.orphan-filter: a class names a filter driver for which no service exists. Whatever product
// it belonged to, every device of that class fails to start.
#include "base/text.hpp"
#include "repair/windows/windows.hpp"

#include <array>

namespace lifeboat::repair::windows {

namespace {

// Classes without which Windows does not boot: a broken filter here is a 0x7B.
constexpr std::array<std::string_view, 5> kBootClasses = {
    "{4d36e96a-e325-11ce-bfc1-08002be10318}", // disk controllers (hdc)
    "{4d36e97b-e325-11ce-bfc1-08002be10318}", // SCSI adapters
    "{4d36e97d-e325-11ce-bfc1-08002be10318}", // system devices, among them the PCI bus
    "{4d36e967-e325-11ce-bfc1-08002be10318}", // disks
    "{71a27cdd-812a-11d0-bec7-08002be2092f}", // volumes
};

bool is_boot_class(std::string_view guid) {
    for (const std::string_view one : kBootClasses)
        if (iequals(one, guid))
            return true;
    return false;
}

} // namespace

Result<Plan> plan_orphan_filter(const registry::Hive& system, const guest::Guest& guest) {
    Plan plan;
    for (const int set : guest.windows()->control_sets) {
        LIFEBOAT_TRY(const auto lists, filter_lists(system, set));
        for (const FilterList& list : lists) {
            const auto& [path, value] = list.place;
            const auto entries = list_entries(value);
            if (list.class_guid.empty() || !entries)
                continue;
            std::vector<ListEntry> kept;
            std::string removed;
            for (const ListEntry& entry : *entries) {
                // A name that is a path is nothing Windows would look up; leave it alone.
                const bool plain = entry.text.find('\\') == std::string::npos;
                const std::string service = control_set(set) + "\\Services\\" + entry.text;
                LIFEBOAT_TRY(const bool known, system.has_key(service));
                if (known || !plain ||
                    is_xen_driver(entry.text)) { // those are win.xen-class-filter's
                    kept.push_back(entry);
                    LIFEBOAT_TRY(const auto file, driver_file(system, guest, service));
                    if (known && file && !guest.tree().exists(*file).value_or(true))
                        plan.remarks.push_back(shown(path) + ": " + value.name + " names " +
                                               printable(entry.text) + ", whose file " +
                                               printable(*file) +
                                               " is missing; this is not changed");
                } else {
                    removed += (removed.empty() ? "" : ", ") + printable(entry.text);
                }
            }
            if (removed.empty())
                continue;
            Edit edit;
            edit.kind = kept.empty() ? Edit::Kind::delete_value : Edit::Kind::set_value;
            edit.key = path;
            edit.value = with_entries(value, kept);
            edit.severity = is_boot_class(list.class_guid) ? Severity::critical : Severity::warning;
            edit.evidence = shown(path) + ": " + value.name + " of " + list.shown_owner +
                            " names " + removed + ", but there is no such service";
            edit.sentence = "Remove " + removed + " from " + value.name + " of " +
                            list.shown_owner + " in " + control_set(set);
            plan.edits.push_back(std::move(edit));
        }
    }
    return plan;
}

const Repair kOrphanFilter = {
    "win.orphan-filter",
    "A device class names a filter driver that is not installed",
    "Every device of the class fails to start when a filter driver in its list does not exist. For "
    "disks and disk controllers that means 0x7B INACCESSIBLE_BOOT_DEVICE.",
    "None known: the driver could not have been loaded.",
    guest::Family::windows,
    [](const guest::Guest& guest) { return diagnose_plan(guest, plan_orphan_filter); },
    [](guest::Editor& editor) { return apply_plan(editor, plan_orphan_filter); },
};

} // namespace lifeboat::repair::windows
