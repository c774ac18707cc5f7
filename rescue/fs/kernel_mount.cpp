// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/kernel_mount.hpp"

#include "base/text.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/mount.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace lifeboat::fs {
namespace {

constexpr std::array<const char*, 4> kSubvolumes = {"@", "@rootfs", "root",
                                                    "@/.snapshots/1/snapshot"};

// The Btrfs superblock (kernel documentation "On-disk Format"; btrfs_tree.h): at 64 KiB; its magic
// at 0x40, the number of devices at 0x88.
constexpr std::uint64_t kBtrfsSuperblock = 65536;
constexpr std::size_t kBtrfsMagicAt = 0x40, kBtrfsDevicesAt = 0x88;

int configure(int context, unsigned command, const char* key, const char* value) {
    return static_cast<int>(syscall(SYS_fsconfig, context, command, key, value, 0));
}

// What the kernel says about a file system that it does not take: lines such as "e xfs: ...".
std::string reasons(int context) {
    std::array<char, 1024> line{};
    std::string out;
    for (ssize_t length = 0; (length = read(context, line.data(), line.size())) > 2;) {
        const std::string_view text(line.data(), static_cast<std::size_t>(length));
        out += (out.empty() ? "" : "; ") + printable(trim(text.substr(2)));
    }
    return out;
}

tl::unexpected<Error> refused(int number, int context) {
    auto why = reasons(context);
    if (why.empty())
        why = std::strerror(number);
    if (number == ENOMEM || number == EIO || number == EBUSY)
        return fail(ErrorKind::io, "", "the kernel could not mount it: " + why);
    return fail(ErrorKind::damaged, "", "the kernel does not mount it: " + why,
                "check it with xfs_repair or btrfs check");
}

} // namespace

Result<Descriptor> mount_alone(const std::string& path, KernelType type, Access access) {
    const char* const name = type == KernelType::xfs ? "xfs" : "btrfs";
    const Descriptor context(static_cast<int>(syscall(SYS_fsopen, name, FSOPEN_CLOEXEC)));
    if (!context)
        return fail(ErrorKind::unsupported, "",
                    std::string("this kernel cannot mount ") + name + ": " + std::strerror(errno));
    const int number = context.get();
    const bool told =
        configure(number, FSCONFIG_SET_STRING, "source", path.c_str()) == 0 &&
        // Copies of one disk have the same UUID; Btrfs has no such option, and refuses the second.
        (type != KernelType::xfs || configure(number, FSCONFIG_SET_FLAG, "nouuid", nullptr) == 0) &&
        (access == Access::write || configure(number, FSCONFIG_SET_FLAG, "ro", nullptr) == 0);
    if (!told || configure(number, FSCONFIG_CMD_CREATE, nullptr, nullptr) != 0)
        return refused(errno, number);
    constexpr unsigned kPlain =
        MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME;
    const unsigned attributes = kPlain | (access == Access::read ? MOUNT_ATTR_RDONLY : 0U);
    Descriptor root(static_cast<int>(syscall(SYS_fsmount, number, FSMOUNT_CLOEXEC, attributes)));
    if (!root)
        return refused(errno, number);
    return root;
}

KernelMessages::KernelMessages() : messages_(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
    if (messages_)
        lseek(messages_.get(), 0, SEEK_END);
}

// fs/xfs/xfs_log_recover.c: "XFS (nbd0): Starting recovery (logdev: internal)"; fs/btrfs/disk-io.c:
// "BTRFS info (device nbd0): start tree-log replay". Neither file system says it in any other way:
// XFS writes to its log when a clean one is mounted, too.
bool KernelMessages::tell_of_replay(const std::string& device) {
    std::array<char, 8192> record{};
    for (;;) {
        const auto length = read(messages_.get(), record.data(), record.size());
        if (length < 0 && errno == EPIPE) // records were overwritten before they were read
            continue;
        if (length <= 0)
            return false;
        const std::string_view text(record.data(), static_cast<std::size_t>(length));
        if (text.find(device) != std::string_view::npos &&
            (text.find("Starting recovery") != std::string_view::npos ||
             text.find("start tree-log replay") != std::string_view::npos))
            return true;
    }
}

Descriptor system_root(const Descriptor& root) {
    int error = 0;
    constexpr int kLook = O_PATH | O_DIRECTORY;
    for (const auto* const name : kSubvolumes) {
        if (open_beneath(root.get(), "etc", kLook, error))
            break;
        auto inside = open_beneath(root.get(), name, kLook, error);
        if (inside && open_beneath(inside.get(), "etc", kLook, error))
            return inside;
    }
    return open_beneath(root.get(), ".", kLook, error);
}

void forget_device(const std::string& path) {
    const Descriptor control(open("/dev/btrfs-control", O_RDWR | O_CLOEXEC));
    btrfs_ioctl_vol_args arguments{};
    if (path.size() < sizeof arguments.name)
        std::memcpy(&arguments.name[0], path.data(), path.size());
    if (control)
        ioctl(control.get(), BTRFS_IOC_FORGET_DEV, &arguments);
}

Result<std::optional<Error>> btrfs_obstacle(block::BlockDevice& device) {
    LIFEBOAT_TRY(const auto block, block::read_bytes(device, kBtrfsSuperblock, 4096));
    if (!has_magic(block, kBtrfsMagicAt, "_BHRfS_M"))
        return std::optional<Error>({ErrorKind::damaged, device.name(),
                                     "the Btrfs superblock is not where it belongs",
                                     "check it with btrfs check"});
    const auto devices = read_le<std::uint64_t>(block, kBtrfsDevicesAt).value_or(0);
    if (devices == 1)
        return std::optional<Error>();
    return std::optional<Error>({ErrorKind::unsupported, device.name(),
                                 "this Btrfs lies on " + std::to_string(devices) +
                                     " devices, which this program cannot put together",
                                 "repair this guest by hand from the rescue medium's shell"});
}

} // namespace lifeboat::fs
