// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/ext_handle.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ext2fs/ext2fs.h>
#include <utility>

namespace lifeboat::fs {

struct ExtHandle::Line {
    block::BlockDevice* device = nullptr;
    std::optional<Error> last;
    // From here on what libext2fs allocated for the channel.
    struct_io_channel channel{};
    std::string name;
};

namespace {

using Line = ExtHandle::Line;

// io_manager::open is given a name only; this is how it learns which device is meant. Set for the
// duration of one ext2fs_open2 call.
thread_local Line* line_being_opened = nullptr;

Line& line_of(io_channel channel) { return *static_cast<Line*>(channel->private_data); }

errcode_t keep(Line& line, const Result<void>& result) {
    if (result)
        return 0;
    line.last = result.error();
    return EIO;
}

// A negative count is a number of bytes, a positive one of blocks.
std::uint64_t byte_count(io_channel channel, int count) {
    const auto number = static_cast<std::int64_t>(count);
    return static_cast<std::uint64_t>(number < 0 ? -number : number * channel->block_size);
}

bool offset_of(io_channel channel, unsigned long long block, std::uint64_t& offset) {
    const auto size = static_cast<std::uint64_t>(channel->block_size);
    if (block > (std::uint64_t{1} << 62) / size)
        return false;
    offset = block * size;
    return true;
}

errcode_t io_open(const char* /*name*/, int /*flags*/, io_channel* result) {
    auto& line = *line_being_opened;
    *result = &line.channel;
    return 0;
}
errcode_t io_close(io_channel channel) {
    --channel->refcount; // the memory belongs to the Line
    return 0;
}
errcode_t io_set_block_size(io_channel channel, int size) {
    channel->block_size = size;
    return 0;
}
errcode_t io_read64(io_channel channel, unsigned long long block, int count, void* data) {
    std::uint64_t offset = 0;
    if (!offset_of(channel, block, offset))
        return EXT2_ET_BAD_BLOCK_NUM;
    auto& line = line_of(channel);
    const MutableByteSpan out(static_cast<std::byte*>(data),
                              static_cast<std::size_t>(byte_count(channel, count)));
    return keep(line, line.device->read(offset, out));
}
errcode_t io_write64(io_channel channel, unsigned long long block, int count, const void* data) {
    std::uint64_t offset = 0;
    if (!offset_of(channel, block, offset))
        return EXT2_ET_BAD_BLOCK_NUM;
    auto& line = line_of(channel);
    const ByteSpan in(static_cast<const std::byte*>(data),
                      static_cast<std::size_t>(byte_count(channel, count)));
    return keep(line, line.device->write(offset, in));
}
errcode_t io_read(io_channel channel, unsigned long block, int count, void* data) {
    return io_read64(channel, block, count, data);
}
errcode_t io_write(io_channel channel, unsigned long block, int count, const void* data) {
    return io_write64(channel, block, count, data);
}
errcode_t io_write_byte(io_channel channel, unsigned long offset, int count, const void* data) {
    auto& line = line_of(channel);
    const ByteSpan in(static_cast<const std::byte*>(data), static_cast<std::size_t>(count));
    return keep(line, line.device->write(offset, in));
}
// A flush means something to us (ExtHandle::barrier), and the library's own times for it do not.
errcode_t io_flush(io_channel /*channel*/) { return 0; }
errcode_t io_set_option(io_channel /*channel*/, const char* /*option*/, const char* /*value*/) {
    return EXT2_ET_INVALID_ARGUMENT;
}

struct_io_manager make_manager() {
    struct_io_manager manager{};
    manager.magic = EXT2_ET_MAGIC_IO_MANAGER;
    manager.name = "lifeboat";
    manager.open = io_open;
    manager.close = io_close;
    manager.set_blksize = io_set_block_size;
    manager.read_blk = io_read;
    manager.write_blk = io_write;
    manager.flush = io_flush;
    manager.write_byte = io_write_byte;
    manager.set_option = io_set_option;
    manager.read_blk64 = io_read64;
    manager.write_blk64 = io_write64;
    // No get_stats: with it, closing would count "kilobytes written" up in the superblock.
    return manager;
}

io_manager the_manager() {
    static struct_io_manager manager = make_manager();
    return &manager;
}

void set_up(Line& line, block::BlockDevice& device) {
    line.device = &device;
    line.name = device.name();
    line.channel.magic = EXT2_ET_MAGIC_IO_CHANNEL;
    line.channel.manager = the_manager();
    line.channel.name = line.name.data();
    line.channel.block_size = 1024;
    line.channel.refcount = 1;
    line.channel.private_data = &line;
}

ErrorKind kind_of(errcode_t code) {
    switch (code) {
    case EXT2_ET_BAD_MAGIC:
    case EXT2_ET_UNSUPP_FEATURE:
    case EXT2_ET_RO_UNSUPP_FEATURE:
    case EXT2_ET_BAD_DESC_SIZE: return ErrorKind::unsupported;
    case EXT2_ET_BLOCK_ALLOC_FAIL:
    case EXT2_ET_INODE_ALLOC_FAIL:
    case ENOSPC: return ErrorKind::refused;
    case EXT2_ET_NO_MEMORY: return ErrorKind::internal;
    default: return ErrorKind::damaged;
    }
}

} // namespace

ExtHandle::ExtHandle(ExtHandle&& other) noexcept
    : volume_(std::move(other.volume_)), line_(std::move(other.line_)),
      fs_(std::exchange(other.fs_, nullptr)), super_(std::move(other.super_)) {}

ExtHandle& ExtHandle::operator=(ExtHandle&& other) noexcept {
    std::swap(volume_, other.volume_);
    std::swap(line_, other.line_);
    std::swap(fs_, other.fs_);
    std::swap(super_, other.super_);
    return *this;
}

ExtHandle::~ExtHandle() {
    if (fs_ != nullptr)
        ext2fs_free(fs_);
}

Result<ExtHandle> ExtHandle::open(block::DevicePtr volume, bool write) {
    initialize_ext2_error_table();
    ExtHandle handle;
    handle.volume_ = std::move(volume);
    handle.line_ = std::make_unique<Line>();
    set_up(*handle.line_, *handle.volume_);
    const int flags = EXT2_FLAG_64BITS | EXT2_FLAG_SKIP_MMP | (write ? EXT2_FLAG_RW : 0);
    line_being_opened = handle.line_.get();
    // Not the volume's name: libext2fs takes what follows a '?' in it for options of the channel
    // (lib/ext2fs/openfs.c), and an address like nbd+unix:///?socket=... has one.
    const auto code = ext2fs_open2("volume", nullptr, flags, 0, 0, the_manager(), &handle.fs_);
    line_being_opened = nullptr;
    if (code != 0) {
        handle.fs_ = nullptr;
        return handle.error(code, {}, "opening the ext file system");
    }
    // The copies of the superblock stay as they are: nothing we do changes what they are for.
    handle.fs_->flags |= EXT2_FLAG_MASTER_SB_ONLY;
    if (write) {
        LIFEBOAT_TRY(handle.super_,
                     block::read_bytes(*handle.volume_, SUPERBLOCK_OFFSET, SUPERBLOCK_SIZE));
    }
    return handle;
}

// Puts the superblock back when nothing but the time of its last write changed.
Result<void> ExtHandle::restore_super(bool always) {
    if (super_.empty())
        return {};
    LIFEBOAT_TRY(auto now, block::read_bytes(*volume_, SUPERBLOCK_OFFSET, SUPERBLOCK_SIZE));
    auto same = now;
    const auto copy = [&](std::size_t at, std::size_t length) {
        std::copy_n(super_.begin() + static_cast<std::ptrdiff_t>(at), length,
                    same.begin() + static_cast<std::ptrdiff_t>(at));
    };
    copy(offsetof(ext2_super_block, s_wtime), sizeof(__u32));
    copy(offsetof(ext2_super_block, s_wtime_hi), sizeof(__u8));
    copy(offsetof(ext2_super_block, s_checksum), sizeof(__u32));
    if (always || same == super_) {
        // The library writes only what differs from its own idea of what is there.
        if (fs_ != nullptr && fs_->orig_super != nullptr)
            std::memcpy(fs_->orig_super, super_.data(), super_.size());
        return volume_->write(SUPERBLOCK_OFFSET, super_);
    }
    super_ = std::move(now);
    return {};
}

Result<void> ExtHandle::write_maps(bool keep_super) {
    if (const auto code = ext2fs_flush2(fs_, EXT2_FLAG_FLUSH_NO_SYNC); code != 0)
        return error(code, {}, "writing the bitmaps");
    if (keep_super)
        ext2fs_mark_super_dirty(fs_); // it is still to be written
    return restore_super(keep_super);
}

Result<void> ExtHandle::barrier() { return volume_->flush(); }

Result<void> ExtHandle::close() {
    if (fs_ == nullptr)
        return {};
    if (const auto code = ext2fs_close2(fs_, 0); code != 0)
        return error(code, {}, "writing the ext file system");
    fs_ = nullptr;
    return restore_super(false);
}

tl::unexpected<Error> ExtHandle::error(long code, std::string where, std::string doing) const {
    const auto place = where.empty() ? name() : name() + ", " + where;
    if (line_->last)
        return fail(line_->last->in(std::move(doing)));
    const auto kind = kind_of(code);
    return fail(kind, place, doing + ": " + to_lower_ascii(::error_message(code)),
                kind == ErrorKind::damaged ? "check the file system with \"e2fsck -f\"" : "");
}

} // namespace lifeboat::fs
