// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/qemu_helper.hpp"

#include "block/qemu_header.hpp"
#include "block/qemu_message.hpp"
#include "block/qemu_process.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lifeboat::block {
namespace {

constexpr int kControl = 3;

// A request: number of the disk, driver, offset, length, the disk's name for messages.
constexpr std::size_t kRequestParts = 5;

std::optional<std::uint64_t> number(const std::string& text) {
    std::uint64_t out = 0;
    const auto* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, out);
    if (text.empty() || error != std::errc{} || at != end)
        return std::nullopt;
    return out;
}

bool known_driver(const std::string& driver, const QemuDisk& disk) {
    return driver_named(driver) == driver || (driver == "raw" && !disk.address.empty());
}

// The disk that is asked for; nothing when it is none of ours.
std::optional<QemuDisk> requested(const Letter& request, const std::vector<QemuDisk>& disks) {
    if (request.parts.size() != kRequestParts)
        return std::nullopt;
    const auto index = number(request.parts[0]);
    const auto offset = number(request.parts[2]);
    const auto length = number(request.parts[3]);
    if (!index || *index >= disks.size() || !offset || !length)
        return std::nullopt;
    QemuDisk disk = disks[static_cast<std::size_t>(*index)];
    disk.driver = request.parts[1];
    disk.offset = *offset;
    disk.length = *length;
    disk.name = request.parts[4];
    if (disk.driver.empty() || !known_driver(disk.driver, disk))
        return std::nullopt;
    return disk;
}

Letter answer(const Letter& request, const std::vector<QemuDisk>& disks) {
    const auto disk = requested(request, disks);
    if (!disk)
        return {{"no"}, -1};
    auto keeper = QemuKeeper::start(*disk);
    if (!keeper)
        return {{keeper.error().what}, -1};
    return {{"kept"}, keeper->release()};
}

[[noreturn]] void help(int control, const std::vector<QemuDisk>& disks) {
    ::setsid(); // what the terminal sends is not for us
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGPIPE})
        ::signal(signal, SIG_DFL);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(control, kControl);
    for (int fd = 0; fd < kControl; ++fd)
        ::dup2(null, fd);
    close_all_from(kControl + 1);
    ::fcntl(kControl, F_SETFD, FD_CLOEXEC);
    while (const auto request = receive_letter(kControl)) {
        if (request->descriptor >= 0)
            ::close(request->descriptor);
        const auto reply = answer(*request, disks);
        const bool sent = send_letter(kControl, reply);
        if (reply.descriptor >= 0)
            ::close(reply.descriptor);
        if (!sent)
            break;
    }
    ::_exit(0);
}

Result<int> start_helper(const std::vector<QemuDisk>& disks) {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0)
        return fail_errno("qemu-nbd", "preparing to start it", errno);
    // Two generations, so that nobody has to wait for it, as with the keepers.
    const auto child = ::fork();
    if (child == 0) {
        const auto helper = ::fork();
        if (helper == 0)
            help(pair[1], disks);
        ::_exit(helper > 0 ? 0 : 1);
    }
    const int error = errno;
    ::close(pair[1]);
    if (child < 0) {
        ::close(pair[0]);
        return fail_errno("qemu-nbd", "preparing to start it", error);
    }
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return pair[0];
}

} // namespace

Result<std::shared_ptr<QemuHelper>> QemuHelper::start(std::span<const std::string> names) {
    std::vector<QemuDisk> disks;
    for (const auto& name : names)
        if (auto disk = disk_for_qemu(name))
            disks.push_back(std::move(*disk));
    if (disks.empty())
        return std::shared_ptr<QemuHelper>();
    LIFEBOAT_TRY(const int control, start_helper(disks));
    return std::shared_ptr<QemuHelper>(new QemuHelper(control, std::move(disks)));
}

QemuHelper::~QemuHelper() { ::close(control_); }

Result<QemuKeeper> QemuHelper::keeper(const QemuDisk& disk) {
    std::size_t index = 0;
    for (; index < disks_.size(); ++index)
        if (disks_[index].path == disk.path && disks_[index].address == disk.address &&
            disks_[index].vouched == disk.vouched)
            break;
    const auto lost =
        fail(ErrorKind::io, "qemu-nbd", "the process that starts it is gone", "start again");
    if (!send_letter(control_, {{std::to_string(index), disk.driver, std::to_string(disk.offset),
                                 std::to_string(disk.length), disk.name},
                                -1}))
        return lost;
    const auto reply = receive_letter(control_);
    if (!reply || reply->parts.empty())
        return lost;
    if (reply->descriptor < 0)
        return fail(ErrorKind::internal, disk.name,
                    "QEMU was not started for it: " + reply->parts[0]);
    return QemuKeeper(reply->descriptor);
}

} // namespace lifeboat::block
