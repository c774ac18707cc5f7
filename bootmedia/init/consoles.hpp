// SPDX-License-Identifier: GPL-2.0-or-later
// Which terminals a person may sit at, and which channels lead to the host.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace lifeboat::bootmedia {

// Serial and hypervisor consoles that really exist, as "/dev/ttyS0", "/dev/hvc0", ...
[[nodiscard]] std::vector<std::string> serial_consoles();

// The first virtual terminal, when the kernel has one ("/dev/tty1").
[[nodiscard]] std::optional<std::string> first_screen();

// The device of the virtio-serial port that the host gave this name, "/dev/vport1p1".
[[nodiscard]] std::optional<std::string> host_port(const std::string& name);

// Disks that may hold a guest, as "/dev/vda": no CD drives, no loop or RAM disks, none without a
// medium, and not the medium that we were started from.
[[nodiscard]] std::vector<std::string> guest_disks();

} // namespace lifeboat::bootmedia
