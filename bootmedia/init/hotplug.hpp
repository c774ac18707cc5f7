// SPDX-License-Identifier: GPL-2.0-or-later
// Loads the drivers of the devices that are there (coldplug) and of those that appear later
// (hotplug). Neither udev nor kmod is needed.
#pragma once

#include "init/modules.hpp"

#include <set>
#include <string>

namespace lifeboat::bootmedia {

class Drivers {
public:
    // `allow_graphics` false leaves every graphics driver out (the frame buffer of the firmware
    // stays).
    explicit Drivers(bool allow_graphics);
    ~Drivers();
    Drivers(const Drivers&) = delete;
    Drivers& operator=(const Drivers&) = delete;

    // Passes over all devices until nothing new is loaded: first without graphics drivers, then
    // with.
    void load_for_all_devices();
    // Loads for one modalias or module name; true when something new was loaded.
    bool load(const std::string& name_or_alias);
    // The kernel's event socket, for poll(2); -1 when there is none.
    [[nodiscard]] int descriptor() const { return socket_; }
    // Reads waiting events and loads what they ask for; true when there was an event.
    bool handle_events();
    // Handles events until none came for `quiet_ms`, at most `limit_ms`.
    void settle(int quiet_ms, int limit_ms);
    [[nodiscard]] std::size_t loaded() const { return loaded_; }
    [[nodiscard]] bool usable() const { return usable_; }

private:
    bool load_file(const std::string& file);
    bool pass(bool graphics);

    std::string folder_; // /lib/modules/RELEASE/
    bool usable_ = false;
    ModuleIndex index_;
    bool allow_graphics_;
    bool graphics_now_ = false;
    std::set<std::string> tried_; // aliases that were looked up in this pass's mode
    std::set<std::string> files_; // module files that are loaded, or failed
    std::size_t loaded_ = 0;
    int socket_ = -1;
};

// For the kernel's own requests: PID 1's program is also /sbin/modprobe. Exit code.
[[nodiscard]] int modprobe(int argc, char** argv);

} // namespace lifeboat::bootmedia
