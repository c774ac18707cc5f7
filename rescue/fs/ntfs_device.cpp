// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/ntfs_device.hpp"

#include "fs/ntfs_ledger.hpp"

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

extern "C" {
#include <ntfs-3g/device.h>
}
#undef min
#undef max
// Its flag macros take the complement of an int.
#pragma GCC diagnostic ignored "-Wsign-conversion"

namespace lifeboat::fs {
namespace {

NtfsLine& line_of(ntfs_device* device) { return *static_cast<NtfsLine*>(device->d_private); }

s64 take(NtfsLine& line, const Result<void>& result, s64 count) {
    if (result)
        return count;
    line.last = result.error();
    errno = EIO;
    return -1;
}

int device_open(ntfs_device* device, int flags) {
    NDevSetOpen(device);
    if ((flags & O_ACCMODE) == O_RDONLY)
        NDevSetReadOnly(device);
    return 0;
}
int device_close(ntfs_device* device) {
    NDevClearOpen(device);
    return 0;
}
s64 device_seek(ntfs_device* device, s64 offset, int whence) {
    auto& line = line_of(device);
    const auto size = static_cast<s64>(line.device->size());
    const s64 base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? line.position : size;
    if (offset < -base || offset > size - base) {
        errno = EINVAL;
        return -1;
    }
    return line.position = base + offset;
}
s64 device_pread(ntfs_device* device, void* buffer, s64 count, s64 offset) {
    auto& line = line_of(device);
    const auto size = static_cast<s64>(line.device->size());
    if (offset < 0 || count < 0) {
        errno = EINVAL;
        return -1;
    }
    count = offset >= size ? 0 : std::min(count, size - offset);
    const MutableByteSpan out(static_cast<std::byte*>(buffer), static_cast<std::size_t>(count));
    return take(line, line.device->read(static_cast<std::uint64_t>(offset), out), count);
}
s64 device_pwrite(ntfs_device* device, const void* buffer, s64 count, s64 offset) {
    auto& line = line_of(device);
    if (offset < 0 || count < 0 || NDevReadOnly(device)) {
        errno = NDevReadOnly(device) ? EROFS : EINVAL;
        return -1;
    }
    const ByteSpan data(static_cast<const std::byte*>(buffer), static_cast<std::size_t>(count));
    if (line.ledger != nullptr)
        if (const auto noted = line.ledger->note(static_cast<std::uint64_t>(offset), data); !noted)
            return take(line, noted, count);
    return take(line, line.device->write(static_cast<std::uint64_t>(offset), data), count);
}
s64 device_read(ntfs_device* device, void* buffer, s64 count) {
    auto& line = line_of(device);
    const auto got = device_pread(device, buffer, count, line.position);
    line.position += std::max<s64>(got, 0);
    return got;
}
s64 device_write(ntfs_device* device, const void* buffer, s64 count) {
    auto& line = line_of(device);
    const auto put = device_pwrite(device, buffer, count, line.position);
    line.position += std::max<s64>(put, 0);
    return put;
}
// A flush means something to us (ntfs_ledger.hpp), and the library's own times for it do not.
int device_sync(ntfs_device* /*device*/) { return 0; }
int device_stat(ntfs_device* device, struct stat* result) {
    std::memset(result, 0, sizeof *result);
    result->st_mode = S_IFREG | 0600;
    result->st_size = static_cast<off_t>(line_of(device).device->size());
    return 0;
}
int device_ioctl(ntfs_device* device, unsigned long request, void* argument) {
    auto& line = line_of(device);
    if (request == BLKGETSIZE64) {
        const std::uint64_t size = line.device->size();
        std::memcpy(argument, &size, sizeof size);
        return 0;
    }
    if (request == BLKSSZGET) {
        const int size = static_cast<int>(line.device->sector_size());
        std::memcpy(argument, &size, sizeof size);
        return 0;
    }
    errno = EOPNOTSUPP;
    return -1;
}

// Not const: the library's interface takes it so.
ntfs_device_operations operations = {device_open,  device_close, device_seek,   device_read,
                                     device_write, device_pread, device_pwrite, device_sync,
                                     device_stat,  device_ioctl};

} // namespace

ntfs_device* new_ntfs_device(NtfsLine& line) {
    const auto name = line.device->name();
    return ntfs_device_alloc(name.c_str(), 0, &operations, &line);
}

} // namespace lifeboat::fs
