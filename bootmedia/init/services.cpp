// SPDX-License-Identifier: GPL-2.0-or-later
#include "init/services.hpp"

#include "base/text.hpp"
#include "gui/exit_code.hpp"
#include "init/system.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace lifeboat::bootmedia {
namespace {

constexpr std::int64_t kSoonMs = 5000; // an end this soon after the start counts as a crash
constexpr int kMaxCrashes = 5;         // then a console gets a shell, and the screen is given up
constexpr std::size_t kMaxLine = 4096;

std::vector<char*> c_arguments(const std::vector<std::string>& arguments) {
    std::vector<char*> out;
    for (const std::string& argument : arguments)
        out.push_back(const_cast<char*>(argument.c_str()));
    out.push_back(nullptr);
    return out;
}

// In the child: default signals, a session of its own, the given descriptors.
void become(const std::vector<std::string>& arguments, int in, int out, int err) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    setsid();
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    const auto argv = c_arguments(arguments);
    execv(argv[0], argv.data());
    _exit(127);
}

void on_terminal(const Service& service) {
    const int terminal = open(service.terminal.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0)
        _exit(126);
    setsid();
    ioctl(terminal, TIOCSCTTY, 1);
    termios settings = {};
    if (tcgetattr(terminal, &settings) == 0) {
        // A serial line may have neither carrier nor hardware flow control behind it.
        settings.c_cflag |= static_cast<tcflag_t>(CLOCAL | CREAD);
        settings.c_cflag &= ~static_cast<tcflag_t>(CRTSCTS);
        settings.c_iflag |= static_cast<tcflag_t>(ICRNL);
        settings.c_oflag |= static_cast<tcflag_t>(OPOST | ONLCR);
        settings.c_lflag |= static_cast<tcflag_t>(ISIG | ICANON | ECHO | ECHOE | ECHOK);
        tcsetattr(terminal, TCSANOW, &settings);
    }
    setenv("TERM",
           service.terminal.find("/tty") != std::string::npos &&
                   service.terminal.find("ttyS") == std::string::npos
               ? "linux"
               : "vt100",
           1);
    become(service.arguments, terminal, terminal, terminal);
}

} // namespace

void Services::add(Service service) {
    Running running;
    running.service = std::move(service);
    running.due = now_ms();
    all_.push_back(std::move(running));
}

void Services::start(Running& running) {
    std::array<int, 2> ends = {-1, -1};
    const bool keeps = running.service.terminal.empty();
    if (keeps && pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        ends = {-1, -1};
    running.started = now_ms();
    const pid_t pid = fork();
    if (pid == 0) {
        if (!keeps)
            on_terminal(running.service);
        const int null = open("/dev/null", O_RDWR);
        const int out = ends[1] >= 0 ? ends[1] : null;
        become(running.service.arguments, null, out, out);
    }
    if (ends[1] >= 0)
        close(ends[1]);
    if (pid < 0) {
        if (ends[0] >= 0)
            close(ends[0]);
        say("could not start " + running.service.name);
        running.due = now_ms() + kSoonMs;
        return;
    }
    if (running.output >= 0)
        close(running.output);
    running.output = ends[0];
    running.pid = pid;
    note("started " + running.service.name);
}

int Services::start_due() {
    std::int64_t next = -1;
    for (Running& running : all_) {
        if (running.pid != 0 || running.given_up)
            continue;
        if (running.due <= now_ms())
            start(running);
        if (running.pid == 0) {
            const std::int64_t wait = std::max<std::int64_t>(running.due - now_ms(), 0);
            next = next < 0 ? wait : std::min(next, wait);
        }
    }
    return static_cast<int>(next);
}

void Services::ended(pid_t pid, int status) {
    for (Running& running : all_) {
        if (running.pid != pid)
            continue;
        running.pid = 0;
        const bool screen = running.service.terminal.empty();
        const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        note(running.service.name + " ended with " + std::to_string(code));
        if (screen && code == gui::kExitNoDisplay) {
            say("there is no display that the screen can use; the menu is on the serial console");
            running.given_up = true;
            return;
        }
        const bool soon = now_ms() - running.started < kSoonMs;
        running.crashes = soon && code != 0 ? running.crashes + 1 : 0;
        if (running.crashes >= kMaxCrashes) {
            say(running.service.name + " does not keep running (code " + std::to_string(code) +
                ")");
            running.crashes = 0;
            if (screen) {
                running.given_up = true;
                return;
            }
            running.service.arguments = {"/bin/busybox", "sh", "-l"};
        }
        running.due = now_ms() + (soon ? 1000 : 0);
    }
}

std::vector<int> Services::descriptors() const {
    std::vector<int> out;
    for (const Running& running : all_) {
        if (running.output >= 0)
            out.push_back(running.output);
    }
    return out;
}

void Services::read_output(int descriptor) {
    for (Running& running : all_) {
        if (running.output != descriptor)
            continue;
        std::array<char, 4096> buffer;
        const ssize_t count = read(descriptor, buffer.data(), buffer.size());
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (count <= 0) {
            close(running.output);
            running.output = -1;
            return;
        }
        for (const char c : std::string_view(buffer.data(), static_cast<std::size_t>(count))) {
            if (c != '\n' && running.line.size() < kMaxLine) {
                running.line += c;
                continue;
            }
            note(running.service.name + ": " + printable(running.line));
            running.line.clear();
        }
    }
}

int run_and_wait(const std::vector<std::string>& arguments, const std::string& output_path) {
    const pid_t pid = fork();
    if (pid == 0) {
        const int null = open("/dev/null", O_RDWR);
        const int out = open(output_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, 0600);
        become(arguments, null, out >= 0 ? out : null, out >= 0 ? out : null);
    }
    if (pid < 0)
        return -1;
    for (;;) {
        int status = 0;
        const pid_t ended = waitpid(-1, &status, 0);
        if (ended == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (ended < 0 && errno != EINTR)
            return -1;
    }
}

} // namespace lifeboat::bootmedia
