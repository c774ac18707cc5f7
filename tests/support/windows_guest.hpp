// SPDX-License-Identifier: GPL-2.0-or-later
// Windows guests in memory for tests: a made-up or real SYSTEM hive and the few files that make a
// Windows recognisable.
#pragma once

#include "guest/editor.hpp"
#include "registry/regf_reader.hpp"
#include "repair/repair.hpp"
#include "support/hives.hpp"
#include "support/specimens.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>

namespace lifeboat::tests {

using registry::Hive;
using registry::Value;

// The start of a program for this machine type (0x8664: x64), enough to be recognised.
inline Bytes fake_program(std::uint16_t machine = 0x8664) {
    Bytes out(256);
    out[0] = std::byte{'M'}, out[1] = std::byte{'Z'};
    (void)write_le(out, 0x3C, std::uint32_t{0x80});
    out[0x80] = std::byte{'P'}, out[0x81] = std::byte{'E'};
    (void)write_le(out, 0x84, machine);
    return out;
}

inline Hive open_hive(Bytes image) {
    auto hive = Hive::open(std::move(image), "SYSTEM");
    REQUIRE(hive);
    return std::move(*hive);
}
inline Bytes stored(const Hive& hive) {
    auto image = hive.serialize();
    INFO((image ? std::string() : image.error().text()));
    REQUIRE(image);
    return std::move(*image);
}
inline void set(Hive& hive, const std::string& key, const Value& value) {
    const auto done = hive.set(key, value);
    INFO((done ? std::string() : done.error().text()));
    REQUIRE(done);
}

// A Windows on a file system in memory.
class WindowsDisk {
public:
    WindowsDisk(Bytes system, const std::vector<std::string>& drivers)
        : fs_(fs::memory_filesystem(true)), machine_({}, fs::Access::write) {
        for (const char* directory : {"/Windows", "/Windows/System32", "/Windows/System32/config",
                                      "/Windows/System32/drivers"})
            REQUIRE(fs_->make_directory(directory, {}));
        put("/Windows/System32/cmd.exe", fake_program());
        put("/Windows/System32/config/SYSTEM", std::move(system));
        for (const auto& name : drivers)
            put("/Windows/System32/drivers/" + name + ".sys", fake_program());
    }

    void put(const std::string& path, Bytes content) { REQUIRE(fs_->create(path, content, {})); }
    // As seen from now on; facts are read anew.
    guest::GuestPtr guest() {
        fs::Tree tree;
        tree.mount("/", "disk 1, partition 1", fs_);
        auto found = guest::windows_from_tree(tree, machine_);
        REQUIRE(found);
        return *found;
    }
    Bytes system() { return fs_->read("/Windows/System32/config/SYSTEM").value(); }

    // Carries out these repairs; returns the sentences they noted.
    std::vector<std::string> apply(const std::vector<std::string>& ids) {
        guest::Editor editor(guest());
        for (const auto& id : ids) {
            const auto* repair = repair::find(id);
            REQUIRE(repair);
            const auto done = repair->apply(editor);
            INFO((done ? std::string() : done.error().text()));
            REQUIRE(done);
        }
        const auto finished = editor.finish();
        INFO((finished ? std::string() : finished.error().text()));
        REQUIRE(finished);
        return editor.take_notes();
    }
    repair::Diagnosis diagnose(const std::string& id) {
        const auto* repair = repair::find(id);
        REQUIRE(repair);
        return repair->diagnose(*guest());
    }
    bool healthy(const std::string& id) {
        return std::holds_alternative<repair::Healthy>(diagnose(id));
    }
    std::vector<std::string> evidence(const std::string& id) {
        const auto diagnosis = diagnose(id);
        const auto* trouble = std::get_if<repair::Trouble>(&diagnosis);
        return trouble ? trouble->evidence : std::vector<std::string>{};
    }

private:
    fs::FileSystemPtr fs_;
    guest::Machine machine_;
};

inline const std::vector<std::string> kWindowsRepairs = {"win.xen-class-filter",
                                                         "win.orphan-filter", "win.xen-services",
                                                         "win.inbox-storage", "win.cddb-disabled"};

inline const std::vector<std::string> kInboxDrivers = {
    "disk",  "partmgr",  "mountmgr", "ftdisk", "volmgr",   "volume",  "volsnap",
    "atapi", "intelide", "pciide",   "msahci", "storahci", "stornvme"};

// "ControlSet001\Control\Class\{...}: UpperFilters" of every difference, for comparing.
inline std::set<std::string> places(ByteSpan before, ByteSpan after) {
    const auto changes = registry::difference(before, after);
    INFO((changes ? std::string() : changes.error().text()));
    REQUIRE(changes);
    std::set<std::string> out;
    for (const auto& change : *changes)
        out.insert(change.key + ": " + change.value_name);
    return out;
}

inline void select(Hive& hive, std::uint32_t current, std::uint32_t last_good) {
    set(hive, "Select", registry::dword_value("Current", current));
    set(hive, "Select", registry::dword_value("Default", current));
    set(hive, "Select", registry::dword_value("LastKnownGood", last_good));
}

inline void add_service(Hive& hive, const std::string& control_set, const std::string& name,
                        std::uint32_t start) {
    const std::string key = control_set + "\\Services\\" + name;
    set(hive, key, registry::dword_value("Type", 1));
    set(hive, key, registry::dword_value("Start", start));
    set(hive, key,
        registry::string_value("ImagePath", "system32\\drivers\\" + name + ".sys",
                               registry::ValueType::expand_sz));
}

inline const std::string kClass = "\\Control\\Class\\";
inline const std::string kHdc = "{4d36e96a-e325-11ce-bfc1-08002be10318}";
inline const std::string kSystemClass = "{4d36e97d-e325-11ce-bfc1-08002be10318}";

// What XenServer 7 and later, or XCP-ng, leave in one control set.
inline void infect(Hive& hive, const std::string& set_name) {
    set(hive, set_name + kClass + kHdc, registry::multi_value("UpperFilters", {"XENFILT"}));
    set(hive, set_name + kClass + kSystemClass,
        registry::multi_value("UpperFilters", {"xenfilt", "KeepMe"}));
    add_service(hive, set_name, "KeepMe", 0);
    set(hive, set_name + "\\Enum\\PCIIDE\\IDEChannel\\4&1",
        registry::multi_value("UpperFilters", {"rhelfltr"}));
    for (const char* name : {"xenbus", "xenfilt", "xenvbd"})
        add_service(hive, set_name, name, 0);
    add_service(hive, set_name, "xennet", 3);
    set(hive, set_name + "\\Services\\XEN\\ForceUnplug", registry::dword_value("DISKS", 1));
    set(hive, set_name + "\\Services\\XEN\\Unplug", registry::dword_value("NICS", 1));
}

// A made-up Windows 10 with two control sets, healthy.
inline Hive sound_windows10() {
    Hive hive = open_hive(empty_hive());
    select(hive, 1, 2);
    set(hive, "DriverDatabase", registry::dword_value("Version", 0x0A000000));
    for (const char* set_name : {"ControlSet001", "ControlSet002"})
        for (const auto& name : kInboxDrivers)
            if (name != "ftdisk" && name != "msahci")
                add_service(hive, set_name, name, 0);
    return hive;
}

} // namespace lifeboat::tests
