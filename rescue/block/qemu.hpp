// SPDX-License-Identifier: GPL-2.0-or-later
// A disk in a format, or behind a protocol, that only QEMU knows: served by a qemu-nbd of our own
// (qemu_process.hpp) and spoken to in NBD (nbd.hpp). QEMU is told exactly which files to open, with
// which driver; it never guesses and never follows a name that was not checked before.
#pragma once

#include "block/image.hpp"

#include <string>

namespace lifeboat::block {

class QemuHelper;

struct QemuDisk {
    std::string name;         // as the user named it, for messages
    std::string driver;       // "qcow2", "vpc", ...; "raw" for an address without a format in front
    bool vouched = false;     // the user said the format: files in other folders may belong to it
    std::string path;         // a file or block device; empty when there is an address
    std::uint64_t offset = 0; // where the image begins in the file, and how long it is (a member
    std::uint64_t length = 0; // of an OVA); 0: the whole file
    std::string address;      // "rbd:pool/disk", "https://..."
};

// The writable ones flush to the medium when asked. Errors: `refused` when another program has the
// image open, for encrypted images, for images that can only be read (Access::write), and when the
// image names files the user did not vouch for; `unsupported` when this machine's QEMU is missing
// or cannot do it; those of read_header(); `io`. With a `helper` this process starts nothing
// itself.
[[nodiscard]] Result<DevicePtr> open_with_qemu(const QemuDisk& disk, Access access,
                                               std::uint32_t sector_size = 0,
                                               QemuHelper* helper = nullptr);

// What QEMU is told to open, as its "json:" names write it. Every file it consists of is checked.
[[nodiscard]] Result<std::string> qemu_options(const QemuDisk& disk, Access access);

} // namespace lifeboat::block
