// SPDX-License-Identifier: GPL-2.0-or-later
// What the repairs of Windows share. Each is a plan: a pure function from the SYSTEM hive to the
// list of changes it wants. Diagnosis shows the plan, the repair carries it out; so they agree.
#pragma once

#include "repair/repair.hpp"

#include <string>
#include <vector>

namespace lifeboat::repair::windows {

struct Edit {
    enum class Kind { set_value, delete_value, delete_key };
    Kind kind = Kind::set_value;
    std::string key;       // path in SYSTEM
    registry::Value value; // only the name counts for delete_value
    std::string evidence;  // what is there now; empty: said by another edit
    std::string sentence;  // what is done about it; likewise
    Severity severity = Severity::critical;
};

struct Plan {
    std::vector<Edit> edits;
    std::vector<std::string> remarks; // worth knowing beside the evidence; nothing is done
};

using Planner = Result<Plan> (*)(const registry::Hive& system, const guest::Guest& guest);

[[nodiscard]] Diagnosis diagnose_plan(const guest::Guest& guest, Planner planner);
[[nodiscard]] Result<void> apply_plan(guest::Editor& editor, Planner planner);

// "ControlSet001".
[[nodiscard]] std::string control_set(int number);
// "HKLM\SYSTEM\..." for people.
[[nodiscard]] std::string shown(std::string_view key);
// The driver file a service names, as a path in the guest's tree:
// "/Windows/System32/drivers/x.sys". Nothing when it lies outside the system directory or the name
// cannot be understood.
[[nodiscard]] Result<std::optional<std::string>> driver_file(const registry::Hive& system,
                                                             const guest::Guest& guest,
                                                             const std::string& service_key);
// One string of a list value without its terminator, and its bytes as stored.
struct ListEntry {
    std::string text;
    Bytes stored;
};
// The strings of a REG_MULTI_SZ or REG_SZ; nothing when it is neither or ends inside a character.
[[nodiscard]] std::optional<std::vector<ListEntry>> list_entries(const registry::Value& value);
// The value with only these entries left, byte for byte as they were stored.
[[nodiscard]] registry::Value with_entries(const registry::Value& value,
                                           const std::vector<ListEntry>& entries);

// Driver services of Xen families that must not start, or filter, on another hypervisor.
[[nodiscard]] bool is_xen_driver(std::string_view service);

// A filter list (UpperFilters, LowerFilters) of a class or a device in one control set.
struct FilterList {
    registry::Hive::Place place;
    std::string shown_owner; // "class hdc", "device PCIIDE\IDEChannel\4&..."
    std::string class_guid;  // of a class; empty for a device
};
[[nodiscard]] Result<std::vector<FilterList>> filter_lists(const registry::Hive& system, int set);

// The plans, one per repair.
[[nodiscard]] Result<Plan> plan_xen_class_filter(const registry::Hive&, const guest::Guest&);
[[nodiscard]] Result<Plan> plan_orphan_filter(const registry::Hive&, const guest::Guest&);
[[nodiscard]] Result<Plan> plan_xen_services(const registry::Hive&, const guest::Guest&);
[[nodiscard]] Result<Plan> plan_inbox_storage(const registry::Hive&, const guest::Guest&);
[[nodiscard]] Result<Plan> plan_cddb_disabled(const registry::Hive&, const guest::Guest&);

extern const Repair kXenClassFilter;
extern const Repair kOrphanFilter;
extern const Repair kXenServices;
extern const Repair kInboxStorage;
extern const Repair kCddbDisabled;

} // namespace lifeboat::repair::windows
