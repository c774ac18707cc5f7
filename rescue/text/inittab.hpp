// SPDX-License-Identifier: GPL-2.0-or-later
// /etc/inittab of sysvinit (inittab(5): id:runlevels:action:process, ids of at most four
// characters) and of busybox (the id is the terminal): who may log in where.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::text {

struct InittabEntry {
    std::size_t line = 0; // index, from 0
    bool commented = false;
    std::string id, levels, action, process;
    // Of a getty: "tty1", "ttyS0", "hvc0", "console"; empty for any other process.
    std::string terminal;
};

// Entries and commented-out entries, in file order.
[[nodiscard]] std::vector<InittabEntry> inittab_entries(std::string_view file);

// Which terminals get a login.
struct Logins {
    std::vector<std::string> xen; // hvc0, xvc0, ...
    bool serial = false;          // ttyS0, or whatever /dev/console is
    bool screen = false;          // a virtual terminal
    [[nodiscard]] bool any() const { return serial || screen; }
};
[[nodiscard]] Logins inittab_logins(std::string_view file);

// How this distribution writes a serial login.
struct SerialLogin {
    std::string id = "S0"; // when no line can be turned into one
    std::string levels = "2345";
    std::string program = "/sbin/getty";
    std::string terminal_type = "vt102";
    bool busybox = false;    // the id names the terminal
    bool stock_line = false; // the distribution ships a commented line that is good to use
};

// `file` with a login on ttyS0 and none on Xen's consoles; the same bytes when that is so already.
[[nodiscard]] std::string with_serial_login(std::string_view file, const SerialLogin& how);

// hvc0, xvc0 and their numbered sisters.
[[nodiscard]] bool is_xen_terminal(std::string_view terminal);

} // namespace lifeboat::text
