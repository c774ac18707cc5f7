// SPDX-License-Identifier: GPL-2.0-or-later
// wrap lvm|md IMAGE OUT: a file system image as the only logical volume of an LVM physical volume
// (vg0/root), or as one half of a RAID 1 array, without root and without device mapper. Sources:
// LVM2's lib/format_text (label, metadata area), Linux's include/uapi/linux/raid/md_p.h
// (version 1.2).
#include "volume/lvm_metadata.hpp"

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

using namespace lifeboat;

constexpr std::size_t kMega = 1048576;

void put(Bytes& disk, std::size_t at, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i)
        disk.at(at + i) = static_cast<std::byte>(text[i]);
}

template <class T> void put_le(Bytes& disk, std::size_t at, T value) {
    if (!write_le(MutableByteSpan(disk), at, value))
        std::abort();
}

constexpr std::string_view kPhysical = "5eed0000000000000000000000000abc"; // 32 characters

std::string group(std::size_t extents) {
    const std::string count = std::to_string(extents);
    return "vg0 {\nid = \"5eed00-0000-0000-0000-0000-0000-000def\"\nseqno = 1\nformat = \"lvm2\"\n"
           "status = [\"RESIZEABLE\", \"READ\", \"WRITE\"]\nflags = []\nextent_size = 2048\n"
           "max_lv = 0\nmax_pv = 0\nmetadata_copies = 0\n\nphysical_volumes {\n\npv0 {\n"
           "id = \"5eed00-0000-0000-0000-0000-0000-000abc\"\ndevice = \"/dev/xvda1\"\n"
           "status = [\"ALLOCATABLE\"]\nflags = []\ndev_size = " +
           std::to_string((extents + 1) * 2048) + "\npe_start = 2048\npe_count = " + count +
           "\n}\n}\n\nlogical_volumes {\n\nroot {\n"
           "id = \"5eed00-0000-0000-0000-0000-0000-000fed\"\n"
           "status = [\"READ\", \"WRITE\", \"VISIBLE\"]\nflags = []\nsegment_count = 1\n\n"
           "segment1 {\nstart_extent = 0\nextent_count = " +
           count +
           "\n\ntype = \"striped\"\nstripe_count = 1\n\nstripes = [\n\"pv0\", 0\n]\n}\n}\n}\n}\n"
           "contents = \"Text Format Volume Group\"\nversion = 1\n";
}

// Label in sector 1, metadata area from byte 4096, data from 1 MiB, extents of 1 MiB.
Bytes lvm(const Bytes& image) {
    const std::size_t extents = image.size() / kMega;
    Bytes disk(kMega + extents * kMega);
    const std::size_t area = 4096;
    const std::size_t area_size = kMega - area;
    put(disk, 512, "LABELONE");
    put_le<std::uint64_t>(disk, 512 + 8, 1);
    put_le<std::uint32_t>(disk, 512 + 20, 32);
    put(disk, 512 + 24, "LVM2 001");
    put(disk, 512 + 32, kPhysical);
    put_le<std::uint64_t>(disk, 512 + 64, disk.size());
    put_le<std::uint64_t>(disk, 512 + 72, kMega); // data area, until the end
    put_le<std::uint64_t>(disk, 512 + 104, area); // metadata area, after an empty entry
    put_le<std::uint64_t>(disk, 512 + 112, area_size);
    put_le<std::uint32_t>(disk, 512 + 16, volume::lvm_checksum(ByteSpan(disk).subspan(532, 492)));
    const std::string text = group(extents);
    put(disk, area + 512, text);
    put(disk, area + 4, " LVM2 x[5A%r0N*>");
    put_le<std::uint32_t>(disk, area + 20, 1);
    put_le<std::uint64_t>(disk, area + 24, area);
    put_le<std::uint64_t>(disk, area + 32, area_size);
    put_le<std::uint64_t>(disk, area + 40, 512);
    put_le<std::uint64_t>(disk, area + 48, text.size() + 1);
    put_le<std::uint32_t>(
        disk, area + 56, volume::lvm_checksum(ByteSpan(disk).subspan(area + 512, text.size() + 1)));
    put_le<std::uint32_t>(disk, area, volume::lvm_checksum(ByteSpan(disk).subspan(area + 4, 508)));
    std::copy(image.begin(), image.end(), disk.begin() + kMega);
    return disk;
}

// Superblock 1.2 at 4 KiB, data from 1 MiB, device 0 of a mirror of two.
Bytes md(const Bytes& image) {
    Bytes disk(kMega + image.size());
    const std::size_t at = 4096;
    put_le<std::uint32_t>(disk, at, 0xa92b4efc);
    put_le<std::uint32_t>(disk, at + 4, 1);
    put(disk, at + 16, "5eed-lifeboat-md");
    put(disk, at + 32, "guest:0");
    put_le<std::uint32_t>(disk, at + 72, 1);                  // level
    put_le<std::uint64_t>(disk, at + 80, image.size() / 512); // size of a device
    put_le<std::uint32_t>(disk, at + 92, 2);                  // devices
    put_le<std::uint64_t>(disk, at + 128, kMega / 512);       // data offset
    put_le<std::uint64_t>(disk, at + 136, image.size() / 512);
    put_le<std::uint64_t>(disk, at + 144, at / 512);
    put_le<std::uint32_t>(disk, at + 160, 0); // device number
    put_le<std::uint64_t>(disk, at + 200, 7); // events
    put_le<std::uint32_t>(disk, at + 220, 2); // roles that follow
    put_le<std::uint16_t>(disk, at + 256, std::uint16_t{0});
    put_le<std::uint16_t>(disk, at + 258, std::uint16_t{0xffff});
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < 256 + 4; i += 4)
        sum += read_le<std::uint32_t>(disk, at + i).value_or(0);
    put_le<std::uint32_t>(disk, at + 216, static_cast<std::uint32_t>(sum + (sum >> 32)));
    std::copy(image.begin(), image.end(), disk.begin() + kMega);
    return disk;
}

} // namespace

int main(int argc, char** argv) {
    const std::string kind = argc == 4 ? argv[1] : "";
    if (kind != "lvm" && kind != "md") {
        std::cerr << "usage: wrap lvm|md IMAGE OUT\n";
        return 2;
    }
    std::ifstream in(argv[2], std::ios::binary);
    const Bytes image = to_bytes(
        std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>()));
    const std::string out_bytes = to_text(kind == "lvm" ? lvm(image) : md(image));
    std::ofstream out(argv[3], std::ios::binary | std::ios::trunc);
    out.write(out_bytes.data(), static_cast<std::streamsize>(out_bytes.size()));
    out.close();
    if (image.empty() || !out) {
        std::cerr << "wrap: " << argv[2] << " or " << argv[3] << " failed\n";
        return 4;
    }
    return 0;
}
