// SPDX-License-Identifier: GPL-2.0-or-later
// PID 1 of the rescue environment. It mounts what programs expect, loads drivers, starts the screen
// and a text menu on every console, collects dead children, and switches the machine off.
//
// Signals are those that busybox's commands send: SIGTERM restarts, SIGUSR2 switches off, SIGUSR1
// halts; Ctrl-Alt-Del (SIGINT) restarts.
#include "fs/kernel.hpp"
#include "init/consoles.hpp"
#include "init/headless.hpp"
#include "init/health.hpp"
#include "init/hotplug.hpp"
#include "init/options.hpp"
#include "init/services.hpp"
#include "init/system.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <iostream>
#include <poll.h>
#include <string>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lifeboat::bootmedia {
namespace {

constexpr auto kScreen = "/bin/lifeboat-screen";
constexpr auto kCommand = "/bin/lifeboat";
constexpr auto kShell = "/bin/busybox";

int block_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP})
        sigaddset(&set, number);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    reboot(RB_DISABLE_CAD); // Ctrl-Alt-Del becomes SIGINT for us
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void handle_signals(int descriptor, Services& services) {
    signalfd_siginfo info = {};
    while (read(descriptor, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        switch (static_cast<int>(info.ssi_signo)) {
        case SIGTERM:
        case SIGINT: say("restarting"); end_system(End::reboot);
        case SIGUSR2: say("switching off"); end_system(End::power_off);
        case SIGUSR1: end_system(End::halt);
        default: break;
        }
    }
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        services.ended(pid, status);
}

bool runnable(const char* program) { return access(program, X_OK) == 0; }

void plan_services(const Options& options, bool whole, Services& services) {
    const bool shell = options.shell || !whole || !runnable(kCommand);
    const std::vector<std::string> menu = shell ? std::vector<std::string>{kShell, "sh", "-l"}
                                                : std::vector<std::string>{kCommand, "menu"};
    const std::string what = shell ? "shell on " : "menu on ";
    for (const std::string& console : serial_consoles())
        services.add({what + console, menu, console});
    const bool screen = !shell && !options.text && runnable(kScreen);
    if (screen)
        services.add({"screen", {kScreen}, ""});
    else if (const auto terminal = first_screen())
        services.add({what + *terminal, menu, *terminal});
}

[[noreturn]] void serve(int signals, Drivers& drivers, Services& services) {
    for (;;) {
        const int wait = services.start_due();
        std::vector<pollfd> polls = {{signals, POLLIN, 0}, {drivers.descriptor(), POLLIN, 0}};
        for (const int output : services.descriptors())
            polls.push_back({output, POLLIN, 0});
        poll(polls.data(), polls.size(), wait);
        for (std::size_t i = 2; i < polls.size(); ++i) {
            if (polls[i].revents != 0)
                services.read_output(polls[i].fd);
        }
        drivers.handle_events();
        handle_signals(signals, services);
    }
}

// Here, and only here, the kernel may mount what it finds on a guest's disks (fs/kernel.hpp).
void offer_kernel_filesystems(Drivers& drivers) {
    drivers.load("nbd"); // no device asks for it
    if (access("/sys/block/nbd0", F_OK) != 0)
        return note("no nbd driver: XFS and Btrfs cannot be read");
    const int marker = open(fs::kKernelFilesystemsMarker, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (marker >= 0)
        close(marker);
}

void find_consoles() {
    auto consoles = serial_consoles();
    if (const auto screen = first_screen())
        consoles.push_back(*screen);
    set_said_on(std::move(consoles));
}

[[noreturn]] void run() {
    const int signals = block_signals();
    mount_everything();
    setenv("PATH", "/bin:/sbin", 1);
    setenv("HOME", "/", 1);
    find_consoles();
    const Options options = parse_command_line(read_file("/proc/cmdline").value_or(""));
    for (const std::string& word : options.unknown)
        say("this word of the boot entry is not known: " + word);

    // Without a person nobody looks at a screen.
    Drivers drivers(!options.no_graphics_drivers && !options.run);
    const auto wrong = what_is_wrong(memory_mib(read_file("/proc/meminfo").value_or("")),
                                     access("/lifeboat.complete", F_OK) == 0, drivers.usable());
    if (wrong)
        say(*wrong);
    else
        say("looking for disks and consoles");
    drivers.load_for_all_devices();
    offer_kernel_filesystems(drivers);
    drivers.settle(options.run ? 1500 : 500, 15000);
    find_consoles();
    if (const auto port = host_port(kLogPort))
        set_log_port(*port);
    // "[none] integrity confidentiality" without Secure Boot.
    const auto lockdown = read_file("/sys/kernel/security/lockdown", 200);
    if (lockdown && lockdown->find("[none]") == std::string::npos)
        say("Secure Boot is on, and this kernel knows it");
    say(std::to_string(drivers.loaded()) + " drivers loaded, " +
        std::to_string(guest_disks().size()) + " disk(s) found");

    if (options.run) {
        run_without_person(*options.run);
        end_system(End::power_off);
    }
    Services services;
    plan_services(options, !wrong, services);
    serve(signals, drivers, services);
}

} // namespace
} // namespace lifeboat::bootmedia

int main(int argc, char** argv) {
    const std::string_view name = argc > 0 ? argv[0] : "";
    if (name.size() >= 8 && name.substr(name.size() - 8) == "modprobe")
        return lifeboat::bootmedia::modprobe(argc, argv);
    if (getpid() != 1) {
        std::cerr << "lifeboat-init: this is the first process of the rescue environment, not a "
                     "program to start by hand\n";
        return 2;
    }
    lifeboat::bootmedia::run();
}
