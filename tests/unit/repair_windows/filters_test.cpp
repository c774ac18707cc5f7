// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/windows_guest.hpp"

#include "base/text.hpp"

using namespace lifeboat;
using namespace lifeboat::registry;
using namespace lifeboat::tests;

TEST_CASE("Xen tokens leave filter lists one by one, everything else stays", "[repair]") {
    Hive hive = sound_windows10();
    const std::string base = "ControlSet001";
    // Garbage behind the end of the list and an odd spelling are kept out of our way.
    Value mixed = multi_value("UpperFilters", {"partmgr", "XenFilt", "Ünlaut", "scsifilt"});
    set(hive, base + kClass + kHdc, mixed);
    set(hive, base + kClass + kSystemClass, multi_value("LowerFilters", {"XenPci"}));
    add_service(hive, base, "Ünlaut", 0);
    set(hive, base + "\\Enum\\ACPI\\PNP0A03\\0", multi_value("UpperFilters", {"rhelfltr", "x"}));
    set(hive, base + "\\Enum\\XENBUS\\VEN_XP0001&DEV_VBD\\_",
        multi_value("UpperFilters", {"xendisk"}));
    WindowsDisk disk(stored(hive), kInboxDrivers);
    const Bytes before = disk.system();

    CHECK(disk.evidence("win.xen-class-filter").size() == 3);
    const auto notes = disk.apply({"win.xen-class-filter"});
    CHECK(notes.size() == 3);
    CHECK(places(before, disk.system()) ==
          std::set<std::string>{base + kClass + kHdc + ": UpperFilters",
                                base + kClass + kSystemClass + ": LowerFilters",
                                base + "\\Enum\\ACPI\\PNP0A03\\0: UpperFilters"});
    const Hive after = open_hive(disk.system());
    CHECK(after.value(base + kClass + kHdc, "UpperFilters").value() ==
          multi_value("UpperFilters", {"partmgr", "Ünlaut"}));
    CHECK_FALSE(after.value(base + kClass + kSystemClass, "LowerFilters").value());
    CHECK(disk.healthy("win.xen-class-filter"));
}

TEST_CASE("names that only look like Xen filters stay", "[repair]") {
    Hive hive = sound_windows10();
    for (const char* name : {"xenfilter", "pvvxbn", "virtio_blk", "vioscsi", "myxenfilt"})
        add_service(hive, "ControlSet001", name, 0);
    set(hive, "ControlSet001" + kClass + kHdc,
        multi_value("UpperFilters", {"xenfilter", "pvvxbn", "virtio_blk", "vioscsi", "myxenfilt"}));
    WindowsDisk disk(stored(hive), kInboxDrivers);
    CHECK(disk.healthy("win.xen-class-filter"));
    CHECK(disk.healthy("win.xen-services"));
}

TEST_CASE("a filter without a service is found in any class, and taken out", "[repair]") {
    Hive hive = sound_windows10();
    const std::string cdrom =
        "ControlSet001\\Control\\Class\\{4d36e965-e325-11ce-bfc1-08002be10318}";
    set(hive, cdrom, multi_value("UpperFilters", {"GEARAspiWDM"}));
    set(hive, "ControlSet001" + kClass + kHdc, multi_value("LowerFilters", {"gone", "here"}));
    add_service(hive, "ControlSet001", "here", 0); // its file is missing: only said
    WindowsDisk disk(stored(hive), kInboxDrivers);
    const Bytes before = disk.system();
    const auto diagnosis = disk.diagnose("win.orphan-filter");
    const auto* trouble = std::get_if<repair::Trouble>(&diagnosis);
    REQUIRE(trouble);
    CHECK(trouble->severity == repair::Severity::critical);
    REQUIRE(trouble->evidence.size() == 3);
    CHECK(icontains(trouble->evidence[2], "here.sys is missing"));
    disk.apply({"win.orphan-filter"});
    CHECK(places(before, disk.system()).size() == 2);
    CHECK(disk.healthy("win.orphan-filter"));
    CHECK(open_hive(disk.system()).value("ControlSet001" + kClass + kHdc, "LowerFilters").value() ==
          multi_value("LowerFilters", {"here"}));
}

TEST_CASE("the Xen filters of a set that no boot can choose are left alone", "[repair]") {
    Hive hive = sound_windows10();
    infect(hive, "ControlSet003");
    set(hive, "Select", dword_value("Failed", 3));
    WindowsDisk disk(stored(hive), kInboxDrivers);
    CHECK(disk.healthy("win.xen-class-filter"));
}
