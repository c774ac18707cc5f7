// SPDX-License-Identifier: GPL-2.0-or-later
// What the head of a disk image in one of QEMU's formats says about itself: which driver reads it,
// and which other files it names. Read by ourselves before QEMU sees the image, because a
// customer's image may name any file of this machine (CVE-2024-32498 and its relatives): only what
// was checked here is handed to QEMU.
#pragma once

#include "block/device.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lifeboat::block {

struct Backing {
    std::string name;   // as the image says it
    std::string format; // QEMU's driver, when the image says it
};

struct ImageHeader {
    std::string format; // for people: "qcow2", "VHD"
    std::string driver; // QEMU's name of it
    std::optional<Backing> backing;
    std::vector<std::string> parts;  // files that hold the data (VMDK), as the image says them
    std::vector<std::string> sparse; // those of `parts` that have a header of their own
    std::string no_write;            // why it can only be read; empty when it can be written
};

// The format by the first and last bytes; nothing for a plain disk, and for formats QEMU does not
// know.
[[nodiscard]] Result<std::optional<std::string>> format_of(BlockDevice& file);
// QEMU's driver for a name that people use ("vhd", "qcow2"); empty when there is none.
[[nodiscard]] std::string driver_named(std::string_view name);
// Whether a file's name speaks for the format ("disk.qcow2").
[[nodiscard]] bool name_agrees(std::string_view path, std::string_view driver);

// `driver`: as from driver_named(). Errors: `damaged` when it is not that format or contradicts
// itself, `refused` for encrypted images, `unsupported` for what cannot be read correctly: a
// snapshot without its parents, data in foreign files.
[[nodiscard]] Result<ImageHeader> read_header(BlockDevice& file, const std::string& driver);

// The text part of a VMDK (also for tests). Error `damaged`, `unsupported`.
[[nodiscard]] Result<void> read_vmdk_descriptor(const std::string& where, std::string_view text,
                                                ImageHeader& header);

} // namespace lifeboat::block
