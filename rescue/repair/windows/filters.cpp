// SPDX-License-Identifier: GPL-2.0-or-later
// Where Windows keeps the filter drivers of device classes and devices. A filter driver that is
// named there and cannot start makes every device below it fail.
#include "base/text.hpp"
#include "repair/windows/windows.hpp"

#include <array>

namespace lifeboat::repair::windows {

namespace {

constexpr std::array<std::string_view, 2> kNames = {"UpperFilters", "LowerFilters"};

// Devices that exist only under Xen. They stay behind as phantoms that no boot looks at.
constexpr std::array<std::string_view, 7> kXenBuses = {"XEN",      "XENBUS",    "XENVIF", "XENVKBD",
                                                       "XENCLASS", "XENDEVICE", "RHEL"};

bool on_xen_bus(std::string_view device) {
    const std::string_view bus = device.substr(0, device.find('\\'));
    for (const std::string_view name : kXenBuses)
        if (iequals(bus, name))
            return true;
    return false;
}

} // namespace

Result<std::vector<FilterList>> filter_lists(const registry::Hive& system, int set) {
    const std::string base = control_set(set);
    std::vector<FilterList> out;
    const std::string classes = base + "\\Control\\Class";
    LIFEBOAT_TRY(auto of_classes, system.find_values(classes, 1, kNames));
    for (auto& place : of_classes) {
        const std::string guid = place.path.substr(classes.size() + 1);
        LIFEBOAT_TRY(const auto name, system.value(place.path, "Class"));
        const std::string text = name ? name->as_string().value_or("") : "";
        out.push_back({std::move(place), "class " + printable(text.empty() ? guid : text), guid});
    }
    const std::string devices = base + "\\Enum";
    LIFEBOAT_TRY(auto of_devices, system.find_values(devices, 3, kNames));
    for (auto& place : of_devices) {
        const std::string device = place.path.substr(devices.size() + 1);
        if (!on_xen_bus(device))
            out.push_back({std::move(place), "device " + printable(device), ""});
    }
    // Windows 7 and older copy the filters of these entries to a new device (real hives have them).
    const std::string critical = base + "\\Control\\CriticalDeviceDatabase";
    LIFEBOAT_TRY(auto of_critical, system.find_values(critical, 1, kNames));
    for (auto& place : of_critical) {
        const std::string entry = place.path.substr(critical.size() + 1);
        out.push_back({std::move(place), "critical device " + printable(entry), ""});
    }
    return out;
}

} // namespace lifeboat::repair::windows
