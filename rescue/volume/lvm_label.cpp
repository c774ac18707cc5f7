// SPDX-License-Identifier: GPL-2.0-or-later
// Label, physical volume header and metadata areas of LVM2.
#include "volume/lvm_metadata.hpp"

#include <algorithm>

namespace lifeboat::volume {

namespace {

constexpr std::size_t kSector = 512;
constexpr std::size_t kLabelSectors = 4;
constexpr std::uint64_t kTextLimit = 32U << 20;
constexpr std::size_t kAreas = 16;
constexpr std::string_view kAreaMagic = " LVM2 x[5A%r0N*>";

// Metadata area header: checksum u32, magic 16 bytes, version u32, start u64, size u64, then
// locations {offset u64, size u64, checksum u32, flags u32} of the text, relative to the area.
Result<std::string> read_area(block::BlockDevice& device, std::uint64_t offset,
                              std::uint64_t size) {
    const std::string where = "LVM metadata area at byte " + std::to_string(offset);
    if (size < 2 * kSector)
        return fail(ErrorKind::damaged, where, "the area is too small to hold anything");
    LIFEBOAT_TRY(const Bytes header, block::read_bytes(device, offset, kSector));
    if (!has_magic(header, 4, kAreaMagic) || read_le<std::uint32_t>(header, 20) != 1U)
        return fail(ErrorKind::damaged, where, "the header is not one of LVM2");
    if (read_le<std::uint32_t>(header, 0) != lvm_checksum(ByteSpan(header).subspan(4)))
        return fail(ErrorKind::damaged, where, "the header's checksum is wrong");
    const std::uint64_t text_offset = *read_le<std::uint64_t>(header, 40);
    const std::uint64_t text_size = *read_le<std::uint64_t>(header, 48);
    const std::uint32_t checksum = *read_le<std::uint32_t>(header, 56);
    if (text_offset == 0 && text_size == 0)
        return std::string(); // a PV that belongs to no group yet
    if (text_offset < kSector || text_offset >= size || text_size > size - kSector ||
        text_size > kTextLimit)
        return fail(ErrorKind::damaged, where, "the text lies outside the area");
    // The text wraps around from the end of the area to the byte after the header.
    const std::uint64_t first = std::min(text_size, size - text_offset);
    LIFEBOAT_TRY(Bytes text,
                 block::read_bytes(device, offset + text_offset, static_cast<std::size_t>(first)));
    if (first < text_size) {
        LIFEBOAT_TRY(const Bytes rest,
                     block::read_bytes(device, offset + kSector,
                                       static_cast<std::size_t>(text_size - first)));
        text.insert(text.end(), rest.begin(), rest.end());
    }
    if (lvm_checksum(text) != checksum)
        return fail(ErrorKind::damaged, where, "the text's checksum is wrong");
    std::string out = to_text(text);
    while (!out.empty() && out.back() == '\0')
        out.pop_back();
    return out;
}

std::string dashed_uuid(std::string_view plain) {
    std::string out;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        if (i >= 6 && i <= 26 && (i - 6) % 4 == 0)
            out += '-';
        out += plain[i];
    }
    return out;
}

} // namespace

std::uint32_t lvm_checksum(ByteSpan data) {
    std::uint32_t crc = 0xf597a6cf;
    for (const std::byte byte : data) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
    }
    return crc;
}

Result<std::optional<LvmLabel>> read_lvm_label(block::BlockDevice& device) {
    if (device.size() < kLabelSectors * kSector)
        return std::optional<LvmLabel>();
    LIFEBOAT_TRY(const Bytes head, block::read_bytes(device, 0, kLabelSectors * kSector));
    for (std::size_t sector = 0; sector < kLabelSectors; ++sector) {
        const ByteSpan label = ByteSpan(head).subspan(sector * kSector, kSector);
        if (!has_magic(label, 0, "LABELONE") || !has_magic(label, 24, "LVM2 001"))
            continue;
        if (read_le<std::uint32_t>(label, 16) != lvm_checksum(label.subspan(20)))
            return fail(ErrorKind::damaged, device.name(), "the LVM label's checksum is wrong");
        const std::size_t start = *read_le<std::uint32_t>(label, 20);
        const auto uuid = slice(label, start, 32);
        const auto size = read_le<std::uint64_t>(label, start + 32);
        if (start > kSector || !uuid || !size)
            return fail(ErrorKind::damaged, device.name(), "the LVM label points outside itself");
        LvmLabel out{dashed_uuid(to_text(*uuid)), *size, {}};
        // Two lists of {offset u64, size u64}, each ended by zeros: data areas, metadata areas.
        std::size_t at = start + 40;
        std::optional<Error> why;
        for (int list = 0; list < 2; ++list) {
            for (std::size_t n = 0;; ++n, at += 16) {
                const auto offset = read_le<std::uint64_t>(label, at);
                const auto length = read_le<std::uint64_t>(label, at + 8);
                if (!offset || !length || n > kAreas)
                    return fail(ErrorKind::damaged, device.name(),
                                "the LVM label's list of areas has no end");
                if (*offset == 0)
                    break;
                if (list == 0 || !out.text.empty())
                    continue;
                auto text = read_area(device, *offset, *length);
                if (text)
                    out.text = std::move(*text);
                else
                    why = text.error();
            }
            at += 16;
        }
        if (out.text.empty() && why)
            return fail(why->in(device.name()));
        return std::optional(std::move(out));
    }
    return std::optional<LvmLabel>();
}

} // namespace lifeboat::volume
