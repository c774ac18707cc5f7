// SPDX-License-Identifier: GPL-2.0-or-later
#include "repair/repair.hpp"

namespace lifeboat::repair {

const Repair* find(std::string_view id) {
    for (const auto& repair : catalogue())
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
