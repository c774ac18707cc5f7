// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/formats.hpp"

#include <array>
#include <string_view>

namespace lifeboat::block {
namespace {

using namespace std::string_view_literals;

struct Magic {
    std::size_t offset;
    std::string_view bytes;
    std::string_view name;
    bool known_to_qemu; // otherwise it must be unpacked first
};

constexpr std::array kMagics{
    Magic{0, "QFI\xfb"sv, "qcow2", true},
    Magic{0, "QED\0"sv, "QED", true},
    Magic{0, "vhdxfile"sv, "VHDX", true},
    Magic{0, "conectix"sv, "VHD", true},
    Magic{0, "KDMV"sv, "VMDK", true},
    Magic{0, "COWD"sv, "VMDK", true},
    Magic{0, "# Disk DescriptorFile"sv, "VMDK", true},
    Magic{0x40, "\x7f\x10\xda\xbe"sv, "VDI", true},
    Magic{0, "WithoutFreeSpace"sv, "Parallels", true},
    Magic{0, "WithouFreSpacExt"sv, "Parallels", true},
    Magic{0, "\x1f\x8b\x08"sv, "gzip", false},
    Magic{0,
          "\xfd"
          "7zXZ\0"sv,
          "xz", false},
    Magic{0, "\x28\xb5\x2f\xfd"sv, "zstd", false},
    Magic{0, "BZh"sv, "bzip2", false},
    Magic{0, "PK\x03\x04"sv, "zip", false},
    Magic{257, "ustar"sv, "tar (an OVA is one)", false},
};

constexpr std::string_view kUseQemu =
    "make it a plain disk first: \"qemu-img convert -O raw FILE disk.raw\", or serve it as a block "
    "device with \"qemu-nbd\"";
constexpr std::string_view kUnpack = "unpack it first, then name the disk image inside";

} // namespace

std::optional<ForeignFormat> foreign_format(ByteSpan head, ByteSpan tail) {
    for (const auto& magic : kMagics)
        if (has_magic(head, magic.offset, magic.bytes))
            return ForeignFormat{std::string(magic.name),
                                 std::string(magic.known_to_qemu ? kUseQemu : kUnpack)};
    if (has_magic(tail, 0, "conectix"))
        return ForeignFormat{"VHD", std::string(kUseQemu)};
    return std::nullopt;
}

} // namespace lifeboat::block
