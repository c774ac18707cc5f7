// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.hpp"
#include "volume/table.hpp"

#include <algorithm>
#include <set>

namespace lifeboat::volume {
namespace {

constexpr std::size_t kExtendedLimit = 128;       // libfdisk itself stops at 60 partitions
constexpr std::uint64_t kEntriesLimit = 4U << 20; // bytes of GPT entries; the usual is 16 KiB
constexpr std::uint64_t kTableEnds = 64U << 10;   // copied at both ends of the disk
constexpr std::uint64_t kHighestLba = std::uint64_t{1} << 50;

// MBR entries: 16 bytes each from 446; type at +4, first sector at +8. Source: UEFI specification
// 2.10, 5.2.1.
struct MbrEntry {
    std::uint8_t type;
    std::uint32_t start;
};
MbrEntry mbr_entry(ByteSpan sector, std::size_t index) {
    const auto at = 446 + 16 * index;
    return {read_le<std::uint8_t>(sector, at + 4).value_or(0),
            read_le<std::uint32_t>(sector, at + 8).value_or(0)};
}
bool is_extended(std::uint8_t type) { return type == 0x05 || type == 0x0f || type == 0x85; }
bool has_mbr_mark(ByteSpan sector) { return read_le<std::uint16_t>(sector, 510) == 0xaa55; }

class Copier {
public:
    Copier(block::BlockDevice& disk, std::uint32_t sector_size, Sketch& sketch,
           std::vector<std::string>& notes)
        : disk_(disk), sector_size_(sector_size), sketch_(sketch), notes_(notes) {}

    Result<void> run() {
        LIFEBOAT_CHECK(sketch_.copy(0, kTableEnds));
        const auto size = disk_.size();
        LIFEBOAT_CHECK(sketch_.copy(size > kTableEnds ? size - kTableEnds : 0, kTableEnds));
        LIFEBOAT_TRY(const auto first, sector(0));
        if (!first || !has_mbr_mark(*first))
            return {};
        for (std::size_t i = 0; i < 4; ++i)
            if (const auto entry = mbr_entry(*first, i); is_extended(entry.type))
                LIFEBOAT_CHECK(extended(entry.start));
        LIFEBOAT_TRY(const auto other, gpt(1));
        LIFEBOAT_TRY(const auto ignored, gpt(other.value_or(size / sector_size_ - 1)));
        static_cast<void>(ignored);
        return {};
    }

private:
    // One sector, also put into the sketch; nothing past the end of the disk.
    Result<std::optional<Bytes>> sector(std::uint64_t lba) {
        if (lba > kHighestLba || lba >= disk_.size() / sector_size_)
            return std::optional<Bytes>();
        Bytes data(sector_size_);
        LIFEBOAT_CHECK(disk_.read(lba * sector_size_, data));
        LIFEBOAT_CHECK(sketch_.copy(lba * sector_size_, sector_size_));
        return std::optional<Bytes>(std::move(data));
    }

    // Every link of the chain is relative to the first sector of the extended partition.
    Result<void> extended(std::uint64_t base) {
        std::set<std::uint64_t> seen;
        for (auto lba = base; seen.size() < kExtendedLimit;) {
            if (!seen.insert(lba).second) {
                notes_.emplace_back("the chain of logical partitions runs in a circle");
                return {};
            }
            LIFEBOAT_TRY(const auto data, sector(lba));
            if (!data) {
                notes_.emplace_back(
                    "the chain of logical partitions leads past the end of the disk");
                return {};
            }
            std::uint64_t next = 0;
            for (std::size_t i = 0; i < 4 && next == 0; ++i)
                if (const auto entry = mbr_entry(*data, i); is_extended(entry.type))
                    next = entry.start;
            if (next == 0 || !has_mbr_mark(*data))
                return {};
            lba = base + next;
        }
        notes_.emplace_back("there are too many logical partitions; the last ones are not shown");
        return {};
    }

    // GPT header: signature at 0, other header's LBA at 32, entries' LBA at 72, their number at 80
    // and size at 84. Source: UEFI specification 2.10, 5.3.2. Returns the other header's LBA.
    Result<std::optional<std::uint64_t>> gpt(std::uint64_t lba) {
        LIFEBOAT_TRY(const auto header, sector(lba));
        if (!header || !has_magic(*header, 0, "EFI PART"))
            return std::optional<std::uint64_t>();
        const std::uint64_t number = read_le<std::uint32_t>(*header, 80).value_or(0);
        const std::uint64_t size = read_le<std::uint32_t>(*header, 84).value_or(0);
        if (number * size > kEntriesLimit)
            return fail(ErrorKind::unsupported, disk_.name(),
                        "the GPT claims to have " + human_size(number * size) + " of entries");
        const auto entries = read_le<std::uint64_t>(*header, 72).value_or(0);
        if (entries < kHighestLba)
            LIFEBOAT_CHECK(sketch_.copy(entries * sector_size_, number * size));
        return read_le<std::uint64_t>(*header, 32);
    }

    block::BlockDevice& disk_;
    std::uint32_t sector_size_;
    Sketch& sketch_;
    std::vector<std::string>& notes_;
};

} // namespace

Result<void> copy_table(block::BlockDevice& disk, std::uint32_t sector_size, Sketch& sketch,
                        std::vector<std::string>& notes) {
    return Copier(disk, sector_size, sketch, notes).run();
}

} // namespace lifeboat::volume
