// SPDX-License-Identifier: GPL-2.0-or-later
// win.xen-services: Xen drivers that Windows still starts. The families are those of
// docs/findings/win.xen-services.md.
#include "base/text.hpp"
#include "repair/windows/windows.hpp"

#include <array>

namespace lifeboat::repair::windows {

namespace {

constexpr std::uint32_t kDisabled = 4;

// Kernel drivers, by family. Never here: pvvx*, virtio_blk, vrtioblk, vtioscsi (SUSE VMDP drivers
// that also serve virtio) and viostor: they are what such a guest boots from on KVM.
constexpr std::array<std::string_view, 25> kDrivers = {
    // XenServer up to 6
    "xenevtchn", "xenutil", "xenlite", "xennet6", "scsifilt",
    // XenServer 7 and later, XCP-ng, Citrix Hypervisor, AWS PV: one code base
    "xenbus", "xenfilt", "xenvbd", "xendisk", "xenvif", "xennet", "xeniface", "xenvkbd", "xenhid",
    "xencons", "xencrsh",
    // GPLPV and its descendants
    "xenpci", "xenhide", "xenscsi", "xenusb", "xenstub",
    // SUSE VMDP of the Xen era
    "xenblk",
    // Red Hat
    "rhelscsi", "rhelnet", "rhelfltr"};

// Programs that only serve those drivers. The name alone is not proof: the path must say so, too.
constexpr std::array<std::string_view, 11> kPrograms = {
    "xensvc",         "xenagent",        "xeninstall",   "xenpvinstall",
    "xenbus_monitor", "xencons_monitor", "awsliteagent", "shutdownmon",
    "xenshutdownmon", "rhelsvc",         "xenplus"};

bool is_program(std::string_view service, std::string_view image_path) {
    for (const std::string_view name : kPrograms)
        if (iequals(service, name) || (name == "xenplus" && istarts_with(service, name)))
            return icontains(image_path, "xen") || icontains(image_path, "rhel");
    return false;
}

Result<void> plan_start(const registry::Hive& system, const std::string& key,
                        const std::string& service, int set, Plan& plan) {
    LIFEBOAT_TRY(const auto start, system.value(key, "Start"));
    const auto number = start ? start->as_dword() : std::nullopt;
    if (!number || *number == kDisabled) // xen.sys is a library: it has no Start
        return {};
    LIFEBOAT_TRY(const auto image, system.value(key, "ImagePath"));
    const std::string path = image ? image->as_string().value_or("") : "";
    if (!is_xen_driver(service) && !is_program(service, path))
        return {};
    Edit edit;
    edit.key = key;
    edit.value = registry::dword_value(start->name, kDisabled);
    edit.severity = *number <= 1 && is_xen_driver(service) ? Severity::critical : Severity::warning;
    edit.evidence = shown(key) + ": Start is " + std::to_string(*number);
    edit.sentence = "Disable the service " + printable(service) + " (Start " +
                    std::to_string(*number) + " to 4) in " + control_set(set);
    plan.edits.push_back(std::move(edit));
    return {};
}

// xen.sys takes the emulated disks and cards away at boot when it is told so here.
Result<void> plan_unplug(const registry::Hive& system, int set, Plan& plan) {
    for (const std::string_view name : {"ForceUnplug", "Unplug"}) {
        const std::string key = control_set(set) + "\\Services\\XEN\\" + std::string(name);
        LIFEBOAT_TRY(const bool there, system.has_key(key));
        if (!there)
            continue;
        plan.edits.push_back(
            {Edit::Kind::delete_key,
             key,
             {},
             shown(key) + ": emulated devices are to be unplugged at boot",
             "Delete the key Services\\XEN\\" + std::string(name) + " in " + control_set(set)});
    }
    return {};
}

// GPLPV runs on every hypervisor and hides the devices listed here, among them QEMU's IDE
// controller and network cards.
Result<void> plan_hidden(const registry::Hive& system, int set, Plan& plan) {
    for (const std::string_view below : {"", "\\Parameters"}) {
        const std::string key = control_set(set) + "\\Services\\XenPCI" + std::string(below);
        for (const std::string_view name : {"hide_devices", "veto_devices", "qemu_hide_flags"}) {
            LIFEBOAT_TRY(const auto value, system.value(key, name));
            if (value)
                plan.edits.push_back(
                    {Edit::Kind::delete_value, key, *value,
                     shown(key) + ": " + value->name + " hides devices: " + value->text(),
                     "Delete " + value->name + " of XenPCI in " + control_set(set)});
        }
    }
    return {};
}

} // namespace

bool is_xen_driver(std::string_view service) {
    for (const std::string_view name : kDrivers)
        if (iequals(service, name))
            return true;
    return false;
}

Result<Plan> plan_xen_services(const registry::Hive& system, const guest::Guest& guest) {
    Plan plan;
    for (const int set : guest.windows()->control_sets) {
        const std::string services = control_set(set) + "\\Services";
        LIFEBOAT_TRY(const auto names, system.subkeys(services));
        for (const std::string& name : names)
            LIFEBOAT_CHECK(plan_start(system, services + "\\" + name, name, set, plan));
        LIFEBOAT_CHECK(plan_unplug(system, set, plan));
        LIFEBOAT_CHECK(plan_hidden(system, set, plan));
    }
    return plan;
}

namespace {

// A disabled driver that is still named as a filter stops the boot: the names must go first.
Result<void> apply(guest::Editor& editor) {
    LIFEBOAT_TRY(registry::Hive* const hive, editor.hive("SYSTEM"));
    LIFEBOAT_TRY(const Plan filters, plan_xen_class_filter(*hive, editor.guest()));
    if (!filters.edits.empty())
        return fail(ErrorKind::refused, editor.guest().volume(),
                    "a Xen driver cannot be disabled while it is named as a filter (" +
                        filters.edits.front().evidence + ")",
                    "choose win.xen-class-filter as well");
    return apply_plan(editor, plan_xen_services);
}

} // namespace

const Repair kXenServices = {
    "win.xen-services",
    "Xen drivers are still started",
    "Without Xen these drivers wait for a hypervisor that is not there, hide or unplug the "
    "emulated devices, or stop Windows with a blue screen.",
    "None known away from Xen. Back on a Xen host the guest runs on emulated devices until its Xen "
    "drivers are installed again.",
    guest::Family::windows,
    [](const guest::Guest& guest) { return diagnose_plan(guest, plan_xen_services); },
    apply,
};

} // namespace lifeboat::repair::windows
