// SPDX-License-Identifier: GPL-2.0-or-later
// New content for a file, so that a power cut leaves the old one or the new one.
#include "base/text.hpp"
#include "fs/ext.hpp"
#include "fs/ext_cow.hpp"

#include <algorithm>
#include <ctime>
#include <ext2fs/ext2fs.h>

namespace lifeboat::fs {
namespace {

constexpr unsigned kWritePiece = 1U << 20;

struct CloseFile {
    void operator()(ext2_file_t file) const { ext2fs_file_close(file); }
};
using FilePtr = std::unique_ptr<std::remove_pointer_t<ext2_file_t>, CloseFile>;

// ext2 keeps no time beyond 32 bits in the inode's first part; the repair's own time is enough.
std::uint32_t now() { return static_cast<std::uint32_t>(std::time(nullptr)); }

} // namespace

// Small files may live inside their inode. False when this is not, or will not be, such a file.
Result<bool> ExtFileSystem::write_inline(InodeNumber number, ByteSpan content,
                                         std::string_view path) {
    auto* const fs = handle_.get();
    LIFEBOAT_TRY(auto inode, inode_of(number, path));
    if ((inode.i_flags & EXT4_INLINE_DATA_FL) == 0)
        return false;
    Bytes copy(content.begin(), content.end());
    auto code = ext2fs_inline_data_set(fs, number, nullptr, copy.data(), copy.size());
    if (code == EXT2_ET_INLINE_DATA_NO_SPACE)
        return false; // ext2fs_file_write moves it out
    if (code != 0)
        return error(code, path, "writing the file");
    LIFEBOAT_TRY(inode, inode_of(number, path));
    if (code = ext2fs_inode_size_set(fs, &inode, static_cast<ext2_off64_t>(content.size()));
        code != 0)
        return error(code, path, "setting the size of the file");
    if (code = ext2fs_write_inode(fs, number, &inode); code != 0)
        return error(code, path, "writing the inode");
    return true;
}

Result<void> ExtFileSystem::write_content(InodeNumber number, ByteSpan content,
                                          std::string_view path) {
    LIFEBOAT_TRY(const bool inside, write_inline(number, content, path));
    if (inside)
        return {};
    ext2_file_t raw = nullptr;
    auto code = ext2fs_file_open(handle_.get(), number, EXT2_FILE_WRITE, &raw);
    if (code != 0)
        return error(code, path, "opening the file");
    FilePtr file(raw);
    const std::size_t block = handle_.get()->blocksize;
    for (std::size_t done = 0; done < content.size();) {
        // While the content lies in the inode, libext2fs (1.47.0) copies a piece of any length into
        // a buffer of three blocks; the second piece at the latest moves it out.
        const std::size_t piece = done < 2 * block ? block : kWritePiece;
        const auto wanted =
            static_cast<unsigned>(std::min<std::size_t>(piece, content.size() - done));
        unsigned put = 0;
        code = ext2fs_file_write(raw, content.data() + done, wanted, &put);
        if (code != 0)
            return error(code, path, "writing the file");
        done += put;
    }
    if (code = ext2fs_file_set_size2(raw, static_cast<ext2_off64_t>(content.size())); code != 0)
        return error(code, path, "setting the size of the file");
    if (code = ext2fs_file_close(file.release()); code != 0)
        return error(code, path, "writing the file");
    return {};
}

Result<void> ExtFileSystem::replace(std::string_view path, ByteSpan content) {
    LIFEBOAT_CHECK(check_writable());
    LIFEBOAT_TRY(const auto old, read(path, kReadLimit));
    if (equal(old, content))
        return {};
    LIFEBOAT_TRY(const auto number, existing(path));
    LIFEBOAT_TRY(auto inode, inode_of(number, path));
    if ((inode.i_flags & EXT4_VERITY_FL) != 0)
        return fail(ErrorKind::unsupported, printable(path),
                    "the file is sealed with fs-verity; the guest would not accept a change");
    return exchange(number, content, path);
}

Result<Bytes> ExtFileSystem::raw_inode(InodeNumber number, std::string_view path) {
    Bytes raw(static_cast<std::size_t>(EXT2_INODE_SIZE(handle_.get()->super)));
    const auto code =
        ext2fs_read_inode_full(handle_.get(), number, reinterpret_cast<ext2_inode*>(raw.data()),
                               static_cast<int>(raw.size()));
    if (code != 0)
        return error(code, path, "reading the inode");
    return raw;
}

Result<void> ExtFileSystem::write_raw_inode(InodeNumber number, Bytes raw, std::string_view path) {
    const auto code =
        ext2fs_write_inode_full(handle_.get(), number, reinterpret_cast<ext2_inode*>(raw.data()),
                                static_cast<int>(raw.size()));
    if (code != 0)
        return error(code, path, "writing the inode");
    return {};
}

// Bitmaps and descriptors as they are now, and a barrier behind them.
Result<void> ExtFileSystem::step() {
    LIFEBOAT_CHECK(handle_.write_maps(true));
    return handle_.barrier();
}

// Three steps, so that a power cut between any two writes leaves the old content or the new one,
// and at worst blocks that are marked as used and are not: what is new, with old and new blocks
// marked; the inode; the old blocks. The last one shares its flush with what follows.
Result<void> ExtFileSystem::exchange(InodeNumber number, ByteSpan content, std::string_view path) {
    auto* const fs = handle_.get();
    LIFEBOAT_CHECK(load_bitmaps());
    LIFEBOAT_TRY(const auto old, raw_inode(number, path));
    LIFEBOAT_TRY(auto inode, inode_of(number, path));
    ExtExchange exchanged;
    // Content inside the inode changes with it, or moves out of it to new blocks.
    if ((inode.i_flags & EXT4_INLINE_DATA_FL) != 0) {
        LIFEBOAT_CHECK(write_content(number, content, path));
    } else if (const auto code = ext_cow(fs, number, content, exchanged); code != 0) {
        if (code != EXT2_ET_BLOCK_ALLOC_FAIL)
            return error(code, path, "writing the file");
        LIFEBOAT_CHECK(write_raw_inode(number, old, path));
        LIFEBOAT_CHECK(write_content(number, content, path));
        in_place_.emplace_back(path);
    }
    LIFEBOAT_TRY(inode, inode_of(number, path));
    inode.i_mtime = inode.i_ctime = now();
    if (const auto code = ext2fs_write_inode(fs, number, &inode); code != 0)
        return error(code, path, "writing the inode");
    LIFEBOAT_TRY(auto changed, raw_inode(number, path));
    LIFEBOAT_CHECK(write_raw_inode(number, old, path));
    LIFEBOAT_CHECK(step());
    LIFEBOAT_CHECK(write_raw_inode(number, std::move(changed), path));
    LIFEBOAT_CHECK(handle_.barrier());
    for (const auto block : exchanged.to_free)
        ext2fs_block_alloc_stats2(fs, block, -1);
    return handle_.write_maps(false);
}

} // namespace lifeboat::fs
