// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/console.hpp"

#include "base/text.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <unistd.h>

namespace lifeboat::cli {

namespace {

constexpr std::size_t kProgressColumns = 78;
constexpr std::chrono::milliseconds kProgressPause{100};

// The only thing a signal handler may touch; nothing else of ours is global.
volatile std::sig_atomic_t stop_requested = 0;

extern "C" void on_signal(int /*number*/) { stop_requested = 1; }

// 0, or the errno of the first write that failed.
int write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written < 0) {
            if (errno == EINTR)
                continue;
            return errno;
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

// Waits with poll(), which a signal interrupts; false on a signal or an error.
bool wait_for_input(int fd) {
    pollfd waiting{fd, POLLIN, 0};
    return stop_requested == 0 && ::poll(&waiting, 1, -1) > 0;
}

} // namespace

void catch_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        sigaction(number, &action, nullptr);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, nullptr);
}

void Console::print(std::string_view text) {
    if (gone_ || !state_)
        return;
    const int error = write_all(out_, text);
    if (error == EPIPE)
        gone_ = true; // as with `| head`: the reader has what it wanted
    else if (error != 0)
        state_ = fail_errno("standard output", "writing", error);
}

void Console::print(ByteSpan data) { print(to_text(data)); }

void Console::note(std::string_view text) {
    (void)write_all(err_, printable(text) + "\n"); // there is no third place to complain
}

void Console::status(std::string_view line) {
    (void)write_all(err_, "\r\033[K" + std::string(line));
}

void Console::complain(const Error& error) { note("lifeboat: " + error.text()); }

bool Console::ask(std::string_view question) {
    (void)write_all(err_, printable(question) + " [y/N] ");
    std::string answer;
    for (char c = 0; wait_for_input(in_) && ::read(in_, &c, 1) == 1 && c != '\n';)
        if (answer.size() < 16)
            answer += lower_ascii(c);
    const auto plain = trim(answer);
    return stop_requested == 0 && (plain == "y" || plain == "yes");
}

Result<Bytes> Console::read_input(std::uint64_t limit) {
    Bytes out;
    std::array<std::byte, 65536> buffer;
    for (;;) {
        if (!wait_for_input(in_))
            return fail(ErrorKind::cancelled, "standard input", "stopped while reading",
                        "nothing was written");
        const auto got = ::read(in_, buffer.data(), buffer.size());
        if (got < 0)
            return fail_errno("standard input", "reading", errno);
        if (got == 0)
            return out;
        out.insert(out.end(), buffer.begin(), buffer.begin() + got);
        if (out.size() > limit)
            return fail(ErrorKind::unsupported, "standard input",
                        "more than " + human_size(limit) + " cannot be stored in one go");
    }
}

bool Console::can_ask() const { return ::isatty(in_) == 1 && ::isatty(err_) == 1; }
bool Console::out_is_terminal() const { return ::isatty(out_) == 1; }
bool Console::err_is_terminal() const { return ::isatty(err_) == 1; }

void TerminalProgress::report(std::string_view doing, double fraction) {
    if (watch_ != nullptr)
        watch_->doing(doing);
    if (!console_.err_is_terminal())
        return;
    const auto now = std::chrono::steady_clock::now();
    if (shown_ && now - last_ < kProgressPause)
        return;
    std::string line = printable(doing);
    if (fraction >= 0 && fraction <= 1)
        line += " " + std::to_string(static_cast<int>(fraction * 100)) + "%";
    if (line == doing_)
        return;
    if (line.size() > kProgressColumns)
        line = line.substr(0, kProgressColumns - 3) + "...";
    console_.status(line);
    doing_ = line;
    last_ = now;
    shown_ = true;
}

bool TerminalProgress::cancelled() const { return !cannot_stop_ && stop_requested != 0; }

void TerminalProgress::writing(std::string_view undo_file) {
    if (watch_ != nullptr)
        watch_->writing(undo_file);
}

void TerminalProgress::written() {
    if (watch_ != nullptr)
        watch_->written();
}

void TerminalProgress::clear() {
    if (shown_)
        console_.status({});
    shown_ = false;
}

} // namespace lifeboat::cli
