// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/qemu_header.hpp"

#include "base/text.hpp"
#include "block/formats.hpp"

#include <algorithm>
#include <array>

namespace lifeboat::block {
namespace {

struct Format {
    std::string_view name;   // as formats.hpp says it, and what people type, any case
    std::string_view driver; // QEMU's
    std::string_view endings;
};

constexpr std::array kFormats{
    Format{"qcow2", "qcow2", ".qcow2 .qcow .qc2"},
    Format{"qcow", "qcow", ".qcow"},
    Format{"QED", "qed", ".qed"},
    Format{"VHDX", "vhdx", ".vhdx .avhdx"},
    Format{"VHD", "vpc", ".vhd .avhd .vpc"},
    Format{"vpc", "vpc", ".vhd .avhd .vpc"},
    Format{"VMDK", "vmdk", ".vmdk"},
    Format{"VDI", "vdi", ".vdi"},
    Format{"Parallels", "parallels", ".hdd .hds .parallels"},
};

constexpr std::size_t kMostName = 1023; // docs/interop/qcow2.txt: the longest backing file name

// qcow2 and VHD are big-endian.
std::optional<std::uint64_t> read_be(ByteSpan data, std::size_t offset, std::size_t length) {
    const auto part = lifeboat::slice(data, offset, length);
    if (!part)
        return std::nullopt;
    std::uint64_t value = 0;
    for (const auto byte : *part)
        value = (value << 8) | std::to_integer<std::uint64_t>(byte);
    return value;
}

tl::unexpected<Error> not_that(const BlockDevice& file, std::string_view format) {
    return fail(ErrorKind::damaged, file.name(), "this is not a " + std::string(format) + " image",
                "name it without the format in front, or with the right one");
}

tl::unexpected<Error> encrypted(const BlockDevice& file) {
    return fail(ErrorKind::refused, file.name(), "the image is encrypted",
                "decrypt it first: \"qemu-img convert\" with the key makes a plain copy");
}

Result<Bytes> head_of(BlockDevice& file) {
    return read_bytes(file, 0,
                      static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), 4096)));
}

// ---------------------------------------------------------------- qcow, qcow2
// Source: QEMU docs/interop/qcow2.txt.

constexpr std::uint64_t kDataFileFeature = 1 << 2;
constexpr std::uint64_t kCorruptFeature = 1 << 1;
constexpr std::uint64_t kExtensionEnd = 0;
constexpr std::uint64_t kExtensionBackingFormat = 0xe2792aca;
constexpr std::uint64_t kExtensionDataFile = 0x44415441;
constexpr int kMostExtensions = 64;
constexpr std::size_t kMostHeader = 64 << 10; // all of it lies in the first cluster

// The extensions after the header: the format of the backing file, and whether there is a data
// file outside.
Result<void> qcow2_extensions(const BlockDevice& file, ByteSpan head, std::size_t at,
                              std::string& backing_format) {
    for (int count = 0; count < kMostExtensions; ++count) {
        const auto type = read_be(head, at, 4);
        const auto length = read_be(head, at + 4, 4);
        if (!type || !length || *type == kExtensionEnd)
            return {};
        const auto data = lifeboat::slice(head, at + 8, static_cast<std::size_t>(*length));
        if (!data)
            return fail(ErrorKind::damaged, file.name(), "a header extension is too long");
        if (*type == kExtensionBackingFormat)
            backing_format = to_text(*data);
        if (*type == kExtensionDataFile)
            return fail(ErrorKind::unsupported, file.name(), "its data lies in another file",
                        "make a whole image of it: \"qemu-img convert -O qcow2\"");
        at += 8 + (static_cast<std::size_t>(*length) + 7) / 8 * 8;
    }
    return fail(ErrorKind::damaged, file.name(), "too many header extensions");
}

Result<std::optional<Backing>> qcow2_backing(BlockDevice& file, ByteSpan head, std::string format) {
    const auto offset = read_be(head, 8, 8).value_or(0);
    const auto length = read_be(head, 16, 4).value_or(0);
    if (offset == 0 || length == 0)
        return std::nullopt;
    if (length > kMostName)
        return fail(ErrorKind::damaged, file.name(), "the name of its backing file is too long");
    LIFEBOAT_TRY(const auto name, read_bytes(file, offset, static_cast<std::size_t>(length)));
    return Backing{to_text(name), std::move(format)};
}

Result<ImageHeader> qcow2_header(BlockDevice& file) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), kMostHeader));
    LIFEBOAT_TRY(const auto head, read_bytes(file, 0, wanted));
    const auto version = read_be(head, 4, 4).value_or(0);
    if (!has_magic(head, 0, "QFI\xfb") || version < 1 || version > 3)
        return not_that(file, "qcow2");
    ImageHeader out{
        version == 1 ? "qcow" : "qcow2", version == 1 ? "qcow" : "qcow2", {}, {}, {}, {}};
    // Version 1 has the cipher at 36 and no extensions.
    if (read_be(head, version == 1 ? 36 : 32, 4).value_or(1) != 0)
        return encrypted(file);
    std::string backing_format;
    if (version == 3) {
        const auto features = read_be(head, 72, 8).value_or(0);
        if ((features & kDataFileFeature) != 0)
            return fail(ErrorKind::unsupported, file.name(), "its data lies in another file",
                        "make a whole image of it: \"qemu-img convert -O qcow2\"");
        if ((features & kCorruptFeature) != 0)
            out.no_write = "it is marked as corrupt; run \"qemu-img check -r all\" on it first";
    }
    if (version > 1) {
        const auto length = version == 3 ? read_be(head, 100, 4).value_or(0) : 72;
        LIFEBOAT_CHECK(
            qcow2_extensions(file, head, static_cast<std::size_t>(length), backing_format));
    }
    LIFEBOAT_TRY(out.backing, qcow2_backing(file, head, std::move(backing_format)));
    return out;
}

// ---------------------------------------------------------------- VHD, VDI, QED, Parallels

// Source: Microsoft's "Virtual Hard Disk Image Format Specification", "Hard Disk Footer Format".
// QEMU 7.2 and 10.0 (block/vpc.c) read a differencing disk as if its parent were empty.
Result<ImageHeader> vhd_header(BlockDevice& file) {
    constexpr std::uint64_t kDifferencing = 4;
    LIFEBOAT_TRY(const auto head, read_bytes(file, 0, kHeadBytes));
    LIFEBOAT_TRY(const auto tail, read_bytes(file, file.size() - kHeadBytes, kHeadBytes));
    const auto& footer = has_magic(head, 0, "conectix") ? head : tail;
    if (!has_magic(footer, 0, "conectix"))
        return not_that(file, "VHD");
    if (read_be(footer, 60, 4) == kDifferencing)
        return fail(ErrorKind::unsupported, file.name(),
                    "this VHD holds only the differences to its parent disk",
                    "export the disk as a whole first (xe vdi-export), or coalesce the chain");
    return ImageHeader{"VHD", "vpc", {}, {}, {}, {}};
}

// Source: QEMU docs/interop/qed_spec.txt.
Result<ImageHeader> qed_header(BlockDevice& file) {
    LIFEBOAT_TRY(const auto head, head_of(file));
    if (!has_magic(head, 0, std::string_view("QED\0", 4)))
        return not_that(file, "QED");
    if ((read_le<std::uint64_t>(head, 16).value_or(1) & 1) != 0)
        return fail(ErrorKind::unsupported, file.name(), "a QED image with a backing file",
                    "make a whole image of it: \"qemu-img convert -O qcow2\"");
    return ImageHeader{"QED", "qed", {}, {}, {}, {}};
}

Result<ImageHeader> plain_header(BlockDevice& file, const std::string& driver) {
    LIFEBOAT_TRY(const auto format, format_of(file));
    if (!format || driver_named(*format) != driver)
        return not_that(file, driver);
    ImageHeader out;
    out.format = *format;
    out.driver = driver;
    return out;
}

// ---------------------------------------------------------------- VMDK

// Source: VMware's "Virtual Disk Format 5.0", hosted sparse extent header.
constexpr std::uint32_t kCompressedGrains = 1U << 16;
constexpr std::uint64_t kMostDescriptor = 1 << 20; // as QEMU reads at most
constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kEmbeddedDescriptor = 20 * kSector; // QEMU block/vmdk.c

Result<ImageHeader> vmdk_header(BlockDevice& file) {
    LIFEBOAT_TRY(const auto head, head_of(file));
    ImageHeader out{"VMDK", "vmdk", {}, {}, {}, {}};
    if (has_magic(head, 0, "# Disk DescriptorFile")) {
        const auto length = std::min(file.size(), kMostDescriptor);
        LIFEBOAT_TRY(const auto text, read_bytes(file, 0, static_cast<std::size_t>(length)));
        LIFEBOAT_CHECK(read_vmdk_descriptor(file.name(), to_text(text), out));
        return out;
    }
    if (has_magic(head, 0, "COWD"))
        return fail(ErrorKind::unsupported, file.name(), "this is only a part of a VMware disk",
                    "name the small .vmdk file beside it that describes the disk");
    if (!has_magic(head, 0, "KDMV"))
        return not_that(file, "VMDK");
    if (read_le<std::uint64_t>(head, 12).value_or(0) == 0)
        return fail(ErrorKind::unsupported, file.name(), "its data lies in other files",
                    "name the small .vmdk file that describes the disk");
    const bool compressed =
        (read_le<std::uint32_t>(head, 8).value_or(0) & kCompressedGrains) != 0 ||
        read_le<std::uint16_t>(head, 77).value_or(0) != 0;
    if (compressed)
        out.no_write = "a compressed (streamOptimized) VMDK cannot be changed in place; make one "
                       "that can: \"qemu-img convert -O qcow2\"";
    // QEMU looks for the description in these sectors whatever the header says.
    if (const auto at = read_le<std::uint64_t>(head, 28).value_or(0); at > 1)
        return fail(ErrorKind::unsupported, file.name(),
                    "its description is not where VMware puts it");
    const auto room = file.size() - std::min(file.size(), kSector);
    const auto length = std::min(room, kEmbeddedDescriptor);
    LIFEBOAT_TRY(const auto text, read_bytes(file, kSector, static_cast<std::size_t>(length)));
    LIFEBOAT_CHECK(read_vmdk_descriptor(file.name(), to_text(text), out));
    out.parts.clear(); // the only part is this file itself, by any name it once had
    out.sparse.clear();
    return out;
}

} // namespace

Result<std::optional<std::string>> format_of(BlockDevice& file) {
    if (file.size() < kHeadBytes)
        return std::nullopt;
    LIFEBOAT_TRY(const auto head, read_bytes(file, 0, kHeadBytes));
    LIFEBOAT_TRY(const auto tail, read_bytes(file, file.size() - kHeadBytes, kHeadBytes));
    const auto found = foreign_format(head, tail);
    if (!found || driver_named(found->name).empty())
        return std::nullopt;
    return found->name;
}

std::string driver_named(std::string_view name) {
    for (const auto& format : kFormats)
        if (iequals(format.name, name))
            return std::string(format.driver);
    return {};
}

bool name_agrees(std::string_view path, std::string_view driver) {
    const auto lower = to_lower_ascii(path);
    for (const auto& format : kFormats)
        if (format.driver == driver)
            for (const auto ending : split_nonempty(format.endings, ' '))
                if (lower.ends_with(ending))
                    return true;
    return false;
}

Result<ImageHeader> read_header(BlockDevice& file, const std::string& driver) {
    if (file.size() < kHeadBytes)
        return not_that(file, driver);
    if (driver == "qcow2" || driver == "qcow")
        return qcow2_header(file);
    if (driver == "vpc")
        return vhd_header(file);
    if (driver == "qed")
        return qed_header(file);
    if (driver == "vmdk")
        return vmdk_header(file);
    return plain_header(file, driver);
}

} // namespace lifeboat::block
