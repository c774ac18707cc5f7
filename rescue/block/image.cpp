// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/image.hpp"

#include "block/formats.hpp"
#include "block/in_use.hpp"
#include "block/range.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace lifeboat::block {
namespace {

constexpr std::uint64_t kSmallestDisk = 512;
constexpr std::uint64_t kLargestDisk = std::uint64_t{1} << 62; // offsets stay inside off_t

class Descriptor {
public:
    explicit Descriptor(int number = -1) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0)
            ::close(number_);
    }
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    [[nodiscard]] int get() const { return number_; }

private:
    int number_;
};

class FileDevice final : public BlockDevice {
public:
    FileDevice(std::string name, Descriptor file, std::uint64_t size, std::uint32_t sector_size,
               bool writable)
        : name_(std::move(name)), file_(std::move(file)), size_(size), sector_size_(sector_size),
          writable_(writable) {}

    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] std::uint64_t size() const override { return size_; }
    [[nodiscard]] std::uint32_t sector_size() const override { return sector_size_; }
    [[nodiscard]] bool writable() const override { return writable_; }

    Result<void> read(std::uint64_t offset, MutableByteSpan out) override {
        LIFEBOAT_CHECK(check_range(name_, size_, offset, out.size()));
        while (!out.empty()) {
            const auto got =
                ::pread(file_.get(), out.data(), out.size(), static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                return fail_errno(name_, "reading at byte " + std::to_string(offset), errno);
            if (got == 0)
                return shrunk();
            offset += static_cast<std::uint64_t>(got);
            out = out.subspan(static_cast<std::size_t>(got));
        }
        return {};
    }

    Result<void> write(std::uint64_t offset, ByteSpan data) override {
        if (!writable_)
            return not_writable(name_);
        LIFEBOAT_CHECK(check_range(name_, size_, offset, data.size()));
        LIFEBOAT_CHECK(still_as_large());
        while (!data.empty()) {
            const auto put =
                ::pwrite(file_.get(), data.data(), data.size(), static_cast<off_t>(offset));
            if (put < 0 && errno == EINTR)
                continue;
            if (put < 0)
                return fail_errno(name_, "writing at byte " + std::to_string(offset), errno);
            offset += static_cast<std::uint64_t>(put);
            data = data.subspan(static_cast<std::size_t>(put));
        }
        return {};
    }

    Result<void> flush() override {
        if (!writable_)
            return {};
        if (::fsync(file_.get()) != 0)
            return fail_errno(name_, "flushing", errno);
        // What is read back after a flush shall come from the medium, as far as that can be asked.
        static_cast<void>(::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_DONTNEED));
        return {};
    }

private:
    [[nodiscard]] tl::unexpected<Error> shrunk() const {
        return fail(ErrorKind::io, name_, "it became smaller while it was open",
                    "let nothing else work on the disk, and start again");
    }
    // A write past the end of a file that shrank would silently make it grow again.
    [[nodiscard]] Result<void> still_as_large() const {
        struct stat now {};
        if (::fstat(file_.get(), &now) != 0)
            return fail_errno(name_, "asking for the size", errno);
        if (S_ISREG(now.st_mode) && static_cast<std::uint64_t>(now.st_size) < size_)
            return shrunk();
        return {};
    }

    std::string name_;
    Descriptor file_;
    std::uint64_t size_;
    std::uint32_t sector_size_;
    bool writable_;
};

Result<void> check_type(const std::string& path, const struct stat& info) {
    if (S_ISREG(info.st_mode) || S_ISBLK(info.st_mode))
        return {};
    return fail(ErrorKind::refused, path,
                S_ISDIR(info.st_mode) ? "this is a directory, not a disk"
                                      : "this is neither a file nor a block device",
                "name a raw disk image or a block device");
}

Result<void> check_unused(const std::string& path, const struct stat& info) {
    LIFEBOAT_TRY(const auto users,
                 users_of({major(info.st_rdev), minor(info.st_rdev)}, "/proc", "/sys"));
    if (users.empty())
        return {};
    return fail(ErrorKind::refused, path, "the disk is in use on this machine: " + users.front(),
                "unmount or detach it first");
}

Result<Descriptor> open_file(const std::string& path, const struct stat& info, Access access) {
    int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    flags |= access == Access::write ? O_RDWR : O_RDONLY;
    if (access == Access::write && S_ISBLK(info.st_mode))
        flags |= O_EXCL; // on a block device: fails while it is mounted or held
    Descriptor file(::open(path.c_str(), flags));
    if (file.get() >= 0)
        return file;
    if (errno == EBUSY)
        return fail(ErrorKind::refused, path, "the disk is in use on this machine",
                    "unmount or detach it first");
    if (errno == EROFS && access == Access::write)
        return fail(ErrorKind::refused, path, "the disk is read-only",
                    "copy it to a place that can be written");
    return fail_errno(path, "opening", errno);
}

// QEMU marks the disk of a running guest with open-file-description locks on single bytes from 100
// (what it does) and 200 (what others may not do); bit 1 is "write". Source: QEMU
// block/file-posix.c, RAW_LOCK_PERM_BASE and RAW_LOCK_SHARED_BASE.
constexpr off_t kQemuLocks = 100;
constexpr off_t kQemuLocksLength = 164; // both ranges, 64 bits each
constexpr off_t kQemuWrites = 101;
constexpr off_t kQemuNobodyElseWrites = 201;

struct flock byte_lock(int type, off_t start, off_t length) {
    struct flock lock {};
    lock.l_type = static_cast<short>(type);
    lock.l_whence = SEEK_SET;
    lock.l_start = start;
    lock.l_len = length;
    return lock;
}

Result<void> lock_against_qemu(const std::string& path, int file) {
    auto any = byte_lock(F_WRLCK, kQemuLocks, kQemuLocksLength);
    if (::fcntl(file, F_OFD_GETLK, &any) != 0)
        return {}; // the file system has no such locks, so QEMU could not take them either
    if (any.l_type != F_UNLCK)
        return fail(ErrorKind::refused, path, "a running virtual machine has this disk open",
                    "shut the guest down first");
    for (const off_t byte : {kQemuWrites, kQemuNobodyElseWrites}) {
        auto ours = byte_lock(F_RDLCK, byte, 1);
        if (::fcntl(file, F_OFD_SETLK, &ours) != 0)
            return fail_errno(path, "locking", errno);
    }
    return {};
}

// A writer keeps its lock; a reader only looks whether somebody writes. What changes between
// reading and writing is found by the fingerprints of the overlay.
Result<void> lock(const std::string& path, int file, Access access) {
    const int wanted = access == Access::write ? LOCK_EX : LOCK_SH;
    if (::flock(file, wanted | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return fail_errno(path, "locking", errno);
        return fail(ErrorKind::refused, path, "another lifeboat is writing to this disk",
                    "wait until it is done");
    }
    if (access == Access::write)
        return lock_against_qemu(path, file);
    ::flock(file, LOCK_UN);
    return {};
}

struct Geometry {
    std::uint64_t size = 0;
    std::uint32_t sector_size = 512;
};

Result<Geometry> geometry_of(const std::string& path, int file, const struct stat& info) {
    Geometry geometry;
    if (S_ISREG(info.st_mode)) {
        geometry.size = static_cast<std::uint64_t>(info.st_size);
        return geometry;
    }
    int sector = 0;
    if (::ioctl(file, BLKGETSIZE64, &geometry.size) != 0)
        return fail_errno(path, "asking for the size", errno);
    if (::ioctl(file, BLKSSZGET, &sector) == 0 && sector > 0)
        geometry.sector_size = static_cast<std::uint32_t>(sector);
    return geometry;
}

Result<void> check_size(const std::string& path, std::uint64_t size) {
    if (size == 0)
        return fail(ErrorKind::refused, path, "it is empty", "name a raw disk image");
    if (size < kSmallestDisk)
        return fail(ErrorKind::refused, path,
                    "it is too small to be a disk (" + human_size(size) + ")",
                    "name a raw disk image");
    if (size > kLargestDisk)
        return fail(ErrorKind::unsupported, path, "it is larger than any disk we know");
    return {};
}

Result<void> check_format(const std::string& path, BlockDevice& device) {
    LIFEBOAT_TRY(const auto head, read_bytes(device, 0, kHeadBytes));
    LIFEBOAT_TRY(const auto tail, read_bytes(device, device.size() - kHeadBytes, kHeadBytes));
    const auto format = foreign_format(head, tail);
    if (!format)
        return {};
    return fail(ErrorKind::unsupported, path,
                "this is a file in the format " + format->name + ", not a raw disk", format->next);
}

} // namespace

Result<DevicePtr> open_plain(const std::string& path, Access access, std::uint32_t sector_size) {
    if (sector_size != 0 && sector_size != 512 && sector_size != 4096)
        return fail(ErrorKind::usage, path, "a sector has 512 or 4096 bytes");
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0)
        return fail_errno(path, "opening", errno);
    LIFEBOAT_CHECK(check_type(path, info));
    if (access == Access::write && S_ISBLK(info.st_mode))
        LIFEBOAT_CHECK(check_unused(path, info));
    LIFEBOAT_TRY(auto file, open_file(path, info, access));
    if (::fstat(file.get(), &info) != 0)
        return fail_errno(path, "opening", errno);
    LIFEBOAT_CHECK(check_type(path, info));
    LIFEBOAT_CHECK(lock(path, file.get(), access));
    LIFEBOAT_TRY(auto geometry, geometry_of(path, file.get(), info));
    LIFEBOAT_CHECK(check_size(path, geometry.size));
    if (sector_size != 0)
        geometry.sector_size = sector_size;
    return std::make_shared<FileDevice>(path, std::move(file), geometry.size, geometry.sector_size,
                                        access == Access::write);
}

Result<DevicePtr> open_image(const std::string& path, Access access, std::uint32_t sector_size) {
    LIFEBOAT_TRY(auto device, open_plain(path, access, sector_size));
    LIFEBOAT_CHECK(check_format(path, *device));
    return device;
}

} // namespace lifeboat::block
