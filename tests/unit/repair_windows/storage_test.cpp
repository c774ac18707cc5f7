// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/windows_guest.hpp"

#include "base/text.hpp"

using namespace lifeboat;
using namespace lifeboat::registry;
using namespace lifeboat::tests;

TEST_CASE("parked disk drivers start at boot again, and StartOverride goes", "[repair]") {
    Hive hive = sound_windows10();
    const std::string services = "ControlSet001\\Services\\";
    set(hive, services + "storahci", dword_value("Start", 3));
    set(hive, services + "stornvme\\StartOverride", dword_value("0", 3));
    WindowsDisk disk(stored(hive), kInboxDrivers);
    const Bytes before = disk.system();
    const auto diagnosis = disk.diagnose("win.inbox-storage");
    const auto* trouble = std::get_if<repair::Trouble>(&diagnosis);
    REQUIRE(trouble);
    CHECK(trouble->severity == repair::Severity::warning); // IDE still boots
    disk.apply({"win.inbox-storage"});
    CHECK(places(before, disk.system()) ==
          std::set<std::string>{
              services + "storahci: Start",
              services + "stornvme\\StartOverride: ", services + "stornvme\\StartOverride: 0"});
    CHECK(disk.healthy("win.inbox-storage"));
}

TEST_CASE("parked drivers are critical when no way to the boot disk is left", "[repair]") {
    Hive hive = sound_windows10();
    const auto severity = [](Hive& one) {
        WindowsDisk disk(stored(one), [] {
            auto drivers = kInboxDrivers;
            drivers.push_back("viostor");
            return drivers;
        }());
        const auto diagnosis = disk.diagnose("win.inbox-storage");
        const auto* trouble = std::get_if<repair::Trouble>(&diagnosis);
        REQUIRE(trouble);
        return trouble->severity;
    };
    const std::string services = "ControlSet002\\Services\\";
    set(hive, services + "atapi\\StartOverride", dword_value("0", 3));
    CHECK(severity(hive) == repair::Severity::warning); // SATA boots
    set(hive, services + "storahci\\StartOverride", dword_value("0", 3));
    CHECK(severity(hive) == repair::Severity::critical);
    add_service(hive, "ControlSet002", "viostor", 0); // virtio boots
    CHECK(severity(hive) == repair::Severity::warning);
    set(hive, services + "viostor\\StartOverride", dword_value("0", 3));
    CHECK(severity(hive) == repair::Severity::critical);
    REQUIRE(hive.delete_key(services + "viostor\\StartOverride"));
    set(hive, services + "partmgr", dword_value("Start", 3)); // no machine shows a partition
    CHECK(severity(hive) == repair::Severity::critical);
}

TEST_CASE("a driver whose file or service is missing is never started", "[repair]") {
    Hive hive = sound_windows10();
    const std::string services = "ControlSet001\\Services\\";
    set(hive, services + "storahci", dword_value("Start", 3));
    set(hive, services + "pciide", dword_value("Start", 3));
    REQUIRE(hive.delete_key(services + "stornvme"));
    std::vector<std::string> drivers = kInboxDrivers;
    std::erase(drivers, "storahci");
    WindowsDisk disk(stored(hive), drivers);
    const Bytes before = disk.system();
    const auto evidence = disk.evidence("win.inbox-storage");
    CHECK(evidence.size() >= 3);
    disk.apply({"win.inbox-storage"});
    CHECK(places(before, disk.system()) == std::set<std::string>{services + "pciide: Start"});
    CHECK(disk.healthy("win.inbox-storage"));
}

TEST_CASE("Windows 7 gets the missing bindings, existing ones are kept", "[repair]") {
    Hive hive = open_hive(empty_hive());
    select(hive, 1, 1);
    for (const auto& name : {"disk", "partmgr", "mountmgr", "volmgr", "volsnap", "atapi",
                             "intelide", "pciide", "msahci"})
        add_service(hive, "ControlSet001", name, 0);
    const std::string critical = "ControlSet001\\Control\\CriticalDeviceDatabase\\";
    set(hive, critical + "pci#cc_0101", string_value("Service", "something-else"));
    WindowsDisk disk(stored(hive), kInboxDrivers);
    const Bytes before = disk.system();
    disk.apply({"win.inbox-storage"});
    const Hive after = open_hive(disk.system());
    CHECK(after.value(critical + "PCI#CC_0101", "Service").value()->as_string() ==
          "something-else");
    CHECK(after.value(critical + "PCI#CC_010601", "Service").value()->as_string() == "msahci");
    CHECK(after.value(critical + "Primary_IDE_Channel", "ClassGUID").value()->as_string() ==
          "{4D36E96A-E325-11CE-BFC1-08002BE10318}");
    for (const auto& place : places(before, disk.system()))
        CHECK(istarts_with(place, critical));
    CHECK(disk.healthy("win.inbox-storage"));
}

TEST_CASE("switches that keep new controllers from starting are set back", "[repair]") {
    Hive hive = sound_windows10();
    set(hive, "ControlSet001\\Control\\PnP", dword_value("DisableCDDB", 1));
    set(hive, "ControlSet002\\Control\\PnP", dword_value("DontStartRawDevices", 1));
    WindowsDisk disk(stored(hive), kInboxDrivers);
    const Bytes before = disk.system();
    disk.apply({"win.cddb-disabled"});
    CHECK(places(before, disk.system()) ==
          std::set<std::string>{"ControlSet001\\Control\\PnP: DisableCDDB",
                                "ControlSet002\\Control\\PnP: DontStartRawDevices"});
    CHECK(disk.healthy("win.cddb-disabled"));
}
