// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel's command line asks of PID 1. Words that do not begin with "lifeboat." are the
// kernel's own, "nomodeset" excepted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::bootmedia {

struct Options {
    // lifeboat.run=VERB: do one thing without a person, report, and power off.
    std::optional<std::string> run;
    // lifeboat.shell: a shell on the consoles in place of the menus.
    bool shell = false;
    // lifeboat.text: no screen program, the text menu on the first console too.
    bool text = false;
    // nomodeset or lifeboat.safe: no graphics driver; the firmware's frame buffer is used.
    bool no_graphics_drivers = false;
    // Words of ours that we do not know; said to the person, never fatal.
    std::vector<std::string> unknown;
};

[[nodiscard]] Options parse_command_line(std::string_view command_line);

// The arguments of /bin/lifeboat for one verb of lifeboat.run, before the disks: a fixed list, so
// that a boot entry can never run an arbitrary command. Nothing for a verb that is not on it.
struct Verb {
    std::vector<std::string> arguments;
    bool writes = false; // keeps an undo file, which is handed to the host
};
[[nodiscard]] std::optional<Verb> verb_arguments(std::string_view verb);

} // namespace lifeboat::bootmedia
