// SPDX-License-Identifier: GPL-2.0-or-later
// A BlockDevice as /dev/nbdN of this kernel. Source: drivers/block/nbd.c and linux/nbd.h of Linux.
#pragma once

#include "block/nbd_server.hpp"
#include "fs/directory.hpp"

#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace lifeboat::fs {

class KernelDisk {
public:
    [[nodiscard]] static Result<std::unique_ptr<KernelDisk>> attach(block::DevicePtr device);
    ~KernelDisk(); // detaches
    KernelDisk(const KernelDisk&) = delete;
    KernelDisk& operator=(const KernelDisk&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; } // "/dev/nbd0"
    // Runs `job` in a thread, and answers the kernel's requests in this one until it has ended.
    // What makes the kernel read or write must run inside such a job, or it waits for ever.
    void serve_while(const std::function<void()>& job);
    // Waits until nobody in the kernel uses it any more and all is written, then takes it away. The
    // first error that the device gave, or that the connection had.
    [[nodiscard]] Result<void> detach();

private:
    explicit KernelDisk(block::DevicePtr device) : device_(std::move(device)) {}
    [[nodiscard]] Result<bool> take(int number); // false: this one is in use
    [[nodiscard]] Result<void> start();
    void serve_one();

    block::DevicePtr device_;
    std::optional<block::NbdServer> server_;
    std::string path_, sysfs_;
    Descriptor node_, socket_, kernels_end_;
    std::thread connection_;
    std::optional<Error> broken_;
};

} // namespace lifeboat::fs
