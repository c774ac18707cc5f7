// SPDX-License-Identifier: GPL-2.0-or-later
// What lifeboat-screen tells the program that started it (on the rescue medium: PID 1).
#pragma once

namespace lifeboat::gui {

inline constexpr int kExitClosed = 0;    // ended as asked (SIGTERM, --screenshot)
inline constexpr int kExitUsage = 2;     // the arguments make no sense
inline constexpr int kExitNoDisplay = 3; // there is no screen: go on with the serial consoles
inline constexpr int kExitTrouble = 4;   // could not go on; starting it again may help

} // namespace lifeboat::gui
