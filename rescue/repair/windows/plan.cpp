// SPDX-License-Identifier: GPL-2.0-or-later
#include "repair/windows/windows.hpp"

#include "base/text.hpp"
#include "base/utf.hpp"

#include <algorithm>
#include <array>

namespace lifeboat::repair::windows {

namespace {

// Why the hive or its control sets cannot be used; nothing when they can.
std::optional<std::string> cannot_look(const guest::Guest& guest,
                                       const Result<const registry::Hive*>& system) {
    if (!system)
        return system.error().text();
    if (!*system)
        return "there is no SYSTEM hive in " + guest.volume();
    if (!guest.windows() || guest.windows()->control_sets.empty())
        return "the SYSTEM hive does not say which control set Windows uses";
    return std::nullopt;
}

Result<void> carry_out(registry::Hive& hive, const Edit& edit) {
    switch (edit.kind) {
    case Edit::Kind::set_value: return hive.set(edit.key, edit.value);
    case Edit::Kind::delete_value: return hive.delete_value(edit.key, edit.value.name);
    case Edit::Kind::delete_key: return hive.delete_key(edit.key);
    }
    return {};
}

} // namespace

Diagnosis diagnose_plan(const guest::Guest& guest, Planner planner) {
    const auto system = guest.hive("SYSTEM");
    if (auto why = cannot_look(guest, system))
        return CouldNotLook{std::move(*why)};
    auto plan = planner(**system, guest);
    if (!plan)
        return CouldNotLook{plan.error().text()};
    if (plan->edits.empty())
        return Healthy{};
    Trouble trouble{Severity::info, {}};
    for (const Edit& edit : plan->edits) {
        trouble.severity = std::max(trouble.severity, edit.severity);
        if (!edit.evidence.empty())
            trouble.evidence.push_back(edit.evidence);
    }
    trouble.evidence.insert(trouble.evidence.end(), plan->remarks.begin(), plan->remarks.end());
    return trouble;
}

Result<void> apply_plan(guest::Editor& editor, Planner planner) {
    LIFEBOAT_TRY(registry::Hive* const hive, editor.hive("SYSTEM"));
    if (auto why = cannot_look(editor.guest(), Result<const registry::Hive*>(hive)))
        return fail(ErrorKind::damaged, editor.guest().volume(), *why);
    LIFEBOAT_TRY(const Plan plan, planner(*hive, editor.guest()));
    for (const Edit& edit : plan.edits) {
        LIFEBOAT_CHECK(carry_out(*hive, edit));
        if (!edit.sentence.empty())
            editor.note(edit.sentence);
    }
    return {};
}

std::string control_set(int number) {
    const std::string digits = std::to_string(number);
    return "ControlSet" + std::string(digits.size() < 3 ? 3 - digits.size() : 0, '0') + digits;
}

std::string shown(std::string_view key) { return "HKLM\\SYSTEM\\" + printable(key); }

Result<std::optional<std::string>> driver_file(const registry::Hive& system,
                                               const guest::Guest& guest,
                                               const std::string& service_key) {
    LIFEBOAT_TRY(const auto value, system.value(service_key, "ImagePath"));
    std::string path = value ? value->as_string().value_or("") : "";
    if (path.empty()) // Windows' own default for drivers
        path = "system32\\drivers\\" + service_key.substr(service_key.rfind('\\') + 1) + ".sys";
    for (const std::string_view prefix : {"\\SystemRoot\\", "%SystemRoot%\\"})
        if (istarts_with(path, prefix))
            path.erase(0, prefix.size());
    const bool inside = istarts_with(path, "system32\\") && path.find(':') == std::string::npos &&
                        path.find("..") == std::string::npos;
    if (!inside)
        return std::optional<std::string>();
    std::replace(path.begin(), path.end(), '\\', '/');
    return std::optional<std::string>(guest.windows()->system_root + "/" + path);
}

std::optional<std::vector<ListEntry>> list_entries(const registry::Value& value) {
    const bool multi = value.type == registry::ValueType::multi_sz;
    if ((!multi && value.type != registry::ValueType::sz) || value.data.size() % 2 != 0)
        return std::nullopt;
    std::vector<ListEntry> out;
    ListEntry current;
    const auto finish = [&out, &current] {
        current.text = utf8_from_utf16le_lossy(current.stored);
        out.push_back(std::exchange(current, {}));
    };
    for (std::size_t at = 0; at < value.data.size(); at += 2) {
        if (*read_le<std::uint16_t>(value.data, at) != 0) {
            current.stored.insert(current.stored.end(), {value.data[at], value.data[at + 1]});
        } else if (current.stored.empty()) {
            break; // an empty string ends the list
        } else {
            finish();
            if (!multi)
                break;
        }
    }
    if (!current.stored.empty())
        finish();
    return out;
}

registry::Value with_entries(const registry::Value& value, const std::vector<ListEntry>& entries) {
    registry::Value out{value.name, value.type, {}};
    for (const ListEntry& entry : entries) {
        out.data.insert(out.data.end(), entry.stored.begin(), entry.stored.end());
        append_le(out.data, std::uint16_t{0});
    }
    if (value.type == registry::ValueType::multi_sz)
        append_le(out.data, std::uint16_t{0});
    return out;
}

} // namespace lifeboat::repair::windows
