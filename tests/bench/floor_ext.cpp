// SPDX-License-Identifier: GPL-2.0-or-later
#include "floor.hpp"

#include <cstring>
#include <ctime>
#include <ext2fs/ext2fs.h>

namespace floor_ {

namespace {

void check(errcode_t code, const char* what) {
    if (code != 0)
        die(what);
}

} // namespace

void edit_ext(const char* disk, std::uint64_t offset, const char* path, const std::string& from,
              const std::string& to) {
    const auto options = "offset=" + std::to_string(offset);
    ext2_filsys fs = nullptr;
    check(ext2fs_open2(disk, options.c_str(), EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0, 0,
                       unix_io_manager, &fs),
          "opening ext");
    check(ext2fs_read_bitmaps(fs), "bitmaps"); // a longer file may need a block
    ext2_ino_t number = 0;
    check(ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &number), path);
    ext2_file_t file = nullptr;
    check(ext2fs_file_open(fs, number, EXT2_FILE_WRITE, &file), "opening the file");
    __u64 size = 0;
    check(ext2fs_file_get_lsize(file, &size), "asking for the size");
    std::string text(size, '\0');
    unsigned done = 0;
    check(ext2fs_file_read(file, text.data(), static_cast<unsigned>(size), &done), "reading");
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    check(ext2fs_file_llseek(file, 0, EXT2_SEEK_SET, nullptr), "seeking");
    check(ext2fs_file_write(file, text.data(), static_cast<unsigned>(text.size()), &done),
          "writing");
    check(ext2fs_file_set_size2(file, static_cast<ext2_off64_t>(text.size())), "setting the size");
    check(ext2fs_file_close(file), "closing the file");
    check(ext2fs_close(fs), "closing ext"); // flushes, too
}

} // namespace floor_
