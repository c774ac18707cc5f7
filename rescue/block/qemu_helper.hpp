// SPDX-License-Identifier: GPL-2.0-or-later
// A process of our own that makes the keepers (qemu_keeper.hpp) of the disks a user named, and of
// no other. It is started before the first byte of a guest is read, so that the process that reads
// may give up the right to start programs first. What it is asked comes from a process that guest
// data may have taken over: it believes only what it was told at its start.
#pragma once

#include "block/qemu_keeper.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lifeboat::block {

class QemuHelper {
public:
    // `names` as users write disks (open.hpp). Nothing when QEMU is needed for none of them.
    [[nodiscard]] static Result<std::shared_ptr<QemuHelper>>
    start(std::span<const std::string> names);
    ~QemuHelper(); // it ends; the keepers go on
    QemuHelper(const QemuHelper&) = delete;
    QemuHelper& operator=(const QemuHelper&) = delete;

    // Error `internal` for a disk that was not named at the start, `io`.
    [[nodiscard]] Result<QemuKeeper> keeper(const QemuDisk& disk);

private:
    QemuHelper(int control, std::vector<QemuDisk> disks)
        : control_(control), disks_(std::move(disks)) {}
    int control_;
    std::vector<QemuDisk> disks_; // as the other side has them; requests name them by number
};

// What a user's name of a disk says without a look inside: path or address, and whether the format
// stands in front. Nothing for a plain disk, for which QEMU is never needed.
[[nodiscard]] std::optional<QemuDisk> disk_for_qemu(const std::string& name);

} // namespace lifeboat::block
