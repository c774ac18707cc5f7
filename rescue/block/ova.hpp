// SPDX-License-Identifier: GPL-2.0-or-later
// An OVA: a tar with a description (OVF), disk images, and perhaps a manifest of checksums. Opened
// where it lies; nothing is unpacked. Sources: DMTF DSP0243 (OVF), POSIX pax, and the ustar format.
#pragma once

#include "block/device.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lifeboat::block {

struct TarMember {
    std::string name;         // without "./" in front
    std::uint64_t offset = 0; // bytes, of its content
    std::uint64_t size = 0;
};

// Regular files of the tar, in order. Error `damaged`: not a tar, or one that ends early.
[[nodiscard]] Result<std::vector<TarMember>> read_tar(BlockDevice& file);

struct OvfDisk {
    std::string file;           // name of the tar member; empty for a disk without content
    std::string format;         // the address that stands for the format, as the description has it
    std::uint64_t capacity = 0; // bytes; 0 when the description does not say
    bool compressed = false;    // as a whole, beside what the format does; or cut into chunks
    bool operator==(const OvfDisk&) const = default;
};

struct OvfNic {
    std::string mac;     // as written; empty when the description leaves it open
    std::string model;   // "E1000", "VmxNet3"
    std::string network; // "VM Network"
    bool operator==(const OvfNic&) const = default;
};

struct Ovf {
    std::string name;           // of the first machine in it
    std::vector<OvfDisk> disks; // as the machine has them: by controller, then by address
    std::vector<OvfNic> nics;
};

// Error `damaged`, and `unsupported` for a description with a document type (no OVF has one, and
// entities are the way to make a small file large).
[[nodiscard]] Result<Ovf> read_ovf(const std::string& where, ByteSpan xml);

struct Ova {
    std::vector<TarMember> members;
    Ovf ovf;
    bool sealed = false; // checksums of its files lie beside them: a change would break them

    [[nodiscard]] const TarMember* member(std::string_view name) const;
};

// Nothing when the file is no tar at all. Error `damaged`, `unsupported` as above, also for a tar
// without a description.
[[nodiscard]] Result<std::optional<Ova>> read_ova(BlockDevice& file);

} // namespace lifeboat::block
