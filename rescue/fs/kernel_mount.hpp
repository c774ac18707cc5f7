// SPDX-License-Identifier: GPL-2.0-or-later
// One file system mounted by the kernel for this process alone: it appears in no directory tree,
// and ends with the descriptor (fsopen(2), fsmount(2)).
#pragma once

#include "fs/directory.hpp"
#include "fs/kernel.hpp"

namespace lifeboat::fs {

// The root of `path`, a block device. No device nodes, no set-user-id, no programs. Reads and
// writes the device before it returns. Error `damaged` with the kernel's reason; `io`.
[[nodiscard]] Result<Descriptor> mount_alone(const std::string& path, KernelType type,
                                             Access access);
// What the kernel says about a device from now on (/dev/kmsg).
class KernelMessages {
public:
    KernelMessages();
    // Whether it said that it replays the log of `device`, "nbd0". Without messages: no.
    [[nodiscard]] bool tell_of_replay(const std::string& device);

private:
    Descriptor messages_;
};

// Where a Linux system lies in a Btrfs: the root itself, or a subvolume (kernel.hpp).
[[nodiscard]] Descriptor system_root(const Descriptor& root);
// What Btrfs remembers about a device that is no longer mounted.
void forget_device(const std::string& path);
// Why this Btrfs cannot be opened from this device alone; nothing when it can.
[[nodiscard]] Result<std::optional<Error>> btrfs_obstacle(block::BlockDevice& device);

} // namespace lifeboat::fs
