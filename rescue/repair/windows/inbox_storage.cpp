// SPDX-License-Identifier: GPL-2.0-or-later
// win.inbox-storage: Windows' own drivers for IDE, SATA and NVMe disks, started at boot. With them
// every Windows boots from an emulated controller, without any foreign driver.
#include "base/text.hpp"
#include "repair/windows/windows.hpp"

#include <array>

namespace lifeboat::repair::windows {

namespace {

constexpr std::uint32_t kBoot = 0;
constexpr std::string_view kControllers = "{4D36E96A-E325-11CE-BFC1-08002BE10318}"; // class hdc
constexpr std::string_view kDisks = "{4D36E967-E325-11CE-BFC1-08002BE10318}"; // class DiskDrive

enum class Role { base, ide, other_ide, sata, nvme };

struct Driver {
    std::string_view service;
    // Windows versions that have it, as major * 100 + minor.
    std::uint32_t first = 0, last = 0;
    Role role = Role::base;
    std::string_view what;
};

// Start values of real hives of XP, 7, 8.1 and 10; storahci replaced msahci in 8, stornvme is part
// of 8.1 and later; ftdisk was the volume manager until Vista.
constexpr std::array<Driver, 13> kStorage = {{
    {"disk", 500, 9999, Role::base, "disks"},
    {"partmgr", 500, 9999, Role::base, "partitions"},
    {"mountmgr", 500, 9999, Role::base, "mounted volumes"},
    {"ftdisk", 500, 502, Role::base, "volumes"},
    {"volmgr", 600, 9999, Role::base, "volumes"},
    {"volume", 1000, 9999, Role::base, "volumes"},
    {"volsnap", 501, 9999, Role::base, "volumes"},
    {"atapi", 500, 9999, Role::ide, "IDE disks"},
    {"intelide", 500, 9999, Role::ide, "disks on the IDE controller of QEMU's i440fx machine"},
    {"pciide", 500, 9999, Role::other_ide, "disks on other IDE controllers"},
    {"msahci", 600, 601, Role::sata, "SATA controllers"},
    {"storahci", 602, 9999, Role::sata, "SATA controllers"},
    {"stornvme", 603, 9999, Role::nvme, "NVMe disks"},
}};

// Drivers for virtio disks; a guest that starts one of them at boot has a way to its disk.
constexpr std::array<std::string_view, 7> kVirtio = {
    "viostor", "vioscsi", "virtio_blk", "vrtioblk", "vtioscsi", "pvvxblk", "pvvxscsi"};

// Until Windows 7, drivers are bound to unknown devices by this list (Microsoft KB314082; real
// hives of XP and 7).
struct Binding {
    std::string_view id;
    std::string_view service;
    std::string_view class_guid;
};
constexpr std::array<Binding, 8> kBindings = {{
    {"PCI#CC_0101", "pciide", kControllers},
    {"PCI#CC_010601", "msahci", kControllers},
    {"PCI#VEN_8086&DEV_7010", "intelide", kControllers},
    {"PCI#VEN_8086&DEV_7111", "intelide", kControllers},
    {"Primary_IDE_Channel", "atapi", kControllers},
    {"Secondary_IDE_Channel", "atapi", kControllers},
    {"Internal_IDE_Channel", "atapi", kControllers},
    {"GenDisk", "disk", kDisks},
}};

bool in_version(const Driver& driver, const guest::WindowsFacts& facts) {
    const std::uint32_t version = facts.major * 100 + facts.minor;
    // An unknown version: the service's own presence decides.
    return facts.major == 0 || (version >= driver.first && version <= driver.last);
}

// True when Windows can load this driver: the service exists and so does its file.
Result<bool> loadable(const registry::Hive& system, const guest::Guest& guest,
                      const std::string& key, std::string_view service, Plan& plan) {
    LIFEBOAT_TRY(const bool known, system.has_key(key));
    if (!known) {
        if (guest.windows()->major != 0)
            plan.remarks.push_back(shown(key) + ": this Windows has no service " +
                                   std::string(service));
        return false;
    }
    LIFEBOAT_TRY(const auto file, driver_file(system, guest, key));
    if (!file)
        return true; // an unusual place; Windows has started it from there before
    LIFEBOAT_TRY(const bool there, guest.tree().exists(*file));
    if (!there)
        plan.remarks.push_back(shown(key) + ": its file " + printable(*file) + " is missing");
    return there;
}

struct Started {
    std::optional<registry::Value> value;
    std::string shown = "missing";
    bool at_boot = false;
    bool overridden = false; // Windows 8 and later, for controllers they did not see
    [[nodiscard]] bool works() const { return at_boot && !overridden; }
};

Result<Started> look_at(const registry::Hive& system, const std::string& key) {
    Started out;
    LIFEBOAT_TRY(out.value, system.value(key, "Start"));
    if (out.value) {
        const auto number = out.value->as_dword();
        out.shown = number ? std::to_string(*number) : out.value->text();
        out.at_boot = number && *number == kBoot;
    }
    LIFEBOAT_TRY(out.overridden, system.has_key(key + "\\StartOverride"));
    return out;
}

void plan_start(const Started& now, const std::string& key, const Driver& driver, int set,
                Plan& plan) {
    const std::string service(driver.service);
    if (!now.at_boot) {
        Edit edit;
        edit.key = key;
        edit.value = registry::dword_value(now.value ? now.value->name : "Start", kBoot);
        edit.evidence = shown(key) + ": Start is " + now.shown + ", so " +
                        std::string(driver.what) + " are not there at boot";
        edit.sentence = "Start the driver " + service + " at boot (Start " + now.shown +
                        " to 0) in " + control_set(set);
        plan.edits.push_back(std::move(edit));
    }
    if (now.overridden) {
        Edit edit;
        edit.kind = Edit::Kind::delete_key;
        edit.key = key + "\\StartOverride";
        edit.evidence = shown(edit.key) + " keeps the driver from starting at boot";
        edit.sentence = "Delete StartOverride of the driver " + service + " in " + control_set(set);
        plan.edits.push_back(std::move(edit));
    }
}

Result<bool> boots_from_virtio(const registry::Hive& system, const guest::Guest& guest, int set) {
    for (const std::string_view service : kVirtio) {
        const std::string key = control_set(set) + "\\Services\\" + std::string(service);
        LIFEBOAT_TRY(const bool known, system.has_key(key));
        if (!known)
            continue;
        LIFEBOAT_TRY(const Started started, look_at(system, key));
        LIFEBOAT_TRY(const auto file, driver_file(system, guest, key));
        if (started.works() && file && guest.tree().exists(*file).value_or(false))
            return true;
    }
    return false;
}

Result<void> plan_binding(const registry::Hive& system, const Binding& binding, int set,
                          Plan& plan) {
    const std::string key =
        control_set(set) + "\\Control\\CriticalDeviceDatabase\\" + std::string(binding.id);
    LIFEBOAT_TRY(const bool there, system.has_key(key));
    if (there)
        return {}; // whatever it says, Windows or its owner put it there
    const std::string evidence = shown(key) + " is missing: Windows does not know a driver for " +
                                 std::string(binding.id) + " at boot";
    const std::string sentence = "Bind " + std::string(binding.id) + " to the driver " +
                                 std::string(binding.service) + " in " + control_set(set);
    plan.edits.push_back({Edit::Kind::set_value, key,
                          registry::string_value("Service", binding.service), evidence, sentence});
    plan.edits.push_back({Edit::Kind::set_value,
                          key,
                          registry::string_value("ClassGUID", binding.class_guid),
                          {},
                          {}});
    return {};
}

Result<void> plan_set(const registry::Hive& system, const guest::Guest& guest, int set,
                      Plan& plan) {
    const guest::WindowsFacts& facts = *guest.windows();
    std::vector<std::string_view> usable;
    bool base = true, ide = true, sata = false;
    const std::size_t first_edit = plan.edits.size();
    for (const Driver& driver : kStorage) {
        if (!in_version(driver, facts))
            continue;
        const std::string key = control_set(set) + "\\Services\\" + std::string(driver.service);
        LIFEBOAT_TRY(const bool possible, loadable(system, guest, key, driver.service, plan));
        if (possible) {
            usable.push_back(driver.service);
            LIFEBOAT_TRY(const Started now, look_at(system, key));
            plan_start(now, key, driver, set, plan);
            base = base && (driver.role != Role::base || now.works());
            ide = ide && (driver.role != Role::ide || now.works());
            sata = sata || (driver.role == Role::sata && now.works());
        } else {
            ide = ide && driver.role != Role::ide;
        }
    }
    if (!facts.driver_database)
        for (const Binding& binding : kBindings)
            for (const std::string_view service : usable)
                if (service == binding.service)
                    LIFEBOAT_CHECK(plan_binding(system, binding, set, plan));
    // With one way to the boot disk left, the guest boots on a machine that offers it.
    LIFEBOAT_TRY(const bool virtio, boots_from_virtio(system, guest, set));
    const bool boots = base && (ide || sata || virtio);
    for (std::size_t i = first_edit; i < plan.edits.size(); ++i)
        plan.edits[i].severity = boots ? Severity::warning : Severity::critical;
    return {};
}

} // namespace

Result<Plan> plan_inbox_storage(const registry::Hive& system, const guest::Guest& guest) {
    Plan plan;
    for (const int set : guest.windows()->control_sets)
        LIFEBOAT_CHECK(plan_set(system, guest, set, plan));
    return plan;
}

const Repair kInboxStorage = {
    "win.inbox-storage",
    "Windows' own disk drivers do not start at boot",
    "Windows parks drivers for disk controllers it did not see when it last ran. On another "
    "hypervisor the boot disk is then not there: 0x7B INACCESSIBLE_BOOT_DEVICE.",
    "None known: Windows parks drivers that it does not need again by itself.",
    guest::Family::windows,
    [](const guest::Guest& guest) { return diagnose_plan(guest, plan_inbox_storage); },
    [](guest::Editor& editor) { return apply_plan(editor, plan_inbox_storage); },
};

} // namespace lifeboat::repair::windows
