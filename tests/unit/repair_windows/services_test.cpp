// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/windows_guest.hpp"

using namespace lifeboat;
using namespace lifeboat::registry;
using namespace lifeboat::tests;

TEST_CASE("Xen services are disabled in every set, others keep their start", "[repair]") {
    Hive hive = sound_windows10();
    infect(hive, "ControlSet001");
    infect(hive, "ControlSet002");
    for (const char* name : {"pvvxblk", "pvvxbn", "virtio_blk", "vrtioblk", "vtioscsi", "viostor"})
        add_service(hive, "ControlSet001", name, 0);
    set(hive, "ControlSet001\\Services\\xensvc", dword_value("Start", 2));
    set(hive, "ControlSet001\\Services\\xensvc",
        string_value("ImagePath", "\"C:\\Program Files\\Citrix\\XenTools\\XenService.exe\""));
    set(hive, "ControlSet001\\Services\\ShutdownMon",
        dword_value("Start", 2)); // no Xen in its path
    set(hive, "ControlSet001\\Services\\ShutdownMon",
        string_value("ImagePath", "C:\\Tools\\ShutdownMon.exe"));
    WindowsDisk disk(stored(hive), kInboxDrivers);
    const Bytes before = disk.system();
    disk.apply({"win.xen-class-filter", "win.xen-services"});
    const Hive after = open_hive(disk.system());
    for (const char* set_name : {"ControlSet001", "ControlSet002"}) {
        const std::string services = std::string(set_name) + "\\Services\\";
        for (const char* name : {"xenbus", "xenfilt", "xenvbd", "xennet"})
            CHECK(after.value(services + name, "Start").value()->as_dword() == 4U);
        CHECK_FALSE(after.has_key(services + "XEN\\ForceUnplug").value());
        CHECK_FALSE(after.has_key(services + "XEN\\Unplug").value());
        CHECK(after.has_key(services + "XEN").value());
    }
    CHECK(after.value("ControlSet001\\Services\\xensvc", "Start").value()->as_dword() == 4U);
    for (const char* name : {"pvvxblk", "pvvxbn", "virtio_blk", "vrtioblk", "vtioscsi", "viostor",
                             "ShutdownMon", "KeepMe", "disk"})
        CHECK(after.value(std::string("ControlSet001\\Services\\") + name, "Start").value() ==
              open_hive(before)
                  .value(std::string("ControlSet001\\Services\\") + name, "Start")
                  .value());
    CHECK(disk.healthy("win.xen-services"));
}

TEST_CASE("a Xen driver is not disabled while it is still named as a filter", "[repair]") {
    Hive hive = sound_windows10();
    infect(hive, "ControlSet001");
    WindowsDisk disk(stored(hive), kInboxDrivers);
    guest::Editor editor(disk.guest());
    const auto done = repair::find("win.xen-services")->apply(editor);
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == ErrorKind::refused);
    CHECK_FALSE(done.error().next.empty());
}

TEST_CASE("GPLPV no longer hides QEMU's devices", "[repair]") {
    Hive hive = sound_windows10();
    add_service(hive, "ControlSet001", "XenPCI", 0);
    const std::string parameters = "ControlSet001\\Services\\XenPCI\\Parameters";
    set(hive, parameters,
        multi_value("hide_devices", {"VEN_8086&DEV_7010", "primary_ide_channel"}));
    set(hive, parameters, multi_value("veto_devices", {"#vbd#"}));
    set(hive, parameters, dword_value("shutdown", 1));
    WindowsDisk disk(stored(hive), kInboxDrivers);
    const Bytes before = disk.system();
    disk.apply({"win.xen-services"});
    CHECK(places(before, disk.system()) ==
          std::set<std::string>{"ControlSet001\\Services\\XenPCI: Start",
                                parameters + ": hide_devices", parameters + ": veto_devices"});
}
