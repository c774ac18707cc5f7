// SPDX-License-Identifier: GPL-2.0-or-later
#include "floor.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/fs.h>
// ntfs-3g's headers are not self-contained: struct timespec and the C types must be known first.
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include <ntfs-3g/attrib.h>
#include <ntfs-3g/device.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/volume.h>
}
#undef min
#undef max
// Its flag macros take the complement of an int.
#pragma GCC diagnostic ignored "-Wsign-conversion"

namespace floor_ {

namespace {

struct Line {
    int file;
    std::uint64_t offset;
    s64 position;
};
Line& line_of(ntfs_device* device) { return *static_cast<Line*>(device->d_private); }

int device_open(ntfs_device* device, int) {
    NDevSetOpen(device);
    return 0;
}
int device_close(ntfs_device* device) {
    NDevClearOpen(device);
    return 0;
}
s64 device_seek(ntfs_device* device, s64 offset, int whence) {
    if (whence == SEEK_END) {
        errno = EINVAL;
        return -1;
    }
    auto& line = line_of(device);
    return line.position = (whence == SEEK_CUR ? line.position : 0) + offset;
}
s64 device_pread(ntfs_device* device, void* out, s64 count, s64 offset) {
    const auto& line = line_of(device);
    return ::pread(line.file, out, static_cast<std::size_t>(count),
                   static_cast<off_t>(line.offset) + offset);
}
s64 device_pwrite(ntfs_device* device, const void* data, s64 count, s64 offset) {
    const auto& line = line_of(device);
    return ::pwrite(line.file, data, static_cast<std::size_t>(count),
                    static_cast<off_t>(line.offset) + offset);
}
s64 device_read(ntfs_device* device, void* out, s64 count) {
    const auto got = device_pread(device, out, count, line_of(device).position);
    line_of(device).position += std::max<s64>(got, 0);
    return got;
}
s64 device_write(ntfs_device* device, const void* data, s64 count) {
    const auto put = device_pwrite(device, data, count, line_of(device).position);
    line_of(device).position += std::max<s64>(put, 0);
    return put;
}
int device_sync(ntfs_device* device) { return ::fsync(line_of(device).file); }
int device_stat(ntfs_device* device, struct stat* result) {
    const int code = ::fstat(line_of(device).file, result);
    result->st_mode = S_IFREG | 0600;
    return code;
}
int device_ioctl(ntfs_device*, unsigned long request, void* argument) {
    if (request == BLKSSZGET) {
        const int size = 512;
        std::memcpy(argument, &size, sizeof size);
        return 0;
    }
    errno = EOPNOTSUPP;
    return -1;
}
ntfs_device_operations operations = {device_open,  device_close, device_seek,   device_read,
                                     device_write, device_pread, device_pwrite, device_sync,
                                     device_stat,  device_ioctl};

struct OpenFile {
    OpenFile(ntfs_volume* volume, const std::string& path)
        : inode(ntfs_pathname_to_inode(volume, nullptr, path.c_str())),
          data(inode == nullptr ? nullptr : ntfs_attr_open(inode, AT_DATA, AT_UNNAMED, 0)) {
        if (data == nullptr)
            die(path.c_str());
    }
    ~OpenFile() {
        ntfs_attr_close(data);
        ntfs_inode_close(inode);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ntfs_inode* inode;
    ntfs_attr* data;
};

} // namespace

struct Ntfs::State {
    Line line;
    ntfs_volume* volume;
};

Ntfs::Ntfs(int disk, std::uint64_t offset, bool write)
    : state_(new State{{disk, offset, 0}, nullptr}) {
    auto* const device = ntfs_device_alloc("disk", 0, &operations, &state_->line);
    state_->volume = ntfs_device_mount(device, write ? 0 : NTFS_MNT_RDONLY);
    if (state_->volume == nullptr)
        die("mounting");
    ntfs_set_ignore_case(state_->volume);
}

Ntfs::~Ntfs() {
    if (ntfs_umount(state_->volume, FALSE) != 0)
        die("unmounting");
    delete state_;
}

Content Ntfs::read(const std::string& path) {
    const OpenFile file(state_->volume, path);
    Content out(static_cast<std::size_t>(file.data->data_size));
    if (ntfs_attr_pread(file.data, 0, static_cast<s64>(out.size()), out.data()) !=
        static_cast<s64>(out.size()))
        die("reading");
    return out;
}

void Ntfs::write(const std::string& path, const Content& before, const Content& now) {
    constexpr std::size_t kPiece = 4096;
    const OpenFile file(state_->volume, path);
    if (before.size() != now.size() &&
        ntfs_attr_truncate(file.data, static_cast<s64>(now.size())) != 0)
        die("resizing");
    for (std::size_t at = 0; at < now.size(); at += kPiece) {
        const auto size = std::min(kPiece, now.size() - at);
        if (at + size <= before.size() && std::memcmp(&before[at], &now[at], size) == 0)
            continue;
        if (ntfs_attr_pwrite(file.data, static_cast<s64>(at), static_cast<s64>(size), &now[at]) !=
            static_cast<s64>(size))
            die("writing");
    }
}

} // namespace floor_
