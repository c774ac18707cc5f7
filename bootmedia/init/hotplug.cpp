// SPDX-License-Identifier: GPL-2.0-or-later
#include "init/hotplug.hpp"

#include "base/text.hpp"
#include "init/system.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <utility>

namespace lifeboat::bootmedia {
namespace {

constexpr int kMaxPasses = 12;
constexpr int kMaxDepth = 24; // of /sys/devices

// Graphics drivers take the screen away from the firmware's frame buffer. They are loaded last, so
// that messages stay visible, and can be left out.
constexpr std::array<std::string_view, 9> kGraphics = {
    "bochs", "cirrus", "qxl", "virtio_gpu", "vboxvideo", "hyperv_drm", "vmwgfx", "ast", "mgag200"};

std::string module_folder() {
    utsname name = {};
    uname(&name);
    return std::string("/lib/modules/") + name.release + "/";
}

ModuleIndex read_index(const std::string& folder) {
    return {read_file(folder + "modules.dep").value_or(""),
            read_file(folder + "modules.alias").value_or(""),
            read_file(folder + "modules.softdep").value_or("")};
}

bool is_graphics(std::string_view name) {
    return std::find(kGraphics.begin(), kGraphics.end(), name) != kGraphics.end();
}

// Only VMware's own hardware can be driven by vmwgfx. On QEMU's imitation the driver takes the
// frame buffer away, fails ("Hardware has no pitchlock") and leaves no screen at all.
bool is_vmware() {
    const auto vendor = read_file("/sys/class/dmi/id/sys_vendor", 256);
    return vendor && istarts_with(*vendor, "VMware");
}

// Every modalias below a directory of /sys/devices.
void collect_aliases(const std::string& path, std::set<std::string>& out, int depth) {
    if (depth > kMaxDepth)
        return;
    DIR* directory = opendir(path.c_str());
    if (directory == nullptr)
        return;
    while (const dirent* entry = readdir(directory)) {
        const std::string name = entry->d_name;
        if (entry->d_type == DT_DIR && name != "." && name != "..") {
            collect_aliases(path + "/" + name, out, depth + 1);
        } else if (entry->d_type == DT_REG && name == "modalias") {
            if (const auto text = read_file(path + "/modalias", 4096); text && !trim(*text).empty())
                out.emplace(trim(*text));
        }
    }
    closedir(directory);
}

} // namespace

Drivers::Drivers(bool allow_graphics)
    : folder_(module_folder()), index_(read_index(folder_)), allow_graphics_(allow_graphics) {
    usable_ = access((folder_ + "modules.dep").c_str(), R_OK) == 0;
    socket_ = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
    sockaddr_nl address = {};
    address.nl_family = AF_NETLINK;
    address.nl_groups = 1; // the kernel's own messages
    if (socket_ >= 0 &&
        bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        close(socket_);
        socket_ = -1;
    }
}

Drivers::~Drivers() {
    if (socket_ >= 0)
        close(socket_);
}

bool Drivers::load_file(const std::string& file) {
    if (!files_.insert(file).second)
        return false;
    const std::string path = folder_ + file;
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        note("module " + file + ": " + std::strerror(errno));
        return false;
    }
    const long result = syscall(SYS_finit_module, descriptor, "", 0);
    const int error = errno;
    close(descriptor);
    if (result != 0 && error != EEXIST) {
        // ENODEV is how a driver says that its hardware is not there after all.
        note("module " + module_name(file) + ": " + std::strerror(error));
        return false;
    }
    note("module " + module_name(file));
    ++loaded_;
    return true;
}

bool Drivers::load(const std::string& name_or_alias) {
    const auto names = index_.names_for(name_or_alias);
    bool any = false;
    for (const std::string& name : names) {
        if (is_graphics(name) &&
            (!allow_graphics_ || !graphics_now_ || (name == "vmwgfx" && !is_vmware())))
            continue;
        for (const std::string& file : index_.files_for(name))
            any = load_file(file) || any;
    }
    return any;
}

bool Drivers::pass(bool graphics) {
    if (std::exchange(graphics_now_, graphics) != graphics)
        tried_.clear();
    std::set<std::string> aliases;
    collect_aliases("/sys/devices", aliases, 0);
    bool any = false;
    for (const std::string& alias : aliases) {
        if (tried_.insert(alias).second)
            any = load(alias) || any;
    }
    return any;
}

void Drivers::load_for_all_devices() {
    for (const bool graphics : {false, true}) {
        for (int i = 0; i < kMaxPasses && pass(graphics); ++i)
            continue;
    }
    // Input devices have no modalias of a bus when they are built in; the reader of events is
    // always wanted.
    load("evdev");
}

bool Drivers::handle_events() {
    std::array<char, 16384> buffer;
    bool any = false;
    while (socket_ >= 0) {
        const ssize_t count = recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count < 0 && errno == ENOBUFS) {
            // Events were lost: look at everything again.
            tried_.clear();
            pass(graphics_now_);
            continue;
        }
        if (count <= 0)
            break;
        any = true;
        const std::string_view text(buffer.data(), static_cast<std::size_t>(count));
        bool add = false;
        std::string alias;
        for (const std::string_view word : split_nonempty(text, '\0')) {
            add = add || word == "ACTION=add";
            if (word.substr(0, 9) == "MODALIAS=")
                alias = word.substr(9);
        }
        if (add && !alias.empty())
            load(alias);
    }
    return any;
}

void Drivers::settle(int quiet_ms, int limit_ms) {
    const std::int64_t end = now_ms() + limit_ms;
    while (socket_ >= 0 && now_ms() < end) {
        pollfd wait = {socket_, POLLIN, 0};
        if (poll(&wait, 1, quiet_ms) <= 0)
            break;
        handle_events();
    }
}

int modprobe(int argc, char** argv) {
    // The kernel calls: modprobe -q -- ALIAS
    Drivers drivers(false);
    for (int i = 1; i < argc; ++i) {
        if (argv[i][0] != '-')
            drivers.load(argv[i]);
    }
    return drivers.loaded() > 0 ? 0 : 1;
}

} // namespace lifeboat::bootmedia
