// SPDX-License-Identifier: GPL-2.0-or-later
// LVM2's on-disk metadata, read-only: the label and header of a physical volume, and the text that
// describes the volume group. Facts: LVM2 source, lib/format_text/layout.h and format-text.c (label
// in one of the first four 512-byte sectors, metadata area header, circular text buffer), checked
// against metadata that pvcreate and lvcreate 2.03.16 wrote.
#pragma once

#include "block/device.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lifeboat::volume {

// The text format: `name = value` and `name { ... }`; a value is a number, a string, or a list.
struct LvmSection;
using LvmScalar = std::variant<std::int64_t, std::string>;
using LvmList = std::vector<LvmScalar>;

struct LvmSection {
    std::map<std::string, LvmList, std::less<>> values;
    std::map<std::string, LvmSection, std::less<>> sections;

    [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const;
    [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
    [[nodiscard]] const LvmSection* section(std::string_view name) const;
};

// `damaged` with the line of the first thing that is not understood.
[[nodiscard]] Result<LvmSection> parse_lvm_text(std::string_view text);

struct LvmLabel {
    std::string uuid;       // "CiQm9P-4vkA-sWAS-YI49-StzH-Hxct-XeUedU"
    std::uint64_t size = 0; // bytes, as the label says
    std::string text;       // metadata of the newest intact area; empty when this PV holds none
};

// Nothing when `device` carries no LVM2 label.
[[nodiscard]] Result<std::optional<LvmLabel>> read_lvm_label(block::BlockDevice& device);

// LVM's checksum: CRC-32 with its own start value and no final inversion.
[[nodiscard]] std::uint32_t lvm_checksum(ByteSpan data);

} // namespace lifeboat::volume
