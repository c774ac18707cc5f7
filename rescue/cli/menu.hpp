// SPDX-License-Identifier: GPL-2.0-or-later
// Lifeboat as questions and answers, line by line: for serial consoles and dumb terminals, and for
// people whose screen reader cannot see the graphical screen. It can do all that the screen can.
#pragma once

#include "session/engine.hpp"
#include "session/guard.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lifeboat::cli {

// Where the person is.
class MenuTerminal {
public:
    virtual ~MenuTerminal() = default;
    virtual void write(std::string_view text) = 0;
    // One line without its end; nothing at the end of the input.
    [[nodiscard]] virtual std::optional<std::string> read_line() = 0;
};

// The terminal of two descriptors.
[[nodiscard]] std::unique_ptr<MenuTerminal> make_menu_terminal(int in, int out);

struct MenuOptions {
    std::size_t rows = 24, columns = 80;
    std::function<bool()> cancelled; // the person asks to stop (Ctrl-C); may be empty
    std::function<void()> restart;   // of the machine; empty: not offered
    std::function<void()> power_off; // the same
    bool undo_is_in_memory = false;  // said before something is written
    session::Watch* watch = nullptr; // told what is being done; may be null
};

// Until the person leaves, or the input ends. Nothing is written to a disk without a preview and
// the typed word "apply". Returns the exit code of the command (docs/json.md): 0, or 4 when the
// last thing that was tried failed.
[[nodiscard]] int run_menu(session::Engine& engine, MenuTerminal& terminal,
                           const MenuOptions& options);

// What `lifeboat menu [DISK...]` does: all of the above with standard input and output, the disks
// of this machine when none is named, and restart and power off when the machine is `ours`: on the
// rescue medium (session::can_power).
[[nodiscard]] int run_menu(const std::vector<std::string>& disks, const session::Options& options,
                           bool ours, session::Watch& watch,
                           const std::function<bool()>& cancelled);
// Where it keeps undo files.
[[nodiscard]] std::string menu_undo_folder(bool ours);

} // namespace lifeboat::cli
