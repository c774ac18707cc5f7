// SPDX-License-Identifier: GPL-2.0-or-later
#include "gui/platform.hpp"

#include <fcntl.h>
#include <linux/kd.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace lifeboat::gui {

Terminal::Terminal(const std::string& path)
    : fd_(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0)
        return;
    if (ioctl(fd_, KDGETMODE, &mode_) != 0 || ioctl(fd_, KDGKBMODE, &keyboard_) != 0) {
        close(fd_); // not a virtual terminal
        fd_ = -1;
        return;
    }
    ioctl(fd_, KDSKBMODE, K_OFF);
    ioctl(fd_, KDSETMODE, KD_GRAPHICS);
}

Terminal::~Terminal() {
    if (fd_ < 0)
        return;
    ioctl(fd_, KDSETMODE, mode_);
    ioctl(fd_, KDSKBMODE, keyboard_);
    close(fd_);
}

} // namespace lifeboat::gui
