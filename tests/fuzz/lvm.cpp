// SPDX-License-Identifier: GPL-2.0-or-later
// LVM2: the text, the label around it, and volumes put together of what they claim. The input is
// metadata text; the label and its checksums are made right around it.
#include "volume/lvm.hpp"
#include "block/image.hpp"
#include "fuzz/target.hpp"
#include "volume/lvm_metadata.hpp"

#include <algorithm>

namespace lifeboat::fuzz {

namespace {

constexpr std::string_view kGroup =
    "vg {\nid = \"aaaaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaaaa\"\nseqno = 3\nformat = \"lvm2\"\n"
    "status = [\"RESIZEABLE\", \"READ\", \"WRITE\"]\nextent_size = 8\n"
    "physical_volumes {\npv0 {\nid = \"bbbbbb-bbbb-bbbb-bbbb-bbbb-bbbb-bbbbbb\"\n"
    "device = \"/dev/xvda2\"\ndev_size = 256\npe_start = 64\npe_count = 16\n}\n}\n"
    "logical_volumes {\nroot {\nid = \"cccccc-cccc-cccc-cccc-cccc-cccc-cccccc\"\n"
    "status = [\"READ\", \"WRITE\", \"VISIBLE\"]\nsegment_count = 2\n"
    "segment1 {\nstart_extent = 0\nextent_count = 2\ntype = \"striped\"\nstripe_count = 1\n"
    "stripes = [\n\"pv0\", 0\n]\n}\n"
    "segment2 {\nstart_extent = 2\nextent_count = 2\ntype = \"striped\"\nstripe_count = 2\n"
    "stripe_size = 8\nstripes = [\n\"pv0\", 4, \"pv0\", 6\n]\n}\n}\n}\n}\n"
    "contents = \"Text Format Volume Group\"\nversion = 1\n";

// CRC-32 as LVM2 has it (lib/misc/crc.c): reflected, its own start value, no final inversion.
std::uint32_t lvm_crc(ByteSpan data) {
    std::uint32_t crc = 0xf597a6cf;
    for (const auto byte : data) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0);
    }
    return crc;
}

void put(Bytes& to, std::size_t at, ByteSpan what) {
    std::copy(what.begin(), what.end(), to.begin() + static_cast<std::ptrdiff_t>(at));
}
template <class T> void put(Bytes& to, std::size_t at, T value) {
    Bytes bytes;
    append_le(bytes, value);
    put(to, at, ByteSpan(bytes));
}

// A physical volume of 128 KiB: label in sector 1, one metadata area at 4096 (layout.h of LVM2).
Bytes physical_volume(ByteSpan text) {
    constexpr std::size_t kArea = 4096;
    constexpr std::size_t kAreaSize = 28672;
    Bytes disk(128U << 10);
    const auto used = std::min(text.size(), kAreaSize - 512 - 1);
    put(disk, 512, ByteSpan(to_bytes("LABELONE")));
    put<std::uint64_t>(disk, 512 + 8, 1);
    put<std::uint32_t>(disk, 512 + 20, 32);
    put(disk, 512 + 24, ByteSpan(to_bytes("LVM2 001")));
    put(disk, 512 + 32, ByteSpan(to_bytes("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")));
    put<std::uint64_t>(disk, 512 + 64, disk.size());
    put<std::uint64_t>(disk, 512 + 72, 32768); // data area; a zero pair ends the list
    put<std::uint64_t>(disk, 512 + 104, kArea);
    put<std::uint64_t>(disk, 512 + 112, kAreaSize);
    put<std::uint32_t>(disk, 512 + 16, lvm_crc(ByteSpan(disk).subspan(512 + 20, 512 - 20)));
    put(disk, kArea + 4, ByteSpan(to_bytes(" LVM2 x[5A%r0N*>")));
    put<std::uint32_t>(disk, kArea + 20, 1);
    put<std::uint64_t>(disk, kArea + 24, kArea);
    put<std::uint64_t>(disk, kArea + 32, kAreaSize);
    put<std::uint64_t>(disk, kArea + 40, 512);
    put<std::uint64_t>(disk, kArea + 48, used + 1);
    put(disk, kArea + 512, text.first(used));
    put<std::uint32_t>(disk, kArea + 56, lvm_crc(ByteSpan(disk).subspan(kArea + 512, used + 1)));
    put<std::uint32_t>(disk, kArea, lvm_crc(ByteSpan(disk).subspan(kArea + 4, 512 - 4)));
    return disk;
}

void open_all(Bytes disk) {
    const auto device = block::memory_device("fuzz", std::move(disk));
    const volume::PhysicalVolume one{0, device};
    for (const auto& logical : volume::find_logical_volumes({&one, 1}).volumes) {
        if (logical.device == nullptr)
            continue;
        Bytes some(4096);
        const auto size = logical.device->size();
        if (size >= some.size()) {
            static_cast<void>(logical.device->read(0, some));
            static_cast<void>(logical.device->read(size - some.size(), some));
        }
    }
}

} // namespace

void run(ByteSpan input) {
    static_cast<void>(volume::parse_lvm_text(to_text(input)));
    open_all(physical_volume(input));
    if (input.size() >= 4096)
        open_all(Bytes(input.begin(), input.end()));
}

std::vector<Bytes> seeds() {
    const auto text = to_bytes(kGroup);
    const auto label = block::memory_device("seed", physical_volume(text));
    const auto read = volume::read_lvm_label(*label);
    holds(read && *read && (*read)->text.size() >= text.size(), "the seed is a physical volume");
    return {text, physical_volume(text)};
}

} // namespace lifeboat::fuzz
