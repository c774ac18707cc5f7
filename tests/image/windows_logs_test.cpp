// SPDX-License-Identifier: GPL-2.0-or-later
// A Windows whose newest changes are in its transaction logs: the real program completes the hive
// and repairs it in one go; other readers judge the result.
#include "image/program.hpp"
#include "registry/log_replay.hpp"
#include "registry/regf_reader.hpp"
#include "support/windows_guest.hpp"

using namespace lifeboat;
using namespace lifeboat::test;
namespace tests = lifeboat::tests;

TEST_CASE("a real Windows 10 hive is completed from its logs, repaired, and undone") {
    const std::string name = "system/SYSTEM.win10-x64.dirty";
    const auto hive = tests::specimen(name);
    if (!hive)
        SKIP(tests::kNoSpecimens);
    need_tools({"reglookup"});
    const auto log1 = tests::specimen(name + ".LOG1");
    const auto log2 = tests::specimen(name + ".LOG2");
    const TempDir dir;
    const auto part = dir.file("part");
    const auto disk = dir.file("disk.img");
    const std::string config = "/Windows/System32/config/";
    make_ntfs(part, 96 * kMiB, 4096, 2048);
    std::map<std::string, Bytes> content{{"/Windows/", {}},
                                         {"/Windows/System32/", {}},
                                         {"/Windows/System32/cmd.exe", tests::fake_program()},
                                         {config, {}},
                                         {config + "SYSTEM", *hive},
                                         {config + "SYSTEM.LOG1", *log1},
                                         {config + "SYSTEM.LOG2", *log2},
                                         {"/Windows/System32/drivers/", {}}};
    for (const auto& driver : tests::kInboxDrivers)
        content["/Windows/System32/drivers/" + driver + ".sys"] = tests::fake_program();
    fill_ntfs(part, content);
    disk_of(disk, part, "7");
    files::remove(part);
    const auto before = hash_of(disk);

    // This guest never saw Xen, but parks its IDE drivers.
    const auto found = lifeboat_ok({"diagnose", disk}, 1);
    CHECK(icontains(found, "win.inbox-storage"));
    const auto shown = lifeboat_ok({"registry", "get", disk, "SYSTEM", "Select", "Current"});
    CHECK(icontains(shown, "log entries applied"));
    const auto state = lifeboat_ok({"registry", "list", disk, "SYSTEM", "Select", "--json"});
    CHECK(icontains(state, "\"logs\": \"replayed\""));
    CHECK(icontains(state, "\"entries\": 24"));
    lifeboat_ok({"repair", disk, "--all", "--undo", dir.file("undo")});
    const auto cured = by_ntfscat(disk, config + "SYSTEM");
    CHECK_FALSE(registry::inspect(cured)->dirty());
    const auto complete = registry::replay_logs(*hive, {{}, log1, log2});
    REQUIRE(complete);
    const auto changes = registry::difference(complete->image, cured);
    REQUIRE(changes);
    CHECK_FALSE(changes->empty());
    for (const auto& change : *changes) {
        INFO(change.key);
        CHECK((icontains(change.key, "StartOverride") || change.value_name == "Start"));
    }
    write_file(dir.file("hive"), cured);
    const auto parked = run_ok(
        {"reglookup", "-p", "/ControlSet001/Services/storahci/StartOverride", dir.file("hive")});
    CHECK(parked.find("StartOverride/0,DWORD") == std::string::npos);

    lifeboat_ok({"diagnose", disk}, 0);
    const auto clean = lifeboat_ok({"registry", "list", disk, "SYSTEM", "Select", "--json"});
    CHECK(icontains(clean, "\"logs\": \"clean\""));
    lifeboat_ok({"undo", dir.file("undo"), disk});
    CHECK(hash_of(disk) == before);
}
