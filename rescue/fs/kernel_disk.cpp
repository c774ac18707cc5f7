// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/kernel_disk.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <linux/nbd.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace lifeboat::fs {
namespace {

using namespace std::chrono_literals;

constexpr int kDevices = 16; // nbds_max of the driver, unless told otherwise
constexpr auto kPatience = 30s;
constexpr auto kBetweenLooks = 5ms;

// In linux/prctl.h since 5.6: memory for this thread is not sought by writing to file systems,
// which could be the one that waits for this thread.
constexpr int kSetIoFlusher = 57;

// Threads that take no signals: one would interrupt NBD_DO_IT, which ends the connection.
template <class Body> std::thread quiet_thread(Body body) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread(std::move(body));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

bool is_there(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// In units of 512 bytes, whatever the sectors are; 0 while nothing is connected.
std::uint64_t size_of(const std::string& sysfs) {
    std::ifstream in(sysfs + "/size");
    std::uint64_t size = 0;
    in >> size;
    return size;
}

tl::unexpected<Error> failed(const block::BlockDevice& device, std::string_view doing) {
    return fail_errno(device.name(), std::string(doing), errno);
}

// While a file system is mounted from it nobody else gets it exclusively.
bool wait_until_free(const std::string& path) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        const Descriptor alone(open(path.c_str(), O_RDWR | O_EXCL | O_CLOEXEC));
        if (alone)
            return fsync(alone.get()) == 0;
        if (errno != EBUSY || std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(kBetweenLooks);
    }
}

} // namespace

Result<std::unique_ptr<KernelDisk>> KernelDisk::attach(block::DevicePtr device) {
    std::unique_ptr<KernelDisk> disk(new KernelDisk(std::move(device)));
    for (int number = 0; number < kDevices; ++number) {
        LIFEBOAT_TRY(const bool taken, disk->take(number));
        if (!taken)
            continue;
        LIFEBOAT_CHECK(disk->start());
        return disk;
    }
    return fail(ErrorKind::io, disk->device_->name(),
                "the kernel has no free network block device for it",
                "start the rescue medium again");
}

Result<bool> KernelDisk::take(int number) {
    const auto name = "nbd" + std::to_string(number);
    sysfs_ = "/sys/block/" + name;
    path_ = "/dev/" + name;
    if (!is_there(sysfs_) || is_there(sysfs_ + "/pid"))
        return false;
    node_ = Descriptor(open(path_.c_str(), O_RDWR | O_CLOEXEC));
    if (!node_)
        return failed(*device_, "opening " + path_);
    std::array<int, 2> ends{-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return failed(*device_, "making a socket");
    socket_ = Descriptor(ends[0]);
    kernels_end_ = Descriptor(ends[1]);
    if (ioctl(node_.get(), NBD_SET_SOCK, kernels_end_.get()) != 0) {
        if (errno == EBUSY)
            return false;
        return failed(*device_, "connecting it to " + path_);
    }
    return true;
}

Result<void> KernelDisk::start() {
    const unsigned long unit = device_->sector_size();
    const unsigned long units = device_->size() / unit;
    const unsigned long flags = block::nbd_server_flags(*device_);
    if (ioctl(node_.get(), NBD_SET_BLKSIZE, unit) != 0 ||
        ioctl(node_.get(), NBD_SET_SIZE_BLOCKS, units) != 0 ||
        ioctl(node_.get(), NBD_SET_FLAGS, flags) != 0)
        return failed(*device_, "connecting it to " + path_);
    server_.emplace(*device_, socket_.get());
    // Lives as long as the connection does.
    connection_ = quiet_thread([node = node_.get()] {
        ioctl(node, NBD_DO_IT);
        ioctl(node, NBD_CLEAR_SOCK);
    });
    const auto end = std::chrono::steady_clock::now() + kPatience;
    // Linux 6.12 shows the process first and sets the size then: a mount in between sees no disk.
    while (!is_there(sysfs_ + "/pid") || size_of(sysfs_) != units * unit / 512) {
        if (std::chrono::steady_clock::now() > end)
            return fail(ErrorKind::io, device_->name(), "the kernel does not take " + path_);
        std::this_thread::sleep_for(kBetweenLooks);
    }
    return {};
}

void KernelDisk::serve_one() {
    auto went = server_->serve_one();
    if (went && *went)
        return;
    if (!went && !broken_)
        broken_ = std::move(went).error();
    // Every request that waits for an answer gets an error now.
    shutdown(socket_.get(), SHUT_RDWR);
    socket_.reset();
}

void KernelDisk::serve_while(const std::function<void()>& job) {
    const Descriptor ended(eventfd(0, EFD_CLOEXEC));
    if (!ended) { // no descriptor left: without one nobody could be served
        if (!broken_)
            broken_ = failed(*device_, "serving it to the kernel").value();
        socket_.reset();
    }
    prctl(kSetIoFlusher, 1, 0, 0, 0);
    auto worker = quiet_thread([&] {
        job();
        const std::uint64_t one = 1;
        static_cast<void>(!ended || write(ended.get(), &one, sizeof one) > 0);
    });
    while (ended) {
        std::array<pollfd, 2> polls{{{ended.get(), POLLIN, 0}, {socket_.get(), POLLIN, 0}}};
        if (poll(polls.data(), socket_ ? 2 : 1, -1) < 0)
            continue; // a signal
        if (polls[0].revents != 0)
            break;
        if (socket_ && polls[1].revents != 0)
            serve_one();
    }
    worker.join();
    prctl(kSetIoFlusher, 0, 0, 0, 0);
}

Result<void> KernelDisk::detach() {
    if (!connection_.joinable())
        return {};
    bool free = false;
    serve_while([&] {
        free = wait_until_free(path_);
        ioctl(node_.get(), NBD_DISCONNECT);
    });
    if (socket_)
        shutdown(socket_.get(), SHUT_RDWR);
    socket_.reset();
    connection_.join();
    node_.reset();
    kernels_end_.reset();
    if (server_->first_error())
        return fail(*server_->first_error());
    if (broken_)
        return fail(*broken_);
    if (!free)
        return fail(ErrorKind::internal, device_->name(),
                    "the kernel did not let go of the file system in time",
                    "nothing was written; please report this");
    return {};
}

KernelDisk::~KernelDisk() { static_cast<void>(detach()); }

} // namespace lifeboat::fs
