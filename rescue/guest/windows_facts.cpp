// SPDX-License-Identifier: GPL-2.0-or-later
// Version, control sets and state of an offline Windows, from its hives. Sources: Microsoft's
// descriptions of CurrentVersion and Select, and real hives of XP, 7, 10 and Windows PE.
#include "base/text.hpp"
#include "guest/windows.hpp"

#include <algorithm>
#include <array>

namespace lifeboat::guest {

namespace {

using registry::Hive;

constexpr std::string_view kCurrentVersion = "Microsoft\\Windows NT\\CurrentVersion";

// Facts are hints: what cannot be read is taken as not there.
std::string text_of(const Hive& hive, std::string_view key, std::string_view name) {
    const auto value = hive.value(key, name);
    if (!value || !*value)
        return {};
    return (*value)->as_string().value_or("");
}

std::optional<std::uint32_t> number_of(const Hive& hive, std::string_view key,
                                       std::string_view name) {
    const auto value = hive.value(key, name);
    if (!value || !*value)
        return std::nullopt;
    return (*value)->as_dword();
}

std::uint32_t decimal(std::string_view text) {
    std::uint32_t number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9' || number > 99999)
            break;
        number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    return number;
}

void from_software(WindowsFacts& facts, const Hive& software) {
    facts.product = text_of(software, kCurrentVersion, "ProductName");
    facts.build = decimal(text_of(software, kCurrentVersion, "CurrentBuildNumber"));
    // Windows 10 and later keep "6.3" in CurrentVersion and the truth in two numbers.
    if (const auto major = number_of(software, kCurrentVersion, "CurrentMajorVersionNumber")) {
        facts.major = *major;
        facts.minor = number_of(software, kCurrentVersion, "CurrentMinorVersionNumber").value_or(0);
    } else {
        const std::string version = text_of(software, kCurrentVersion, "CurrentVersion");
        const auto dot = version.find('.');
        facts.major = decimal(version);
        if (dot != std::string::npos)
            facts.minor = decimal(std::string_view(version).substr(dot + 1));
    }
    // Windows 11 still calls itself 10 here; its builds begin with 22000. Servers do not.
    constexpr std::string_view ten = "Windows 10";
    if (facts.build >= 22000 && facts.product.substr(0, ten.size()) == ten)
        facts.product.replace(0, ten.size(), "Windows 11");
}

// DriverDatabase\Version: 0x06030000 in 8.1, 0x0A000000 in 10 (real hives).
void from_driver_database(WindowsFacts& facts, const Hive& system) {
    if (const auto version = number_of(system, "DriverDatabase", "Version")) {
        facts.major = *version >> 24;
        facts.minor = (*version >> 16) & 0xFF;
    }
}

// Every set that the next boot may choose and that exists, the current one first.
std::vector<int> control_sets(const Hive& system) {
    std::vector<int> sets;
    for (const std::string_view name : {"Current", "Default", "LastKnownGood"}) {
        const auto number = number_of(system, "Select", name);
        if (!number || *number == 0 || *number > 999)
            continue;
        const int set = static_cast<int>(*number);
        const std::string digits = std::to_string(set);
        const std::string key = "ControlSet" + std::string(3 - digits.size(), '0') + digits;
        if (system.has_key(key).value_or(false) &&
            std::find(sets.begin(), sets.end(), set) == sets.end())
            sets.push_back(set);
    }
    return sets;
}

std::string name_of_version(const WindowsFacts& facts) {
    struct Name {
        std::uint32_t major, minor;
        std::string_view name;
    };
    static constexpr std::array<Name, 8> names = {{
        {5, 0, "Windows 2000"},
        {5, 1, "Windows XP"},
        {5, 2, "Windows Server 2003"},
        {6, 0, "Windows Vista or Server 2008"},
        {6, 1, "Windows 7 or Server 2008 R2"},
        {6, 2, "Windows 8 or Server 2012"},
        {6, 3, "Windows 8.1 or Server 2012 R2"},
        {10, 0, "Windows 10 or later"},
    }};
    for (const Name& one : names)
        if (one.major == facts.major && one.minor == facts.minor)
            return std::string(one.name);
    return "Windows";
}

} // namespace

WindowsFacts windows_facts(const std::string& root, const Hive* system, const Hive* software,
                           const std::optional<Executable>& kernel) {
    WindowsFacts facts;
    facts.system_root = root;
    if (software)
        from_software(facts, *software);
    if (facts.major == 0 && kernel) {
        facts.major = kernel->major;
        facts.minor = kernel->minor;
        facts.build = kernel->build;
    }
    if (system) {
        facts.control_sets = control_sets(*system);
        facts.driver_database = system->has_key("DriverDatabase").value_or(false);
        if (facts.major == 0)
            from_driver_database(facts, *system);
    }
    return facts;
}

Architecture architecture_from_hive(const Hive& system, const WindowsFacts& facts) {
    for (const int set : facts.control_sets) {
        const std::string digits = std::to_string(set);
        const std::string key = "ControlSet" + std::string(3 - digits.size(), '0') + digits +
                                "\\Control\\Session Manager\\Environment";
        const std::string name = text_of(system, key, "PROCESSOR_ARCHITECTURE");
        if (iequals(name, "AMD64"))
            return Architecture::x86_64;
        if (iequals(name, "x86"))
            return Architecture::x86;
        if (iequals(name, "ARM64"))
            return Architecture::arm64;
    }
    return Architecture::unknown;
}

std::string windows_title(const WindowsFacts& facts, Architecture architecture) {
    const std::string name = facts.product.empty() ? name_of_version(facts) : facts.product;
    std::string details;
    if (facts.build != 0)
        details = "build " + std::to_string(facts.build);
    if (architecture != Architecture::unknown) {
        details += details.empty() ? "" : ", ";
        details += architecture == Architecture::x86_64 ? "x64" : to_string(architecture);
    }
    return printable(name) + (details.empty() ? "" : " (" + details + ")");
}

std::vector<Error> hive_obstacles(const Hive& system, const std::string& where) {
    std::vector<Error> out;
    // A generalized image (sysprep) also says "in progress", but runs windeploy, not setup.
    const std::string command = text_of(system, "Setup", "CmdLine");
    if (number_of(system, "Setup", "SystemSetupInProgress").value_or(0) == 1 &&
        icontains(command, "setup") && !icontains(command, "oobe"))
        out.push_back({ErrorKind::refused, where,
                       "Windows Setup has not finished on this guest (" + printable(command) + ")",
                       "finish the installation where it still runs, then try again"});
    return out;
}

} // namespace lifeboat::guest
