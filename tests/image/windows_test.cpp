// SPDX-License-Identifier: GPL-2.0-or-later
// A Windows-like disk, infected with what Xen leaves behind, repaired, repaired again, undone.
#include "image/program.hpp"
#include "registry/regf_reader.hpp"
#include "support/windows_disk.hpp"

using namespace lifeboat;
using namespace lifeboat::test;

namespace {

std::string reglookup(const std::string& hive, const std::string& path) {
    need_tools({"reglookup"});
    return run_ok({"reglookup", "-p", path, hive});
}

// Through infection, repair, a second repair and two undos; every state is checked by others.
void whole_way(const TempDir& dir, const std::string& set_name) {
    const auto disk = dir.file("disk.img");
    const auto before = hash_of(disk);
    const auto hive_before = by_ntfscat(disk, kSystem);
    lifeboat_ok({"registry", "import", disk, "SYSTEM", "--undo", dir.file("infect.undo")}, 0,
                kDebris);
    const auto infected = hash_of(disk);
    CHECK(infected != before);

    const auto diagnosis = lifeboat_ok({"diagnose", disk}, 1);
    CHECK(diagnosis.find("win.xen-class-filter") != std::string::npos);
    CHECK(hash_of(disk) == infected); // diagnosis changes nothing
    lifeboat_ok({"repair", disk, "--all", "--dry-run"}, 1);
    CHECK(hash_of(disk) == infected); // neither does a dry run

    lifeboat_ok({"repair", disk, "--all", "--undo", dir.file("repair.undo")});
    const auto repaired = hash_of(disk);
    CHECK(repaired != infected);
    const auto hive_after = by_ntfscat(disk, kSystem);
    write_file(dir.file("hive"), hive_after);
    const auto filters = reglookup(dir.file("hive"), "/" + set_name +
                                                         "/Control/Class/"
                                                         "{4d36e96a-e325-11ce-bfc1-08002be10318}");
    CHECK_FALSE(icontains(filters, "xenfilt"));
    const auto service = reglookup(dir.file("hive"), "/" + set_name + "/Services/xenvbd/Start");
    CHECK(service.find("0x00000004") != std::string::npos);
    REQUIRE(registry::check_structure(hive_after));

    lifeboat_ok({"diagnose", disk}, 0);
    lifeboat_ok({"repair", disk, "--all", "--undo", dir.file("second.undo")});
    CHECK(hash_of(disk) == repaired);
    CHECK_FALSE(files::exists(dir.file("second.undo")));

    lifeboat_ok({"undo", dir.file("repair.undo"), disk});
    CHECK(hash_of(disk) == infected);
    lifeboat_ok({"undo", dir.file("infect.undo"), disk});
    CHECK(hash_of(disk) == before);
    CHECK(by_ntfscat(disk, kSystem) == hive_before);
}

} // namespace

TEST_CASE("a made-up Windows with Xen debris is diagnosed, repaired and undone") {
    const TempDir dir;
    make_windows(dir, tests::stored(tests::sound_windows10()));
    lifeboat_ok({"diagnose", dir.file("disk.img")}, 0);
    whole_way(dir, "ControlSet001");
}

TEST_CASE("a real Windows hive with Xen debris is diagnosed, repaired and undone") {
    const auto hive = tests::specimen("system/SYSTEM.win7sp1-x86-vmware");
    if (!hive)
        SKIP(tests::kNoSpecimens);
    const TempDir dir;
    make_windows(dir, *hive);
    whole_way(dir, "ControlSet001");
}

TEST_CASE("a hive whose newest changes are in its logs is refused with the reason") {
    auto hive = tests::stored(tests::sound_windows10());
    REQUIRE(write_le(hive, 4, std::uint32_t{7})); // the first sequence number runs ahead
    tests::fix_checksum(hive);
    const TempDir dir;
    make_windows(dir, hive);
    const auto disk = dir.file("disk.img");
    const auto before = hash_of(disk);
    const auto output = lifeboat_ok(
        {"registry", "set", disk, "SYSTEM", "Select", "Current", "2", "--undo", dir.file("u")}, 3);
    CHECK(icontains(output, "hive"));
    CHECK(hash_of(disk) == before);
    CHECK_FALSE(files::exists(dir.file("u")));

    for (const auto* verb : {"list", "export"}) {
        const auto shown = lifeboat_ok({"registry", verb, disk, "SYSTEM", "Select"});
        CHECK(icontains(shown, "logs are missing"));
        CHECK(icontains(shown, "without its newest changes"));
    }
    const auto json = lifeboat_ok({"registry", "get", disk, "SYSTEM", "Select", "--json"});
    CHECK(icontains(json, "\"logs\": \"refused\""));
    CHECK(icontains(json, "\"dirty\": true"));
}

TEST_CASE("values of every type are set in a hive and read back by reglookup") {
    const TempDir dir;
    make_windows(dir, tests::stored(tests::sound_windows10()));
    const auto disk = dir.file("disk.img");
    int number = 0;
    const auto set = [&](const std::string& name, const std::string& type,
                         const std::vector<std::string>& data) {
        std::vector<std::string> words{"registry", "set", disk, "SYSTEM", "Test\\Größe", name};
        words.insert(words.end(), data.begin(), data.end());
        words.insert(words.end(),
                     {"--type", type, "--undo", dir.file("u" + std::to_string(++number))});
        lifeboat_ok(words);
    };
    set("d", "dword", {"0x12345678"});
    set("q", "qword", {"4294967296"});
    set("s", "sz", {"grün"});
    set("e", "expand_sz", {"%SystemRoot%\\x"});
    set("m", "multi_sz", {"one", "two"});
    set("b", "REG_BINARY", {"00ff10"});
    set("@", "sz", {"default"});
    const auto list = lifeboat_ok({"registry", "list", disk, "SYSTEM", "Test\\Größe"});
    CHECK(list.find("0x12345678") != std::string::npos);
    CHECK(list.find("(default) = REG_SZ \"default\"") != std::string::npos);
    CHECK(list.find("grün") != std::string::npos);
    lifeboat_ok({"registry", "get", disk, "SYSTEM", "Test\\Größe", "nope"}, 3);
    write_file(dir.file("hive"), by_ntfscat(disk, kSystem));
    const auto seen = reglookup(dir.file("hive"), "/Test");
    CHECK(seen.find("0x12345678") != std::string::npos);
    CHECK(seen.find("one|two") != std::string::npos);
    lifeboat_ok({"registry", "delete", disk, "SYSTEM", "Test", "--undo", dir.file("u0")});
    lifeboat_ok({"registry", "list", disk, "SYSTEM", "Test"}, 3);
}

TEST_CASE("what is exported can be imported again without a change") {
    const TempDir dir;
    make_windows(dir, tests::stored(tests::sound_windows10()));
    const auto disk = dir.file("disk.img");
    const auto before = hash_of(disk);
    for (const auto* form : {"", "--utf16"}) {
        std::vector<std::string> words{"registry", "export", disk, "SYSTEM", "Select"};
        if (*form != '\0')
            words.emplace_back(form);
        const auto text = lifeboat_ok(words);
        lifeboat_ok({"registry", "import", disk, "SYSTEM", "--undo", dir.file("u")}, 0, text);
        CHECK(hash_of(disk) == before);
    }
}

TEST_CASE("a .reg text with one bad line changes nothing") {
    const TempDir dir;
    make_windows(dir, tests::stored(tests::sound_windows10()));
    const auto disk = dir.file("disk.img");
    const auto before = hash_of(disk);
    const auto ran = run_lifeboat({"registry", "import", disk, "SYSTEM", "--undo", dir.file("u")},
                                  kDebris + "\"Start\"=dword:nonsense\r\n");
    CHECK(ran.status != 0);
    CHECK(ran.status != 1);
    CHECK(hash_of(disk) == before);
    CHECK_FALSE(files::exists(dir.file("u")));
}
