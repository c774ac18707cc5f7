// SPDX-License-Identifier: GPL-2.0-or-later
// What holds for all Windows repairs, tried on real hives with Xen debris put in.
#include "support/windows_guest.hpp"

#include "base/text.hpp"
#include "registry/log_replay.hpp"

#include <algorithm>

using namespace lifeboat;
using namespace lifeboat::registry;
using namespace lifeboat::tests;

namespace {

struct Real {
    const char* name;
    std::vector<std::string> sets;
};
const Real kReal[] = {
    {"system/SYSTEM.win7sp1-x86-vmware", {"ControlSet001", "ControlSet002"}},
    {"system/SYSTEM.xpsp3-x86", {"ControlSet001", "ControlSet002"}},
    {"system/SYSTEM.winpe10", {"ControlSet001"}},
};

std::optional<Bytes> infected(const Real& real) {
    auto image = specimen(real.name);
    if (!image)
        return std::nullopt;
    Hive hive = open_hive(std::move(*image));
    for (const auto& set_name : real.sets)
        infect(hive, set_name);
    return stored(hive);
}

// Where the repairs are allowed to change anything.
bool intended(std::string_view place) {
    for (const char* part : {": UpperFilters", ": LowerFilters", ": Start", "StartOverride",
                             "\\Services\\XEN\\", "\\CriticalDeviceDatabase\\"})
        if (icontains(place, part))
            return true;
    return false;
}

} // namespace

TEST_CASE("real hives with Xen debris are diagnosed, cured, and stay cured", "[repair]") {
    for (const Real& real : kReal) {
        INFO(real.name);
        const auto image = infected(real);
        if (!image)
            SKIP(kNoSpecimens);
        WindowsDisk disk(*image, kInboxDrivers);
        // Diagnosis changes nothing.
        CHECK_FALSE(disk.healthy("win.xen-class-filter"));
        CHECK_FALSE(disk.healthy("win.xen-services"));
        CHECK(disk.system() == *image);
        // Only what is meant to change does.
        disk.apply(kWindowsRepairs);
        const Bytes cured = disk.system();
        CHECK(check_structure(cured));
        for (const auto& place : places(*image, cured)) {
            INFO(place);
            CHECK(intended(place));
        }
        // Applying twice changes nothing the second time, and all is well now.
        disk.apply(kWindowsRepairs);
        CHECK(disk.system() == cured);
        for (const auto& id : kWindowsRepairs) {
            INFO(id);
            CHECK(disk.healthy(id));
        }
    }
}

TEST_CASE("independent repairs give the same values in any order", "[repair]") {
    const auto image = infected(kReal[0]);
    if (!image)
        SKIP(kNoSpecimens);
    WindowsDisk forward(*image, kInboxDrivers);
    forward.apply(kWindowsRepairs);
    WindowsDisk other(*image, kInboxDrivers);
    other.apply({"win.cddb-disabled", "win.inbox-storage", "win.orphan-filter",
                 "win.xen-class-filter", "win.xen-services"});
    CHECK(places(forward.system(), other.system()).empty());
}

TEST_CASE("a dirty real hive without its logs is an obstacle, and no repair edits it", "[repair]") {
    const auto image = specimen("system/SYSTEM.win10-x64.dirty");
    if (!image)
        SKIP(kNoSpecimens);
    WindowsDisk disk(*image, kInboxDrivers);
    const auto guest = disk.guest();
    REQUIRE_FALSE(guest->obstacles().empty());
    CHECK(guest->obstacles().front().kind == ErrorKind::refused);
    CHECK_FALSE(disk.healthy("win.inbox-storage")); // it can be looked at
    guest::Editor editor(guest);
    const auto done = repair::find("win.inbox-storage")->apply(editor);
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == ErrorKind::refused);
    CHECK(disk.system() == *image);
}

TEST_CASE("a dirty real hive is repaired together with its logs", "[repair]") {
    const std::string name = "system/SYSTEM.win10-x64.dirty";
    const auto image = specimen(name);
    if (!image)
        SKIP(kNoSpecimens);
    WindowsDisk disk(*image, kInboxDrivers);
    disk.put("/Windows/System32/config/SYSTEM.LOG1", *specimen(name + ".LOG1"));
    disk.put("/Windows/System32/config/system.log2", *specimen(name + ".LOG2"));
    CHECK(disk.guest()->obstacles().empty());
    CHECK(disk.system() == *image); // looking changes nothing
    const auto notes = disk.apply(kWindowsRepairs);
    REQUIRE_FALSE(notes.empty());
    CHECK(icontains(notes.front(), "24 log entries"));
    const Bytes cured = disk.system();
    CHECK_FALSE(inspect(cured)->dirty());
    CHECK(check_structure(cured));
    // Against the hive with its logs only the repairs differ: nothing of the logs is lost.
    const auto complete =
        replay_logs(*image, {{}, specimen(name + ".LOG1"), specimen(name + ".LOG2")});
    REQUIRE(complete);
    for (const auto& place : places(complete->image, cured)) {
        INFO(place);
        CHECK(intended(place));
    }
    for (const auto& id : kWindowsRepairs)
        CHECK(disk.healthy(id));
    disk.apply(kWindowsRepairs);
    CHECK(disk.system() == cured);
}

TEST_CASE("a guest with a broken SYSTEM hive is listed, and nothing is claimed about it",
          "[repair]") {
    Bytes broken(65536, std::byte{0x5A});
    WindowsDisk disk(broken, kInboxDrivers);
    const auto guest = disk.guest();
    CHECK(guest->family() == guest::Family::windows);
    CHECK(guest->architecture() == guest::Architecture::x86_64);
    REQUIRE_FALSE(guest->obstacles().empty());
    for (const auto& id : kWindowsRepairs) {
        INFO(id);
        CHECK(std::holds_alternative<repair::CouldNotLook>(disk.diagnose(id)));
    }
}

TEST_CASE("every repair has words for people", "[repair]") {
    std::set<std::string_view> ids;
    for (const auto& one : repair::catalogue()) {
        INFO(one.id);
        CHECK(ids.insert(one.id).second);
        CHECK_FALSE(one.title.empty());
        CHECK_FALSE(one.why.empty());
        CHECK_FALSE(one.risk.empty());
        CHECK(repair::find(one.id) != nullptr);
    }
    // Filters go before the services they name.
    const auto place = [](std::string_view id) {
        const auto all = repair::catalogue();
        return std::find_if(all.begin(), all.end(), [id](const auto& r) { return r.id == id; }) -
               all.begin();
    };
    CHECK(place("win.xen-class-filter") < place("win.xen-services"));
}
