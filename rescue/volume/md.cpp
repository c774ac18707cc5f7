// SPDX-License-Identifier: GPL-2.0-or-later
#include "volume/md.hpp"

#include "base/text.hpp"

#include <array>

namespace lifeboat::volume {
namespace {

constexpr std::uint32_t kMagic = 0xa92b4efc;
constexpr std::uint64_t kSector = 512; // md counts in these whatever the disk's sectors are
constexpr std::size_t kSuper = 4096;
constexpr std::uint64_t kMostSectors = 1ULL << 53;

// Version 0.90: 1024 words of 32 bits.
namespace v0 {
constexpr std::uint64_t kReserved = 64U << 10; // at the end of the device, in units of itself
constexpr std::size_t kMinor = 2, kUuid0 = 5, kLevel = 7, kSizeKib = 8, kDevices = 10, kNumber = 11,
                      kUuid1 = 13, kState = 33, kChecksum = 38, kEventsLow = 39, kEventsHigh = 40,
                      kReshape = 44, kThisDisk = 992;
constexpr std::size_t kRoleInDisk = 3, kStateInDisk = 4; // words of a descriptor
constexpr std::uint32_t kClean = 1;                      // bit of the array's state
constexpr std::uint32_t kActiveAndSync = 6, kFaulty = 1; // bits of a disk's state
} // namespace v0

// Version 1: byte offsets.
namespace v1 {
constexpr std::size_t kMajor = 4, kFeatures = 8, kUuid = 16, kName = 32, kLevel = 72, kSize = 80,
                      kDevices = 92, kDataOffset = 128, kDataSize = 136, kOwnOffset = 144,
                      kNumber = 160, kBadBlocks = 186, kEvents = 200, kResync = 208,
                      kChecksum = 216, kMostRoles = 220, kRoles = 256;
constexpr std::uint32_t kBitmap = 1, kRecovering = 2, kBadBlockLog = 8;
constexpr std::uint16_t kFirstSpecialRole = 0xfff0; // spare, failed, journal
} // namespace v1

class Words {
public:
    explicit Words(Bytes bytes) : bytes_(std::move(bytes)) {}
    [[nodiscard]] std::uint32_t word(std::size_t number) const { return u32(number * 4); }
    [[nodiscard]] std::uint16_t u16(std::size_t at) const {
        return read_le<std::uint16_t>(bytes_, at).value_or(0);
    }
    [[nodiscard]] std::uint32_t u32(std::size_t at) const {
        return read_le<std::uint32_t>(bytes_, at).value_or(0);
    }
    [[nodiscard]] std::uint64_t u64(std::size_t at) const {
        return read_le<std::uint64_t>(bytes_, at).value_or(0);
    }
    [[nodiscard]] ByteSpan bytes(std::size_t at, std::size_t length) const {
        return ByteSpan(bytes_).subspan(at, length);
    }
    // The sum of the first `length` bytes as words, without the word at `skip`.
    [[nodiscard]] std::uint32_t sum(std::size_t length, std::size_t skip) const {
        std::uint64_t sum = 0;
        std::size_t at = 0;
        for (; at + 4 <= length; at += 4)
            sum += at == skip ? 0 : u32(at);
        if (at + 2 <= length)
            sum += u16(at);
        return static_cast<std::uint32_t>(sum) + static_cast<std::uint32_t>(sum >> 32);
    }

private:
    Bytes bytes_;
};

// The kernel compares checksums folded to 16 bits.
std::uint32_t fold(std::uint32_t sum) {
    sum = (sum & 0xffffU) + (sum >> 16);
    return (sum & 0xffffU) + (sum >> 16);
}

tl::unexpected<Error> damaged(const block::BlockDevice& device, std::string what) {
    return fail(ErrorKind::damaged, device.name(), std::move(what));
}

std::string text_at(const Words& super, std::size_t at, std::size_t length) {
    const auto text = to_text(super.bytes(at, length));
    return text.substr(0, text.find('\0'));
}

Result<MdMember> read_v0(const Words& super, const block::BlockDevice& device) {
    if (fold(super.sum(kSuper, v0::kChecksum * 4)) != fold(super.word(v0::kChecksum)))
        return damaged(device, "the checksum of its RAID superblock is wrong");
    MdMember member;
    member.version = "0.90";
    member.array = hex(super.bytes(v0::kUuid0 * 4, 4)) + hex(super.bytes(v0::kUuid1 * 4, 12));
    member.name = std::to_string(super.word(v0::kNumber));
    member.level = static_cast<int>(super.word(v0::kLevel));
    member.devices = super.word(v0::kDevices);
    member.events = std::uint64_t{super.word(v0::kEventsHigh)} << 32 | super.word(v0::kEventsLow);
    member.in_sync = (super.word(v0::kState) & v0::kClean) != 0;
    if (super.word(v0::kMinor) == 91 && super.u64(v0::kReshape * 4) != ~std::uint64_t{0})
        member.strange = "it is being reshaped";
    const auto state = super.word(v0::kThisDisk + v0::kStateInDisk);
    if ((state & v0::kActiveAndSync) == v0::kActiveAndSync && (state & v0::kFaulty) == 0)
        member.role = super.word(v0::kThisDisk + v0::kRoleInDisk);
    member.data_size = std::uint64_t{super.word(v0::kSizeKib)} * 1024;
    return member;
}

Result<MdMember> read_v1(const Words& super, const block::BlockDevice& device) {
    const std::size_t roles = super.u32(v1::kMostRoles);
    if (roles > (kSuper - v1::kRoles) / 2)
        return damaged(device, "its RAID superblock has more members than there is room for");
    if (fold(super.sum(v1::kRoles + roles * 2, v1::kChecksum)) != fold(super.u32(v1::kChecksum)))
        return damaged(device, "the checksum of its RAID superblock is wrong");
    MdMember member;
    member.array = hex(super.bytes(v1::kUuid, 16));
    member.name = text_at(super, v1::kName, 32);
    member.name = member.name.substr(member.name.find(':') + 1); // npos + 1 is 0
    member.level = static_cast<int>(super.u32(v1::kLevel));
    member.devices = super.u32(v1::kDevices);
    member.events = super.u64(v1::kEvents);
    member.in_sync = super.u64(v1::kResync) == ~std::uint64_t{0};
    const auto features = super.u32(v1::kFeatures);
    if ((features & v1::kRecovering) != 0)
        member.strange = "it was still being filled from the others";
    else if ((features & v1::kBadBlockLog) != 0 && super.u16(v1::kBadBlocks) == 0)
        member.strange = "its list of bad blocks cannot be read";
    else if ((features & ~(v1::kBitmap | v1::kBadBlockLog)) != 0)
        member.strange = "it uses features that this program does not know (0x" +
                         hex(std::uint64_t{features}) + ")";
    const std::size_t number = super.u32(v1::kNumber);
    if (number < roles)
        if (const auto role = super.u16(v1::kRoles + number * 2); role < v1::kFirstSpecialRole)
            member.role = role;
    const auto size = super.u64(v1::kSize);
    const auto offset = super.u64(v1::kDataOffset);
    if (size > kMostSectors || offset > kMostSectors || size > super.u64(v1::kDataSize))
        return damaged(device, "the sizes in its RAID superblock contradict each other");
    member.data_offset = offset * kSector;
    member.data_size = size * kSector;
    return member;
}

Result<std::optional<Words>> super_at(block::BlockDevice& device, std::uint64_t offset) {
    if (offset > device.size() || kSuper > device.size() - offset)
        return std::optional<Words>();
    LIFEBOAT_TRY(auto bytes, block::read_bytes(device, offset, kSuper));
    Words words(std::move(bytes));
    return words.word(0) == kMagic ? std::optional<Words>(std::move(words)) : std::nullopt;
}

} // namespace

Result<std::optional<MdMember>> read_md_superblock(block::BlockDevice& device) {
    struct Place {
        const char* version;
        std::uint64_t offset;
    };
    const auto sectors = device.size() / kSector;
    if (sectors < 256)
        return std::optional<MdMember>();
    const auto end_v1 = (sectors - 16) / 8 * 8 * kSector;
    const auto end_v0 = device.size() / v0::kReserved * v0::kReserved - v0::kReserved;
    std::optional<MdMember> found;
    for (const auto& [version, offset] : std::array{Place{"1.2", 4096}, Place{"1.1", 0},
                                                    Place{"1.0", end_v1}, Place{"0.90", end_v0}}) {
        LIFEBOAT_TRY(const auto super, super_at(device, offset));
        if (!super)
            continue;
        const bool old = std::string_view(version) == "0.90";
        const auto major = super->u32(v1::kMajor);
        if (old ? major != 0 : major != 1 || super->u64(v1::kOwnOffset) * kSector != offset)
            continue;
        LIFEBOAT_TRY(found, old ? read_v0(*super, device) : read_v1(*super, device));
        if (!old)
            found->version = version;
        break;
    }
    if (found && (found->data_size == 0 || found->data_offset > device.size() ||
                  found->data_size > device.size() - found->data_offset))
        return damaged(device, "its part of the RAID reaches past its end");
    return found;
}

} // namespace lifeboat::volume
