// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/ext_journal.hpp"

#include "fs/ext_handle.hpp"

#include <algorithm>
#include <cstring>
#include <ext2fs/ext2fs.h>
#include <functional>
#include <map>

namespace lifeboat::fs {

namespace {

constexpr std::uint32_t kMagic = 0xC03B3998;
constexpr std::uint32_t kDescriptor = 1, kCommit = 2, kRevoke = 5;
constexpr std::uint32_t kSuperV2 = 4;
constexpr std::size_t kSuperSize = 1024;
constexpr std::size_t kSuperChecksum = 0xFC;

constexpr std::uint32_t kCompatChecksum = 1; // of an old kind, over whole transactions
constexpr std::uint32_t kIncompat64 = 2, kIncompatChecksum2 = 8, kIncompatChecksum3 = 16;
constexpr std::uint32_t kIncompatKnown =
    1 /* revoke */ | kIncompat64 | 4 /* async commit */ | kIncompatChecksum2 | kIncompatChecksum3;

constexpr std::uint32_t kEscaped = 1, kSameUuid = 2, kLastTag = 8;

constexpr std::uint64_t kSuperOffset = 1024; // of the file system
constexpr std::size_t kFsIncompat = 0x60, kFsChecksum = 0x3FC;
constexpr std::uint32_t kFsRecover = 4;

std::uint32_t be32(ByteSpan data, std::size_t at) {
    return __builtin_bswap32(read_le<std::uint32_t>(data, at).value_or(0));
}
std::uint16_t be16(ByteSpan data, std::size_t at) {
    return __builtin_bswap16(read_le<std::uint16_t>(data, at).value_or(0));
}
void put_be32(Bytes& data, std::size_t at, std::uint32_t value) {
    static_cast<void>(write_le(data, at, __builtin_bswap32(value)));
}

std::uint32_t crc32c(std::uint32_t seed, ByteSpan data) {
    return ext2fs_crc32c_le(seed, reinterpret_cast<const unsigned char*>(data.data()), data.size());
}

// With the four bytes at `at` taken as zero.
std::uint32_t crc32c_without(std::uint32_t seed, ByteSpan data, std::size_t at) {
    const Bytes zero(4);
    auto sum = crc32c(seed, data.first(at));
    sum = crc32c(sum, zero);
    return crc32c(sum, data.subspan(at + 4));
}

struct Tag {
    std::uint64_t block = 0; // of the file system
    std::uint32_t flags = 0;
    std::uint32_t checksum = 0;
};

class Journal {
public:
    Journal(block::DevicePtr volume, ExtHandle handle)
        : volume_(std::move(volume)), handle_(std::move(handle)), block_(handle_.get()->blocksize) {
    }

    Result<ReplayedJournal> replay() {
        LIFEBOAT_CHECK(read_super());
        ReplayedJournal out;
        if (be32(super_, 28) == 0) // nothing was begun
            return out;
        LIFEBOAT_TRY(const auto end, scan(out.transactions));
        LIFEBOAT_CHECK(pass(end, [&](std::uint32_t type, std::uint32_t at, std::uint32_t id) {
            return type == kRevoke ? take_revoked(at, id) : Result<void>{};
        }));
        LIFEBOAT_CHECK(pass(end, [&](std::uint32_t type, std::uint32_t at, std::uint32_t id) {
            return type == kDescriptor ? write_blocks(at, id, out.blocks) : Result<void>{};
        }));
        LIFEBOAT_CHECK(volume_->flush());
        // The kernel begins behind the number that was not used any more.
        put_be32(super_, 24, end + 1);
        put_be32(super_, 28, 0);
        if (checked())
            put_be32(super_, kSuperChecksum,
                     crc32c_without(~0U, ByteSpan(super_).first(kSuperSize), kSuperChecksum));
        LIFEBOAT_TRY(const auto place, place_of(0));
        LIFEBOAT_CHECK(volume_->write(place, super_));
        LIFEBOAT_CHECK(volume_->flush());
        return out;
    }

private:
    [[nodiscard]] tl::unexpected<Error> fail_here(ErrorKind kind, std::string what) const {
        return fail(
            kind, volume_->name(), "the journal " + std::move(what),
            "start the guest once and shut it down cleanly, or run \"e2fsck\" on the volume");
    }
    [[nodiscard]] bool checked() const {
        return (incompat_ & (kIncompatChecksum2 | kIncompatChecksum3)) != 0;
    }

    Result<void> read_super() {
        const auto& fs = *handle_.get()->super;
        if (fs.s_journal_inum == 0)
            return fail_here(ErrorKind::unsupported, "lies on another disk");
        ext2_inode inode{};
        if (const auto code = ext2fs_read_inode(handle_.get(), fs.s_journal_inum, &inode);
            code != 0)
            return handle_.error(code, {}, "reading the inode of the journal");
        if (!LINUX_S_ISREG(inode.i_mode) || inode.i_links_count == 0)
            return fail_here(ErrorKind::damaged, "is no file");
        const auto length = EXT2_I_SIZE(&inode) / block_;
        LIFEBOAT_TRY(super_, read(0));
        if (be32(super_, 0) != kMagic || be32(super_, 4) != kSuperV2)
            return fail_here(ErrorKind::unsupported, "has an unknown form");
        incompat_ = be32(super_, 40);
        last_ = be32(super_, 16);
        first_ = be32(super_, 20);
        if (be32(super_, 12) != block_ || last_ > length || first_ == 0 || first_ >= last_ ||
            be32(super_, 28) >= last_)
            return fail_here(ErrorKind::damaged, "has an impossible header");
        if ((incompat_ & ~kIncompatKnown) != 0 || (be32(super_, 36) & kCompatChecksum) != 0 ||
            (incompat_ & kIncompatChecksum2 && incompat_ & kIncompatChecksum3))
            return fail_here(ErrorKind::unsupported, "has features that lifeboat cannot replay");
        if (be32(super_, 32) != 0)
            return fail_here(ErrorKind::refused, "was given up by the guest after an error");
        seed_ = crc32c(~0U, ByteSpan(super_).subspan(48, 16)); // its UUID
        if (checked() &&
            be32(super_, kSuperChecksum) !=
                crc32c_without(~0U, ByteSpan(super_).first(kSuperSize), kSuperChecksum))
            return fail_here(ErrorKind::damaged, "has a header with a wrong checksum");
        return {};
    }

    Result<std::uint64_t> place_of(std::uint32_t at) {
        blk64_t place = 0;
        const auto code = ext2fs_bmap2(handle_.get(), handle_.get()->super->s_journal_inum, nullptr,
                                       nullptr, 0, at, nullptr, &place);
        if (code != 0)
            return handle_.error(code, {}, "finding a block of the journal");
        if (place == 0)
            return fail_here(ErrorKind::damaged, "has a hole");
        return place * block_;
    }

    Result<Bytes> read(std::uint32_t at) {
        LIFEBOAT_TRY(const auto place, place_of(at));
        return block::read_bytes(*volume_, place, block_);
    }

    [[nodiscard]] std::uint32_t after(std::uint32_t at, std::uint64_t count = 1) const {
        const auto next = at + count; // a ring from first_ to last_
        return static_cast<std::uint32_t>(next < last_ ? next : first_ + (next - last_));
    }

    [[nodiscard]] bool tail_is_good(ByteSpan data) const {
        return !checked() || be32(data, block_ - 4) == crc32c_without(seed_, data, block_ - 4);
    }

    // What lies behind a header of 12 bytes; fewer when the block is torn.
    [[nodiscard]] std::vector<Tag> tags_of(ByteSpan data) const {
        const bool third = (incompat_ & kIncompatChecksum3) != 0;
        const bool wide = (incompat_ & kIncompat64) != 0;
        const std::size_t size =
            third ? 16 : 8U + ((incompat_ & kIncompatChecksum2) != 0 ? 2U : 0U) + (wide ? 4U : 0U);
        const std::size_t end = block_ - (checked() ? 4 : 0);
        std::vector<Tag> out;
        for (std::size_t at = 12; at + size <= end;) {
            Tag tag;
            tag.block = be32(data, at);
            tag.flags = third ? be32(data, at + 4) : be16(data, at + 6);
            tag.checksum = third ? be32(data, at + 12) : be16(data, at + 4);
            if (wide)
                tag.block |= std::uint64_t{be32(data, at + 8)} << 32;
            out.push_back(tag);
            at += size + ((tag.flags & kSameUuid) != 0 ? 0 : 16);
            if ((tag.flags & kLastTag) != 0)
                break;
        }
        return out;
    }

    // Walks from the start; `use` is told the type, the place and the transaction of each block
    // that is no data, up to transaction `end`.
    using Use = std::function<Result<void>(std::uint32_t, std::uint32_t, std::uint32_t)>;
    Result<void> pass(std::uint32_t end, const Use& use) {
        auto at = be32(super_, 28);
        auto id = be32(super_, 24);
        for (std::uint32_t seen = 0; id != end && seen < last_; ++seen) {
            LIFEBOAT_TRY(const auto data, read(at));
            const auto type = be32(data, 4);
            LIFEBOAT_CHECK(use(type, at, id));
            at = after(at, type == kDescriptor ? 1 + tags_of(data).size() : 1);
            id += type == kCommit ? 1U : 0U;
        }
        return {};
    }

    // The number of the first transaction that is not complete.
    Result<std::uint32_t> scan(std::size_t& complete) {
        auto at = be32(super_, 28);
        auto id = be32(super_, 24);
        for (std::uint64_t seen = 0; seen < last_;) {
            LIFEBOAT_TRY(const auto data, read(at));
            if (be32(data, 0) != kMagic || be32(data, 8) != id)
                return id;
            std::uint64_t length = 1;
            switch (be32(data, 4)) {
            case kDescriptor:
                if (!tail_is_good(data))
                    return id;
                length += tags_of(data).size();
                break;
            case kRevoke:
                if (!tail_is_good(data))
                    return id;
                break;
            case kCommit:
                if (checked() && be32(data, 16) != crc32c_without(seed_, data, 16))
                    return id;
                ++id;
                ++complete;
                break;
            default: return id;
            }
            at = after(at, length);
            seen += length;
        }
        return id;
    }

    // Blocks that were freed, and may hold a file's content by now.
    Result<void> take_revoked(std::uint32_t at, std::uint32_t id) {
        LIFEBOAT_TRY(const auto data, read(at));
        const std::size_t size = (incompat_ & kIncompat64) != 0 ? 8 : 4;
        const std::size_t end = be32(data, 12);
        if (end < 16 || end > block_ - (checked() ? 4 : 0))
            return fail_here(ErrorKind::damaged, "has a list of revoked blocks that does not fit");
        for (std::size_t entry = 16; entry + size <= end; entry += size) {
            const auto number = size == 8
                                    ? std::uint64_t{be32(data, entry)} << 32 | be32(data, entry + 4)
                                    : be32(data, entry);
            auto& newest = revoked_.emplace(number, id).first->second;
            if (is_later(id, newest))
                newest = id;
        }
        return {};
    }

    static bool is_later(std::uint32_t a, std::uint32_t b) { // the numbers wrap
        return static_cast<std::int32_t>(a - b) > 0;
    }

    Result<void> write_blocks(std::uint32_t at, std::uint32_t id, std::size_t& written) {
        LIFEBOAT_TRY(const auto descriptor, read(at));
        for (const auto& tag : tags_of(descriptor)) {
            at = after(at);
            const auto revoked = revoked_.find(tag.block);
            if (revoked != revoked_.end() && !is_later(id, revoked->second))
                continue;
            LIFEBOAT_TRY(auto data, read(at));
            LIFEBOAT_CHECK(check_data(tag, data, id));
            if ((tag.flags & kEscaped) != 0)
                put_be32(data, 0, kMagic);
            if (tag.block >= ext2fs_blocks_count(handle_.get()->super))
                return fail_here(ErrorKind::damaged, "names a block behind the end of the volume");
            LIFEBOAT_CHECK(volume_->write(tag.block * block_, data));
            ++written;
        }
        return {};
    }

    Result<void> check_data(const Tag& tag, ByteSpan data, std::uint32_t id) const {
        if (!checked())
            return {};
        Bytes number(4);
        put_be32(number, 0, id);
        const auto sum = crc32c(crc32c(seed_, number), data);
        const auto wanted = (incompat_ & kIncompatChecksum3) != 0 ? sum : sum & 0xFFFFU;
        return tag.checksum == wanted
                   ? Result<void>{}
                   : fail_here(ErrorKind::damaged, "holds a block with a wrong checksum");
    }

    block::DevicePtr volume_;
    ExtHandle handle_;
    std::size_t block_;
    Bytes super_; // the whole first block of the journal
    std::uint32_t incompat_ = 0;
    std::uint32_t first_ = 0, last_ = 0; // the ring of the log
    std::uint32_t seed_ = 0;
    std::map<std::uint64_t, std::uint32_t> revoked_; // the last transaction that did
};

// The journal may have brought a new superblock; it is read again.
Result<void> clear_recover(block::BlockDevice& volume) {
    LIFEBOAT_TRY(auto super, block::read_bytes(volume, kSuperOffset, 1024));
    const auto incompat = read_le<std::uint32_t>(super, kFsIncompat).value_or(0);
    static_cast<void>(write_le(super, kFsIncompat, incompat & ~kFsRecover));
    const auto compatible = read_le<std::uint32_t>(super, 0x64).value_or(0);
    if ((compatible & EXT4_FEATURE_RO_COMPAT_METADATA_CSUM) != 0)
        static_cast<void>(
            write_le(super, kFsChecksum, crc32c(~0U, ByteSpan(super).first(kFsChecksum))));
    LIFEBOAT_CHECK(volume.write(kSuperOffset, super));
    return volume.flush();
}

} // namespace

Result<std::optional<ReplayedJournal>> replay_ext_journal(block::DevicePtr volume) {
    LIFEBOAT_TRY(auto handle, ExtHandle::open(volume, false));
    if ((handle.get()->super->s_feature_incompat & kFsRecover) == 0)
        return std::optional<ReplayedJournal>();
    LIFEBOAT_TRY(const auto replayed, Journal(volume, std::move(handle)).replay());
    LIFEBOAT_CHECK(clear_recover(*volume));
    return std::optional<ReplayedJournal>(replayed);
}

} // namespace lifeboat::fs
