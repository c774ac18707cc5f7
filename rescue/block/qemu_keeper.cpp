// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/qemu_keeper.hpp"

#include "base/text.hpp"
#include "block/qemu_message.hpp"
#include "block/qemu_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace lifeboat::block {
namespace {

// Requests are one letter; answers are texts, parted by zero bytes, perhaps with a descriptor.
constexpr char kServeReading = 'r';
constexpr char kServeWriting = 'w';
constexpr char kWaitForEnd = 'e';
constexpr char kLastWords = 'l'; // followed by the patience in milliseconds, as digits
constexpr int kControl = 3;

// ---------------------------------------------------------------- in the keeper

class Duty {
public:
    explicit Duty(const QemuDisk& disk) : disk_(disk) {}

    Letter answer(const Letter& request) {
        if (request.parts.empty() || request.parts.front().empty())
            return {{"?"}, -1};
        const char what = request.parts.front().front();
        if (what == kServeReading || what == kServeWriting)
            return serve(what == kServeWriting ? Access::write : Access::read);
        if (what == kLastWords && request.parts.size() > 1)
            return last_words(std::atoi(request.parts[1].c_str()));
        server_.reset(); // its end is waited for
        return {{"done"}, -1};
    }

private:
    Letter serve(Access access) {
        server_.reset();
        auto server = start_server(disk_, access);
        if (!server) {
            const auto& error = server.error();
            return {{"error", std::to_string(static_cast<int>(error.kind)), error.where, error.what,
                     error.next},
                    -1};
        }
        server_.emplace(std::move(*server));
        return {{"served"}, server_->take_socket()};
    }

    Letter last_words(int milliseconds) {
        if (!server_)
            return {{"ended", ""}, -1};
        const bool ended = server_->wait(milliseconds);
        return {{ended ? "ended" : "runs", server_->said()}, -1};
    }

    const QemuDisk& disk_;
    std::optional<QemuProcess> server_;
};

[[noreturn]] void keep(int control, const QemuDisk& disk) {
    ::setsid(); // what the terminal sends is not for us
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGPIPE})
        ::signal(number, SIG_DFL);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(control, kControl);
    for (int number = 0; number < kControl; ++number)
        ::dup2(null, number);
    close_all_from(kControl + 1);
    ::fcntl(kControl, F_SETFD, FD_CLOEXEC);
    {
        Duty duty(disk);
        while (const auto request = receive_letter(kControl)) {
            const auto answer = duty.answer(*request);
            const bool sent = send_letter(kControl, answer);
            if (answer.descriptor >= 0)
                ::close(answer.descriptor);
            if (!sent)
                break;
        }
    }
    ::_exit(0);
}

Error lost() {
    return {ErrorKind::io, "qemu-nbd", "the process that starts it is gone", "start again"};
}

} // namespace

Result<QemuKeeper> QemuKeeper::start(const QemuDisk& disk) {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0)
        return fail_errno("qemu-nbd", "preparing to start it", errno);
    // Two generations, so that nobody has to wait for the keeper: later we may not be able to.
    const auto child = ::fork();
    if (child == 0) {
        const auto keeper = ::fork();
        if (keeper == 0)
            keep(pair[1], disk);
        ::_exit(keeper > 0 ? 0 : 1);
    }
    const int number = errno;
    ::close(pair[1]);
    if (child < 0) {
        ::close(pair[0]);
        return fail_errno("qemu-nbd", "starting it", number);
    }
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return QemuKeeper(pair[0]);
}

QemuKeeper::QemuKeeper(QemuKeeper&& other) noexcept : control_(std::exchange(other.control_, -1)) {}

QemuKeeper::~QemuKeeper() {
    if (control_ < 0)
        return;
    wait_for_end();
    ::close(control_);
}

int QemuKeeper::release() { return std::exchange(control_, -1); }

Result<int> QemuKeeper::serve(Access access) {
    const char letter = access == Access::write ? kServeWriting : kServeReading;
    if (!send_letter(control_, {{std::string(1, letter)}, -1}))
        return fail(lost());
    const auto answer = receive_letter(control_);
    if (!answer || answer->parts.empty())
        return fail(lost());
    if (answer->descriptor >= 0)
        return answer->descriptor;
    if (answer->parts.size() != 5)
        return fail(lost());
    const auto kind = std::atoi(answer->parts[1].c_str());
    return fail(static_cast<ErrorKind>(kind), answer->parts[2], answer->parts[3], answer->parts[4]);
}

void QemuKeeper::wait_for_end() {
    if (send_letter(control_, {{std::string(1, kWaitForEnd)}, -1}))
        static_cast<void>(receive_letter(control_));
}

QemuKeeper::LastWords QemuKeeper::last_words(int milliseconds) {
    const std::string letter(1, kLastWords);
    if (!send_letter(control_, {{letter, std::to_string(milliseconds)}, -1}))
        return {true, lost().what};
    const auto answer = receive_letter(control_);
    if (!answer || answer->parts.size() != 2)
        return {true, lost().what};
    return {answer->parts[0] == "ended", answer->parts[1]};
}

} // namespace lifeboat::block
