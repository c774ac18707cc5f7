// SPDX-License-Identifier: GPL-2.0-or-later
// lifeboat-screen: Lifeboat on the rescue console. PID 1 starts it without arguments and keeps what
// it prints as notes; the same lines tell a test driver what the screen shows (docs/testing.md).
#include "gui/app.hpp"
#include "gui/arguments.hpp"
#include "gui/exit_code.hpp"
#include "gui/platform.hpp"

#include "base/text.hpp"
#include "session/guarded_engine.hpp"
#include "session/power.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <iostream>
#include <thread>

using namespace lifeboat;
using namespace lifeboat::gui;

namespace {

volatile std::sig_atomic_t stop_asked = 0;

// Lines for the log and for a test driver. A full pipe loses lines; the screen goes on.
class Lines {
public:
    explicit Lines(const std::string& path) {
        if (!path.empty())
            fd_ = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC, 0600);
    }
    ~Lines() {
        if (fd_ >= 0)
            close(fd_);
    }
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;

    void say(const std::string& line) const {
        write_all(STDOUT_FILENO, line + "\n");
        if (fd_ >= 0)
            write_all(fd_, "screen: " + line + "\n");
    }

private:
    static void write_all(int fd, const std::string& text) {
        [[maybe_unused]] const auto written = write(fd, text.data(), text.size());
    }
    int fd_ = -1;
};

class Wake {
public:
    Wake() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
    ~Wake() { close(fd_); }
    Wake(const Wake&) = delete;
    Wake& operator=(const Wake&) = delete;
    void signal() const {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = write(fd_, &one, sizeof(one));
    }
    void clear() const {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto got = read(fd_, &count, sizeof(count));
    }
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

// Sleeps until input, the worker or a signal; not at all when a frame is wanted.
void wait_for(const Input* input, const Wake& wake, bool frame_wanted) {
    constexpr int kIdleMs = 10000; // a signal just before poll() is noticed then
    std::vector<pollfd> polls = {{wake.get(), POLLIN, 0}};
    if (input)
        for (const int fd : input->descriptors())
            polls.push_back({fd, POLLIN, 0});
    poll(polls.data(), polls.size(), frame_wanted ? 0 : kIdleMs);
    wake.clear();
}

class Clock {
public:
    double lap() {
        const auto now = std::chrono::steady_clock::now();
        const std::chrono::duration<double> gone = now - last_;
        last_ = now;
        return gone.count();
    }

private:
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

int trouble(const Error& error, int code) {
    std::cerr << "lifeboat-screen: " << error.text() << "\n";
    return code;
}

int take_screenshot(const Arguments& arguments, App& app, Wake& wake) {
    auto painter = Painter::make(arguments.width, arguments.height);
    if (!painter)
        return trouble(painter.error(), kExitTrouble);
    app.start();
    while (app.model().work != Work::none) {
        wait_for(nullptr, wake, false);
        app.collect();
    }
    constexpr int kFrames = 8; // more than any page needs to settle
    for (int i = 0; i < kFrames; ++i) {
        app.frame(static_cast<float>(arguments.width), static_cast<float>(arguments.height), 0.02);
        [[maybe_unused]] const auto rows = (*painter)->paint();
    }
    if (const auto saved = save_ppm((*painter)->picture(), arguments.screenshot); !saved)
        return trouble(saved.error(), kExitTrouble);
    return kExitClosed;
}

int run_console(const Arguments& arguments, App& app, Wake& wake, const Lines& lines) {
    auto screen = open_screen(arguments.wait_seconds * 1000);
    if (!screen)
        return trouble(screen.error(), kExitNoDisplay);
    const int width = (*screen)->width();
    const int height = (*screen)->height();
    auto painter = Painter::make(width, height);
    if (!painter)
        return trouble(painter.error(), kExitTrouble);
    const Terminal terminal;
    const auto input = Input::open(width, height);
    Clock clock;
    bool first = true;
    bool power_asked = false;
    app.start();
    while (stop_asked == 0) {
        for (const auto& event : input->read())
            app.ui().feed(event);
        app.collect();
        if (app.wants_frame()) {
            app.frame(static_cast<float>(width), static_cast<float>(height), clock.lap());
            const auto rows = (*painter)->paint();
            (*screen)->show((*painter)->picture(), rows);
        }
        if (std::exchange(first, false))
            lines.say("first frame " + std::to_string(width) + "x" + std::to_string(height) + " " +
                      printable((*screen)->name()));
        for (const auto& device : input->new_devices())
            lines.say("input " + printable(device));
        if (app.model().power != Power::none && !std::exchange(power_asked, true))
            session::ask_for(app.model().power == Power::reboot ? session::MachinePower::restart
                                                                : session::MachinePower::power_off);
        wait_for(input.get(), wake, app.wants_frame());
    }
    return kExitClosed;
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    const auto arguments = parse_arguments(words);
    if (!arguments)
        return trouble(arguments.error(), kExitUsage);
    if (arguments->help) {
        std::cout << help_text();
        return kExitClosed;
    }
    struct sigaction action {};
    action.sa_handler = [](int) { stop_asked = 1; };
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
        sigaction(number, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);

    const Lines lines(arguments->markers);
    Wake wake;
    // Before any thread starts, and before the screen and the input are opened.
    const auto engine = session::make_guarded_engine(arguments->disks, arguments->undo_folder);
    if (!engine)
        return trouble(engine.error(), kExitTrouble);
    App app(
        **engine, [&wake] { wake.signal(); }, session::can_power(),
        [&lines](const std::string& line) { lines.say(line); });
    if (arguments->high_contrast)
        app.handle({Do::contrast, {}, 0, false});
    return arguments->screenshot.empty() ? run_console(*arguments, app, wake, lines)
                                         : take_screenshot(*arguments, app, wake);
}
