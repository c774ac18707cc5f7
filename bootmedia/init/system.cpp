// SPDX-License-Identifier: GPL-2.0-or-later
#include "init/system.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lifeboat::bootmedia {
namespace {

constexpr auto kMessages = "/run/lifeboat/messages";
constexpr off_t kMessagesLimit = 1 << 20; // the log lives in memory

// Where messages go; PID 1 is one thread.
std::vector<std::string>& said_on() {
    static std::vector<std::string> consoles;
    return consoles;
}
int& log_port() {
    static int descriptor = -1;
    return descriptor;
}

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void mount_one(const char* what, const char* where, const char* type, unsigned long flags,
               const char* options) {
    mkdir(where, 0755);
    if (mount(what, where, type, flags, options) != 0 && errno != EBUSY)
        say(std::string("could not mount ") + where + ": " + std::strerror(errno));
}

} // namespace

std::optional<std::string> read_file(const std::string& path, std::size_t limit) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return std::nullopt;
    std::string text;
    std::array<char, 65536> buffer;
    ssize_t count = 0;
    while (text.size() < limit && (count = read(descriptor, buffer.data(), buffer.size())) > 0)
        text.append(buffer.data(), static_cast<std::size_t>(count));
    close(descriptor);
    if (count < 0)
        return std::nullopt;
    return text;
}

bool write_to(const std::string& path, std::string_view text) {
    const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0)
        return false;
    const bool done = write_all(descriptor, text);
    close(descriptor);
    return done;
}

std::vector<std::string> list_directory(const std::string& path) {
    std::vector<std::string> names;
    DIR* directory = opendir(path.c_str());
    if (directory == nullptr)
        return names;
    while (const dirent* entry = readdir(directory)) {
        if (entry->d_name[0] != '.')
            names.emplace_back(entry->d_name);
    }
    closedir(directory);
    std::sort(names.begin(), names.end());
    return names;
}

void mount_everything() {
    constexpr unsigned long kPlain = MS_NOSUID | MS_NOEXEC | MS_NODEV;
    mount_one("proc", "/proc", "proc", kPlain, nullptr);
    mount_one("sysfs", "/sys", "sysfs", kPlain, nullptr);
    mount_one("securityfs", "/sys/kernel/security", "securityfs", kPlain, nullptr);
    mount_one("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755");
    mount_one("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666");
    mount_one("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
    mount_one("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755");
    mount_one("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
    mkdir("/run/lifeboat", 0755);
    if (symlink("/proc/self/fd", "/dev/fd") != 0 && errno != EEXIST)
        say("could not make /dev/fd");
}

void note(std::string_view text) {
    const std::string line = std::string(text) + "\n";
    const int descriptor =
        open(kMessages, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (descriptor >= 0) {
        struct stat status = {};
        if (fstat(descriptor, &status) == 0 && status.st_size < kMessagesLimit)
            write_all(descriptor, line);
        close(descriptor);
    }
    // The host may not be listening; then the port is full at some time and lines are dropped.
    if (log_port() >= 0)
        write_all(log_port(), line);
}

void say(std::string_view text) {
    const std::string line = "lifeboat: " + std::string(text) + "\r\n";
    if (said_on().empty())
        write_to("/dev/console", line);
    for (const std::string& console : said_on())
        write_to(console, line);
    note(text);
}

void set_said_on(std::vector<std::string> consoles) { said_on() = std::move(consoles); }

void set_log_port(const std::string& device) {
    if (log_port() >= 0)
        return;
    log_port() = open(device.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    if (const auto earlier = read_file(kMessages); earlier && log_port() >= 0)
        write_all(log_port(), *earlier);
}

std::int64_t now_ms() {
    timespec time = {};
    clock_gettime(CLOCK_BOOTTIME, &time);
    return static_cast<std::int64_t>(time.tv_sec) * 1000 + time.tv_nsec / 1000000;
}

void end_system(End end) {
    kill(-1, SIGTERM);
    const std::int64_t deadline = now_ms() + 2000;
    while (now_ms() < deadline && waitpid(-1, nullptr, WNOHANG) >= 0)
        usleep(50000);
    kill(-1, SIGKILL);
    sync();
    // The value for halting is above INT_MAX; the system call takes the same bits.
    const auto how = end == End::reboot ? RB_AUTOBOOT
                     : end == End::halt ? RB_HALT_SYSTEM
                                        : static_cast<unsigned>(RB_POWER_OFF);
    reboot(static_cast<int>(how));
    // A machine that cannot switch itself off comes here.
    say("this machine does not switch itself off; you can do it now");
    for (;;)
        pause();
}

} // namespace lifeboat::bootmedia
