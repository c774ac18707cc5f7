// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/qemu_process.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace lifeboat::block {
namespace {

constexpr int kListenSocket = 3; // sd_listen_fds(3): the first inherited socket
constexpr std::size_t kMostOutput = 4096;
constexpr int kTimeToEnd = 60000;  // milliseconds; it flushes before it ends
constexpr int kTimeToObey = 10000; // after SIGTERM

class Descriptor {
public:
    explicit Descriptor(int number = -1) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0)
            ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return number_; }
    [[nodiscard]] int release() { return std::exchange(number_, -1); }

private:
    int number_;
};

// A folder only we can enter; empty when there is no place for one. Not $TMPDIR: the name of a
// socket must stay short, and it is gone before anything else happens.
std::string private_folder() {
    for (const char* place : {"/tmp", "/run", "/var/tmp", "/dev/shm"}) {
        std::string folder = std::string(place) + "/lifeboat-XXXXXX";
        if (::mkdtemp(folder.data()) != nullptr)
            return folder;
    }
    return {};
}

Result<void> bind_and_connect(int listener, int client, const sockaddr_un& address) {
    const auto* plain = reinterpret_cast<const sockaddr*>(&address);
    if (::bind(listener, plain, sizeof address) != 0 || ::listen(listener, 1) != 0 ||
        ::connect(client, plain, sizeof address) != 0)
        return fail_errno("qemu-nbd", "making a socket", errno);
    return {};
}

// A listening socket whose only client is already waiting. The name is removed at once, so that
// nobody else can ever come, and nothing stays behind however we end.
Result<void> make_sockets(int listener, int client) {
    const auto folder = private_folder();
    if (folder.empty())
        return fail_errno("qemu-nbd", "making a folder for its socket", errno);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto path = folder + "/nbd";
    std::memcpy(static_cast<char*>(address.sun_path), path.c_str(), path.size() + 1);
    auto result = bind_and_connect(listener, client, address);
    ::unlink(path.c_str());
    ::rmdir(folder.c_str());
    return result;
}

// Everything the child needs, made before the fork: afterwards nothing may allocate.
struct Plan {
    std::vector<char*> arguments;
    std::vector<char*> environment;
    char* process_digits = nullptr; // inside LISTEN_PID=
    int listener = -1;
    int output = -1;
    int null = -1;
    pid_t parent = -1;
};

void write_digits(char* at, pid_t number) {
    std::array<char, 12> reversed{};
    std::size_t length = 0;
    for (; number > 0; number /= 10)
        reversed[length++] = static_cast<char>('0' + number % 10);
    while (length > 0)
        *at++ = reversed[--length];
    *at = '\0';
}

[[noreturn]] void become(const Plan& plan) {
    // A signal from the terminal is for us, not for the server in the middle of a write.
    ::setsid();
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (::getppid() != plan.parent)
        ::_exit(127);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (int number = 1; number < NSIG; ++number)
        ::signal(number, SIG_DFL);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    // The sources lie above the targets, see start().
    if (::dup2(plan.null, 0) < 0 || ::dup2(plan.null, 1) < 0 || ::dup2(plan.output, 2) < 0 ||
        ::dup2(plan.listener, kListenSocket) < 0)
        ::_exit(127);
    close_all_from(kListenSocket + 1);
    write_digits(plan.process_digits, ::getpid());
    ::execve(plan.arguments.front(), plan.arguments.data(), plan.environment.data());
    ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (auto& text : texts)
        out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

std::vector<std::string> environment() {
    std::vector<std::string> out = {"LISTEN_PID=000000000000", "LISTEN_FDS=1", "LC_ALL=C",
                                    "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
    if (const char* home = std::getenv("HOME")) // ssh:// looks for known hosts there
        out.push_back(std::string("HOME=") + home);
    return out;
}

// A copy of the descriptor above those that the child redirects.
int raise(int number) {
    constexpr int kFirstFree = 10;
    return ::fcntl(number, F_DUPFD_CLOEXEC, kFirstFree);
}

bool ended(pid_t process) {
    int status = 0;
    const auto got = ::waitpid(process, &status, WNOHANG);
    return got == process || (got < 0 && errno == ECHILD);
}

} // namespace

Result<QemuProcess> QemuProcess::start(const std::string& program,
                                       const std::vector<std::string>& arguments) {
    constexpr int kStream = SOCK_STREAM | SOCK_CLOEXEC;
    Descriptor listener(::socket(AF_UNIX, kStream, 0));
    Descriptor client(::socket(AF_UNIX, kStream, 0));
    Descriptor output(::memfd_create("qemu-nbd-says", MFD_CLOEXEC));
    Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (listener.get() < 0 || client.get() < 0 || output.get() < 0 || null.get() < 0)
        return fail_errno("qemu-nbd", "preparing to start it", errno);
    LIFEBOAT_CHECK(make_sockets(listener.get(), client.get()));
    Descriptor high_listener(raise(listener.get()));
    Descriptor high_output(raise(output.get()));
    Descriptor high_null(raise(null.get()));

    std::vector<std::string> words = {program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    auto settings = environment();
    Plan plan;
    plan.arguments = pointers(words);
    plan.environment = pointers(settings);
    plan.process_digits = settings.front().data() + std::strlen("LISTEN_PID=");
    plan.listener = high_listener.get();
    plan.output = high_output.get();
    plan.null = high_null.get();
    plan.parent = ::getpid();
    const auto process = ::fork();
    if (process == 0)
        become(plan);
    if (process < 0)
        return fail_errno("qemu-nbd", "starting it", errno);
    QemuProcess out;
    out.process_ = process;
    out.socket_ = client.release();
    out.output_ = output.release();
    return out;
}

QemuProcess::QemuProcess(QemuProcess&& other) noexcept
    : process_(std::exchange(other.process_, -1)), socket_(std::exchange(other.socket_, -1)),
      output_(std::exchange(other.output_, -1)) {}

QemuProcess::~QemuProcess() {
    if (socket_ >= 0)
        ::close(socket_);
    if (process_ > 0 && !wait(kTimeToEnd)) {
        ::kill(process_, SIGTERM);
        if (!wait(kTimeToObey)) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
        }
    }
    if (output_ >= 0)
        ::close(output_);
}

int QemuProcess::take_socket() { return std::exchange(socket_, -1); }

bool QemuProcess::wait(int milliseconds) {
    constexpr long kMillisecond = 1000000;
    long pause = kMillisecond;
    for (long waited = 0; process_ > 0 && !ended(process_); waited += pause) {
        if (waited > milliseconds * kMillisecond)
            return false;
        const timespec nap{0, pause};
        ::nanosleep(&nap, nullptr);
        pause = std::min(pause * 2, 50 * kMillisecond);
    }
    process_ = -1;
    return true;
}

std::string QemuProcess::said() const {
    std::string text(kMostOutput, '\0');
    const auto got = ::pread(output_, text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    std::string out;
    for (auto line : split_nonempty(text, '\n')) {
        line = trim(line);
        // "qemu-nbd: " before a line tells nothing.
        if (constexpr std::string_view kOwnName = "qemu-nbd: "; line.starts_with(kOwnName))
            line.remove_prefix(kOwnName.size());
        out += (out.empty() ? "" : "; ") + printable(line);
    }
    return out;
}

void close_all_from(int first) {
    if (::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U) == 0)
        return;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    for (int number = first; number < static_cast<int>(limit.rlim_cur); ++number)
        ::close(number);
}

std::string find_program(const std::string& program, const char* path) {
    if (path == nullptr)
        return {};
    for (const auto folder : split_nonempty(path, ':')) {
        auto candidate = std::string(folder) + "/" + program;
        if (folder.front() == '/' && ::access(candidate.c_str(), X_OK) == 0)
            return candidate;
    }
    return {};
}

} // namespace lifeboat::block
