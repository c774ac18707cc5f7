// SPDX-License-Identifier: GPL-2.0-or-later
// A Windows-like disk, and what Xen leaves in its registry.
#pragma once

#include "support/guest_disk.hpp"
#include "support/windows_guest.hpp"

namespace lifeboat::test {

namespace tests = lifeboat::tests;

inline const std::string kSystem = "/Windows/System32/config/SYSTEM";

// One NTFS partition on an MBR disk, with as much of Windows as makes it one, and `more` files.
inline void make_windows(const TempDir& dir, const Bytes& system,
                         const std::string& name = "disk.img",
                         const std::map<std::string, Bytes>& more = {}) {
    const auto part = dir.file("part");
    make_ntfs(part, 64 * kMiB, 4096, 2048);
    std::map<std::string, Bytes> content{{"/Windows/", {}},
                                         {"/Windows/System32/", {}},
                                         {"/Windows/System32/cmd.exe", tests::fake_program()},
                                         {"/Windows/System32/config/", {}},
                                         {kSystem, system},
                                         {"/Windows/System32/drivers/", {}}};
    for (const auto& driver : tests::kInboxDrivers)
        content["/Windows/System32/drivers/" + driver + ".sys"] = tests::fake_program();
    content.insert(more.begin(), more.end());
    fill_ntfs(part, content);
    disk_of(dir.file(name), part, "7");
    files::remove(part);
}

// What XenServer's drivers leave: filters, services, their unplug switch.
inline const std::string kDebris =
    "Windows Registry Editor Version 5.00\r\n\r\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Class\\"
    "{4d36e96a-e325-11ce-bfc1-08002be10318}]\r\n"
    // REG_MULTI_SZ of one text, XENFILT
    "\"UpperFilters\"=hex(7):58,00,45,00,4e,00,46,00,49,00,4c,00,54,00,00,00,00,00\r\n\r\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\xenfilt]\r\n"
    "\"Type\"=dword:00000001\r\n\"Start\"=dword:00000000\r\n\r\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\xenvbd]\r\n"
    "\"Type\"=dword:00000001\r\n\"Start\"=dword:00000000\r\n";

} // namespace lifeboat::test
