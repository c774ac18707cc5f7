// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/hivex_hooks.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {
constexpr std::string_view kPrefix = "lifeboat-memory:";
}

// Takes only paths that MemoryFile::path() made: hivex never touches a file of this machine.
extern "C" int lifeboat_hivex_open(const char* path, int flags, ...) {
    const std::string_view name(path);
    int fd = -1;
    if (name.substr(0, kPrefix.size()) == kPrefix)
        std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), fd);
    if (fd < 0) {
        errno = ENOENT;
        return -1;
    }
    if ((flags & O_TRUNC) != 0 && ftruncate(fd, 0) != 0)
        return -1;
    if (lseek(fd, 0, SEEK_SET) != 0)
        return -1;
    return fcntl(fd, F_DUPFD_CLOEXEC, 0); // hivex closes what it opened
}

namespace lifeboat::registry {

Result<MemoryFile> MemoryFile::create() {
    const int fd = memfd_create("hive", MFD_CLOEXEC);
    if (fd < 0)
        return fail_errno("", "making room in memory for a hive", errno);
    return MemoryFile(fd);
}

MemoryFile::~MemoryFile() {
    if (fd_ >= 0)
        close(fd_);
}

MemoryFile::MemoryFile(MemoryFile&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }

std::string MemoryFile::path() const { return std::string(kPrefix) + std::to_string(fd_); }

Result<void> MemoryFile::write(ByteSpan content) {
    std::size_t done = 0;
    while (done < content.size()) {
        const ssize_t n =
            pwrite(fd_, content.data() + done, content.size() - done, static_cast<off_t>(done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail_errno("", "keeping a hive in memory", n < 0 ? errno : ENOSPC);
        done += static_cast<std::size_t>(n);
    }
    return {};
}

Result<Bytes> MemoryFile::read() const {
    struct stat info {};
    if (fstat(fd_, &info) != 0)
        return fail_errno("", "reading a hive from memory", errno);
    Bytes out(static_cast<std::size_t>(info.st_size));
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t n =
            pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail_errno("", "reading a hive from memory", n < 0 ? errno : EIO);
        done += static_cast<std::size_t>(n);
    }
    return out;
}

} // namespace lifeboat::registry
