// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/power.hpp"

#include <array>
#include <csignal>
#include <string_view>
#include <unistd.h>

namespace lifeboat::session {

bool can_power() {
    std::array<char, 64> path{};
    const auto length = readlink("/proc/1/exe", path.data(), path.size() - 1);
    return getppid() == 1 && length > 0 && std::string_view(path.data()) == "/init";
}

void ask_for(MachinePower power) { kill(1, power == MachinePower::restart ? SIGTERM : SIGUSR2); }

} // namespace lifeboat::session
