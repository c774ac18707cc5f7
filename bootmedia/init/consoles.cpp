// SPDX-License-Identifier: GPL-2.0-or-later
#include "init/consoles.hpp"

#include "base/medium.hpp"
#include "base/text.hpp"
#include "init/system.hpp"

#include <fcntl.h>
#include <linux/serial.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace lifeboat::bootmedia {
namespace {

constexpr auto kVirtioPorts = "/sys/class/virtio-ports";

// A device node is not enough: the kernel makes ttyS0..3 and hvc0..7 whether they exist or not.
bool answers(const std::string& device) {
    const int descriptor = open(device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    termios settings = {};
    bool good = tcgetattr(descriptor, &settings) == 0;
    serial_struct port = {};
    if (good && device.find("ttyS") != std::string::npos)
        good = ioctl(descriptor, TIOCGSERIAL, &port) == 0 && port.type != PORT_UNKNOWN;
    close(descriptor);
    return good;
}

} // namespace

std::vector<std::string> serial_consoles() {
    std::vector<std::string> found;
    for (const char* name : {"ttyS0", "ttyS1", "ttyS2", "ttyS3", "hvc0"}) {
        const std::string device = std::string("/dev/") + name;
        if (answers(device))
            found.push_back(device);
    }
    return found;
}

std::optional<std::string> first_screen() {
    const std::string device = "/dev/tty1";
    if (!answers(device))
        return std::nullopt;
    return device;
}

std::optional<std::string> host_port(const std::string& name) {
    for (const std::string& port : list_directory(kVirtioPorts)) {
        const auto text = read_file(std::string(kVirtioPorts) + "/" + port + "/name", 256);
        if (text && trim(*text) == name)
            return "/dev/" + port;
    }
    return std::nullopt;
}

std::vector<std::string> guest_disks() {
    std::vector<std::string> disks;
    for (const std::string& name : list_directory("/sys/class/block")) {
        const std::string folder = "/sys/class/block/" + name;
        const auto size = read_file(folder + "/size", 64);
        bool skip = access((folder + "/partition").c_str(), F_OK) == 0;
        for (const std::string_view prefix :
             {"loop", "ram", "zram", "sr", "fd", "dm-", "md", "nbd"})
            skip = skip || name.substr(0, prefix.size()) == prefix;
        if (skip || !size || trim(*size) == "0" || is_rescue_medium("/dev/" + name))
            continue;
        disks.push_back("/dev/" + name);
    }
    return disks;
}

} // namespace lifeboat::bootmedia
