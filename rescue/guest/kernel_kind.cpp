// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel_kind.hpp"

#include <zlib.h>

#include <algorithm>
#include <string_view>

namespace lifeboat::guest {

namespace {

using text::grub::KernelKind;

constexpr std::size_t kLargestKernel = 96U << 20;
constexpr std::size_t kMostHeaders = 256;

bool is_boot_sector_kernel(ByteSpan file) {
    return read_le<std::uint16_t>(file, 0x1fe) == 0xaa55 && has_magic(file, 0x202, "HdrS");
}

// Empty when it is not gzip, damaged, or larger than a kernel can be.
Bytes unzipped(ByteSpan file) {
    if (!has_magic(file, 0, "\x1f\x8b"))
        return {};
    z_stream stream{};
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (inflateInit2(&stream, kGzipOnly) != Z_OK)
        return {};
    // zlib's interface wants a pointer that is not const, and does not write through it.
    stream.next_in =
        const_cast<Bytef*>(static_cast<const Bytef*>(static_cast<const void*>(file.data())));
    stream.avail_in = static_cast<uInt>(std::min<std::size_t>(file.size(), kLargestKernel));
    Bytes out;
    int status = Z_OK;
    while (status == Z_OK && out.size() < kLargestKernel) {
        const auto had = out.size();
        out.resize(had + (1U << 20));
        stream.next_out = static_cast<Bytef*>(static_cast<void*>(out.data() + had));
        stream.avail_out = 1U << 20;
        status = inflate(&stream, Z_NO_FLUSH);
        out.resize(out.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    return status == Z_STREAM_END ? out : Bytes{};
}

// Where the ELF header has its tables; Elf32_Ehdr and Elf64_Ehdr of the System V ABI.
struct ElfFile {
    ByteSpan file;
    bool wide = false;

    [[nodiscard]] std::optional<std::uint64_t> address(std::size_t offset) const {
        if (wide)
            return read_le<std::uint64_t>(file, offset);
        return read_le<std::uint32_t>(file, offset);
    }
    [[nodiscard]] std::optional<ByteSpan> part(std::optional<std::uint64_t> offset,
                                               std::optional<std::uint64_t> size) const {
        if (!offset || !size || *offset > file.size() || *size > file.size() - *offset)
            return std::nullopt;
        return file.subspan(static_cast<std::size_t>(*offset), static_cast<std::size_t>(*size));
    }
};

// Notes: name size, content size, type, then both, each filled up to four bytes.
bool has_xen_note(ByteSpan notes) {
    std::size_t at = 0;
    while (at + 12 <= notes.size()) {
        const std::uint64_t name = read_le<std::uint32_t>(notes, at).value_or(0);
        const std::uint64_t content = read_le<std::uint32_t>(notes, at + 4).value_or(0);
        if (name == 4 && has_magic(notes, at + 12, std::string_view("Xen\0", 4)))
            return true;
        const auto step =
            12 + ((name + 3) & ~std::uint64_t{3}) + ((content + 3) & ~std::uint64_t{3});
        if (step > notes.size() - at)
            return false;
        at += static_cast<std::size_t>(step);
    }
    return false;
}

bool has_xen_segment(const ElfFile& elf) {
    const auto table = elf.address(elf.wide ? 0x20 : 0x1c).value_or(0);
    const std::uint64_t size = read_le<std::uint16_t>(elf.file, elf.wide ? 0x36 : 0x2a).value_or(0);
    const std::uint64_t count =
        read_le<std::uint16_t>(elf.file, elf.wide ? 0x38 : 0x2c).value_or(0);
    constexpr std::uint32_t kNote = 4;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, kMostHeaders); ++i) {
        const auto header = elf.part(table + i * size, size);
        if (!header)
            return false;
        const auto at = static_cast<std::size_t>(table + i * size);
        if (read_le<std::uint32_t>(elf.file, at) != kNote)
            continue;
        const auto notes = elf.part(elf.address(at + (elf.wide ? 0x08 : 0x04)),
                                    elf.address(at + (elf.wide ? 0x20 : 0x10)));
        if (notes && has_xen_note(*notes))
            return true;
    }
    return false;
}

bool has_xen_section(const ElfFile& elf) {
    const auto table = elf.address(elf.wide ? 0x28 : 0x20).value_or(0);
    const std::uint64_t size = read_le<std::uint16_t>(elf.file, elf.wide ? 0x3a : 0x2e).value_or(0);
    const std::uint64_t count =
        read_le<std::uint16_t>(elf.file, elf.wide ? 0x3c : 0x30).value_or(0);
    const std::uint64_t names =
        read_le<std::uint16_t>(elf.file, elf.wide ? 0x3e : 0x32).value_or(0);
    constexpr std::uint32_t kNote = 7;
    const auto offset_of = [&](std::uint64_t i) {
        return elf.address(static_cast<std::size_t>(table + i * size + (elf.wide ? 0x18 : 0x10)));
    };
    const auto size_of = [&](std::uint64_t i) {
        return elf.address(static_cast<std::size_t>(table + i * size + (elf.wide ? 0x20 : 0x14)));
    };
    const auto text = names < count ? elf.part(offset_of(names), size_of(names)) : std::nullopt;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, kMostHeaders); ++i) {
        if (!elf.part(table + i * size, size))
            return false;
        const auto at = static_cast<std::size_t>(table + i * size);
        const auto name = read_le<std::uint32_t>(elf.file, at).value_or(0);
        if (text && has_magic(*text, name, std::string_view("__xen_guest\0", 12)))
            return true;
        if (read_le<std::uint32_t>(elf.file, at + 4) != kNote)
            continue;
        const auto notes = elf.part(offset_of(i), size_of(i));
        if (notes && has_xen_note(*notes))
            return true;
    }
    return false;
}

KernelKind elf_kind(ByteSpan file) {
    if (!has_magic(file, 0,
                   "\x7f"
                   "ELF") ||
        file.size() < 0x40)
        return KernelKind::unknown;
    const auto machine = read_le<std::uint16_t>(file, 0x12).value_or(0);
    constexpr std::uint16_t kI386 = 3;
    constexpr std::uint16_t kX86_64 = 62;
    const ElfFile elf{file, machine == kX86_64};
    const auto width = std::to_integer<int>(file[4]); // 1: 32 bits, 2: 64 bits
    if ((machine != kX86_64 || width != 2) && (machine != kI386 || width != 1))
        return KernelKind::unknown;
    if (!has_xen_segment(elf) && !has_xen_section(elf))
        return KernelKind::unknown;
    return elf.wide ? KernelKind::xen_x86_64 : KernelKind::xen_i386;
}

} // namespace

KernelKind kernel_kind(ByteSpan file) {
    if (is_boot_sector_kernel(file))
        return KernelKind::linux_;
    if (const auto inside = unzipped(file); !inside.empty())
        return is_boot_sector_kernel(inside) ? KernelKind::linux_ : elf_kind(inside);
    return elf_kind(file);
}

} // namespace lifeboat::guest
