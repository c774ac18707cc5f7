// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's "newc" cpio archive, written so that the same input gives the same bytes: sorted
// names, no times, no owners, inodes counted from 1.
// Source of the format: Documentation/driver-api/early-userspace/buffer-format.rst of Linux.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::bootmedia {

struct Entry {
    enum class Kind { directory, file, link, device, complete };
    Kind kind = Kind::file;
    std::string path;   // absolute, "/bin/lifeboat"
    unsigned mode = 0;  // permission bits
    std::string source; // file: what to read; link: where it points
    bool block = false; // device: block or character
    unsigned major = 0;
    unsigned minor = 0;
    bool operator==(const Entry&) const = default;
};

// The entries that `text` lists, one per line:
//   dir PATH MODE | file PATH SOURCE MODE | link PATH TARGET | nod PATH MODE c|b MAJOR MINOR
//   complete PATH
// A "complete" file is written after everything else: where it is missing in the running system,
// the kernel had too little memory to unpack the archive. Errors: usage, with the line number.
[[nodiscard]] Result<std::vector<Entry>> parse_manifest(std::string_view text);

// The same entries in the order they are stored: directories and devices, /init, the other files by
// name, "complete" last. PID 1 comes early so that it can tell when the rest did not fit.
// Errors: usage when a path is listed twice.
[[nodiscard]] Result<std::vector<Entry>> in_order(std::vector<Entry> entries);

// The archive as bytes. Reads the sources. Errors: io.
[[nodiscard]] Result<std::string> archive(const std::vector<Entry>& ordered);

} // namespace lifeboat::bootmedia
