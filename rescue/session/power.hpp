// SPDX-License-Identifier: GPL-2.0-or-later
// Restarting the machine is the business of PID 1, and only when that is the rescue medium's own.
#pragma once

namespace lifeboat::session {

enum class MachinePower { restart, power_off };

// True when PID 1 is the rescue medium's and has started this program.
[[nodiscard]] bool can_power();
// Asks PID 1, with the signals that busybox's reboot and poweroff send. Only when can_power().
void ask_for(MachinePower power);

} // namespace lifeboat::session
