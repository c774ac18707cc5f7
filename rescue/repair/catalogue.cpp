// SPDX-License-Identifier: GPL-2.0-or-later
// The explicit table of all repairs. Its order is the order of application: filters before the
// services they name, device names before the console.
#include "repair/repair.hpp"

#include "repair/linux/linux.hpp"
#include "repair/windows/windows.hpp"

#include <vector>

namespace lifeboat::repair {

std::span<const Repair> catalogue() {
    static const std::vector<Repair> all = {
        windows::kXenClassFilter,
        windows::kOrphanFilter,
        windows::kXenServices,
        windows::kInboxStorage,
        windows::kCddbDisabled,
        kLinuxRootDevice,
        kLinuxFstab,
        kLinuxFstabMissing,
        kLinuxKernelConsole,
        kLinuxGetty,
    };
    return all;
}

const Repair* find(std::string_view id) {
    for (const Repair& repair : catalogue())
        if (repair.id == id)
            return &repair;
    return nullptr;
}

std::string_view to_string(Severity severity) {
    switch (severity) {
    case Severity::info: return "info";
    case Severity::warning: return "warning";
    case Severity::critical: return "critical";
    }
    return "unknown";
}

} // namespace lifeboat::repair
