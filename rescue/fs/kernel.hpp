// SPDX-License-Identifier: GPL-2.0-or-later
// XFS and Btrfs, for which there is no library to write them: the kernel mounts them, from a
// network block device (nbd) that this process serves out of a BlockDevice. What the kernel writes
// lands in that device, which is an overlay in a session, so that preview, commit and undo are the
// same as for every other file system.
//
// Only in the rescue environment: a kernel must not be given the file systems of strangers on a
// machine that matters to anybody else.
#pragma once

#include "fs/filesystem.hpp"

namespace lifeboat::fs {

enum class KernelType { xfs, btrfs };

// PID 1 of the rescue environment makes this file when the kernel can do it.
inline constexpr auto kKernelFilesystemsMarker = "/run/lifeboat/kernel-filesystems";

// Whether open_kernel() may be called here: as root, and the marker is there.
[[nodiscard]] bool kernel_filesystems();

struct KernelOpened {
    FileSystemPtr fs;
    // The file system was not unmounted cleanly. Its log has been replayed, as the guest's own next
    // start would do; what that changed is in the device.
    bool replayed = false;
};

// With Access::read the device stays untouched: what the kernel replays goes to a copy on write of
// its own. With Access::write it goes to `volume`. Of a Btrfs without /etc in its default
// subvolume, the first that has one of "@", "@rootfs", "root", "@/.snapshots/1/snapshot" is shown.
//
// Every call of the file system runs in a thread of its own while the calling thread serves the
// kernel: `volume` is used by the calling thread only. Until the next call or close() nothing is
// served, and what the kernel has not written yet waits.
//
// Errors: `unsupported` where kernel_filesystems() is false, or for several devices in one Btrfs;
// `damaged` when the kernel does not mount it; `io`.
[[nodiscard]] Result<KernelOpened> open_kernel(block::DevicePtr volume, KernelType type,
                                               Access access);

} // namespace lifeboat::fs
