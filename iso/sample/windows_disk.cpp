// SPDX-License-Identifier: GPL-2.0-or-later
// lifeboat_sample_windows VOLUME.ntfs: puts into an empty NTFS volume what a Windows that moved
// away from Xen looks like to an offline tool: registry hives with Xen's class filters and
// services, and disk drivers that are parked. It is not a Windows and does not boot; no byte of it
// is Microsoft's. The state is the one facts were gathered for: docs/findings/win.*.md.
#include "block/image.hpp"
#include "fs/filesystem.hpp"
#include "registry/hive.hpp"
#include "support/hives.hpp"

#include <iostream>

namespace {

using namespace lifeboat;
using registry::dword_value;
using registry::Hive;
using registry::multi_value;
using registry::string_value;
using registry::ValueType;

constexpr std::string_view kSet = "ControlSet001\\";
constexpr std::string_view kConfig = "/Windows/System32/config/";
constexpr std::string_view kDrivers = "/Windows/System32/drivers/";

struct Driver {
    std::string_view name;
    std::uint32_t start; // 0 boot, 3 on demand, 4 disabled
    bool parked;         // StartOverride, as Windows 8 and later leave it
};
constexpr Driver kAll[] = {
    {"disk", 0, false},     {"partmgr", 0, false}, {"mountmgr", 0, false}, {"volmgr", 0, false},
    {"volume", 0, false},   {"volsnap", 0, false}, {"atapi", 3, false},    {"intelide", 3, true},
    {"pciide", 3, false},   {"storahci", 3, true}, {"stornvme", 3, true},  {"xenbus", 0, false},
    {"xenfilt", 0, false},  {"xenvbd", 0, false},  {"xennet", 3, false},   {"xenvif", 3, false},
    {"xeniface", 3, false},
};

Result<Bytes> system_hive() {
    LIFEBOAT_TRY(auto hive, Hive::open(tests::empty_hive(), "SYSTEM"));
    for (const char* name : {"Current", "Default", "LastKnownGood"})
        LIFEBOAT_CHECK(hive.set("Select", dword_value(name, 1)));
    LIFEBOAT_CHECK(hive.set("Select", dword_value("Failed", 0)));
    const std::string set(kSet);
    LIFEBOAT_CHECK(hive.set(set + "Control\\Session Manager\\Environment",
                            string_value("PROCESSOR_ARCHITECTURE", "AMD64")));
    for (const Driver& driver : kAll) {
        const std::string key = set + "Services\\" + std::string(driver.name);
        LIFEBOAT_CHECK(hive.set(key, dword_value("Type", 1)));
        LIFEBOAT_CHECK(hive.set(key, dword_value("Start", driver.start)));
        LIFEBOAT_CHECK(
            hive.set(key, string_value("ImagePath",
                                       "System32\\drivers\\" + std::string(driver.name) + ".sys",
                                       ValueType::expand_sz)));
        if (driver.parked)
            LIFEBOAT_CHECK(hive.set(key + "\\StartOverride", dword_value("0", 3)));
    }
    // {4d36e97d-...} system devices, {4d36e96a-...} disk controllers.
    const std::string classes = set + "Control\\Class\\";
    LIFEBOAT_CHECK(hive.set(classes + "{4d36e97d-e325-11ce-bfc1-08002be10318}",
                            multi_value("UpperFilters", {"XENFILT"})));
    LIFEBOAT_CHECK(hive.set(classes + "{4d36e96a-e325-11ce-bfc1-08002be10318}",
                            multi_value("UpperFilters", {"XENFILT"})));
    return hive.serialize();
}

Result<Bytes> software_hive() {
    LIFEBOAT_TRY(auto hive, Hive::open(tests::empty_hive(), "SOFTWARE"));
    const std::string key = "Microsoft\\Windows NT\\CurrentVersion";
    LIFEBOAT_CHECK(hive.set(key, string_value("ProductName", "Sample of a Windows Server")));
    LIFEBOAT_CHECK(hive.set(key, string_value("CurrentVersion", "6.3")));
    LIFEBOAT_CHECK(hive.set(key, string_value("CurrentBuildNumber", "17763")));
    LIFEBOAT_CHECK(hive.set(key, dword_value("CurrentMajorVersionNumber", 10)));
    LIFEBOAT_CHECK(hive.set(key, dword_value("CurrentMinorVersionNumber", 0)));
    return hive.serialize();
}

Result<void> fill(const std::string& path) {
    LIFEBOAT_TRY(auto device, block::open_image(path, block::Access::write));
    LIFEBOAT_TRY(auto volume, fs::open_ntfs(device, fs::Access::write));
    for (const char* directory : {"/Windows", "/Windows/System32", "/Windows/System32/config",
                                  "/Windows/System32/drivers", "/Program Files", "/Users"})
        LIFEBOAT_CHECK(volume->make_directory(directory, {}));
    LIFEBOAT_TRY(const auto system, system_hive());
    LIFEBOAT_CHECK(volume->create(std::string(kConfig) + "SYSTEM", system, {}));
    LIFEBOAT_TRY(const auto software, software_hive());
    LIFEBOAT_CHECK(volume->create(std::string(kConfig) + "SOFTWARE", software, {}));
    // Only that these files are there is looked at.
    const Bytes program = to_bytes("MZ: a stand-in, not a program\n");
    for (const char* name : {"ntoskrnl.exe", "ntdll.dll", "kernel32.dll", "cmd.exe"})
        LIFEBOAT_CHECK(volume->create("/Windows/System32/" + std::string(name), program, {}));
    for (const Driver& driver : kAll)
        LIFEBOAT_CHECK(
            volume->create(std::string(kDrivers) + std::string(driver.name) + ".sys", program, {}));
    return volume->close();
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: lifeboat_sample_windows VOLUME.ntfs\n";
        return 2;
    }
    if (const auto done = fill(argv[1]); !done) {
        std::cerr << "lifeboat_sample_windows: " << done.error().text() << '\n';
        return 1;
    }
    return 0;
}
