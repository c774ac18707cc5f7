// SPDX-License-Identifier: GPL-2.0-or-later
#include "volume/sketch.hpp"

#include "base/bytes.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace lifeboat::volume {
namespace {

constexpr std::uint64_t kHead = 1U << 20;
constexpr std::uint64_t kTail = 512U << 10;
constexpr std::uint64_t kFatRoot = 32U << 10; // the label is one of its first entries
constexpr std::uint64_t kPiece = 1U << 20;    // copied at a time

// Byte offset of $MFT and the length of the records up to $Volume (number 3), from the NTFS boot
// sector: bytes per sector at 0x0b, sectors per cluster at 0x0d, cluster of $MFT at 0x30, record
// size at 0x40 (clusters, or minus the exponent). Source: ntfs-3g layout.h, NTFS_BOOT_SECTOR.
struct Mft {
    std::uint64_t offset;
    std::uint64_t length;
};

std::optional<Mft> mft_of(ByteSpan boot) {
    if (!has_magic(boot, 3, "NTFS    "))
        return std::nullopt;
    const std::uint64_t sector = read_le<std::uint16_t>(boot, 0x0b).value_or(0);
    std::uint64_t cluster = read_le<std::uint8_t>(boot, 0x0d).value_or(0);
    if (cluster > 240)
        cluster = std::uint64_t{1} << std::min<std::uint64_t>(256 - cluster, 12);
    const auto start = read_le<std::uint64_t>(boot, 0x30).value_or(0);
    const std::uint64_t record_code = read_le<std::uint8_t>(boot, 0x40).value_or(0);
    const auto record = record_code < 128
                            ? record_code * cluster * sector
                            : std::uint64_t{1} << (256 - record_code > 16 ? 16 : 256 - record_code);
    const auto bytes_per_cluster = sector * cluster;
    if (bytes_per_cluster == 0 || start > (std::uint64_t{1} << 62) / bytes_per_cluster)
        return std::nullopt;
    return Mft{start * bytes_per_cluster, std::min<std::uint64_t>(4 * record, kHead)};
}

// Byte offset of the root directory of a FAT volume, where its label is: bytes per sector at 0x0b,
// sectors per cluster at 0x0d, reserved sectors at 0x0e, number of FATs at 0x10, sectors per FAT at
// 0x16 (FAT12/16) or 0x24, first cluster of the root at 0x2c. Source: Microsoft's FAT specification
// 1.03 (fatgen103).
std::optional<std::uint64_t> fat_root_of(ByteSpan boot) {
    if (!has_magic(boot, 0x36, "FAT") && !has_magic(boot, 0x52, "FAT32"))
        return std::nullopt;
    const std::uint64_t sector = read_le<std::uint16_t>(boot, 0x0b).value_or(0);
    const std::uint64_t cluster = read_le<std::uint8_t>(boot, 0x0d).value_or(0);
    const std::uint64_t reserved = read_le<std::uint16_t>(boot, 0x0e).value_or(0);
    const std::uint64_t fats = read_le<std::uint8_t>(boot, 0x10).value_or(0);
    const std::uint64_t small = read_le<std::uint16_t>(boot, 0x16).value_or(0);
    if (small != 0)
        return (reserved + fats * small) * sector;
    const std::uint64_t large = read_le<std::uint32_t>(boot, 0x24).value_or(0);
    const std::uint64_t root = read_le<std::uint32_t>(boot, 0x2c).value_or(2);
    return (reserved + fats * large + (root < 2 ? 0 : root - 2) * cluster) * sector;
}

} // namespace

Result<Sketch> Sketch::of(block::BlockDevice& device) {
    const int descriptor = ::memfd_create("lifeboat-sketch", MFD_CLOEXEC);
    if (descriptor < 0)
        return fail_errno(device.name(), "making a file in memory", errno);
    Sketch sketch(device, descriptor);
    if (::ftruncate(descriptor, static_cast<off_t>(device.size())) != 0)
        return fail_errno(device.name(), "making a file in memory", errno);
    return sketch;
}

Sketch::Sketch(Sketch&& other) noexcept
    : device_(other.device_), descriptor_(std::exchange(other.descriptor_, -1)),
      empty_(other.empty_) {}

Sketch& Sketch::operator=(Sketch&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(descriptor_, other.descriptor_);
    std::swap(empty_, other.empty_);
    return *this;
}

Sketch::~Sketch() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

Result<void> Sketch::copy(std::uint64_t offset, std::uint64_t length) {
    const auto size = device_->size();
    if (offset >= size)
        return {};
    length = std::min(length, size - offset);
    while (length > 0) {
        Bytes piece(static_cast<std::size_t>(std::min(length, kPiece)));
        LIFEBOAT_CHECK(device_->read(offset, piece));
        if (!all_zero(piece)) { // a hole reads the same
            empty_ = false;
            const auto put =
                ::pwrite(descriptor_, piece.data(), piece.size(), static_cast<off_t>(offset));
            if (put != static_cast<ssize_t>(piece.size()))
                return fail_errno(device_->name(), "filling a file in memory", errno);
        }
        offset += piece.size();
        length -= piece.size();
    }
    return {};
}

Result<void> Sketch::copy_signatures() {
    LIFEBOAT_CHECK(copy(0, kHead));
    const auto size = device_->size();
    const auto tail = std::max(kHead, size > kTail ? size - kTail : 0);
    LIFEBOAT_CHECK(copy(tail, kTail));
    Bytes boot(static_cast<std::size_t>(std::min<std::uint64_t>(size, 512)));
    LIFEBOAT_CHECK(device_->read(0, boot));
    if (const auto mft = mft_of(boot); mft)
        LIFEBOAT_CHECK(copy(mft->offset, mft->length));
    if (const auto root = fat_root_of(boot); root)
        LIFEBOAT_CHECK(copy(*root, kFatRoot));
    return {};
}

} // namespace lifeboat::volume
