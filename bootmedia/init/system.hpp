// SPDX-License-Identifier: GPL-2.0-or-later
// Small things that PID 1 asks of the kernel, and the one place where it says something.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::bootmedia {

// The contents of a file, at most `limit` bytes; nothing when it cannot be read.
[[nodiscard]] std::optional<std::string> read_file(const std::string& path,
                                                   std::size_t limit = 16U << 20);
// Writes all of `text` to an existing file or device; false when that failed.
bool write_to(const std::string& path, std::string_view text);
// Names in a directory, sorted; empty when there is none.
[[nodiscard]] std::vector<std::string> list_directory(const std::string& path);

// /proc, /sys, /dev and what else programs expect. Says what could not be mounted.
void mount_everything();

// Tells the person on every console that is known so far, and keeps the line in
// /run/lifeboat/messages and on the host's log port (hostport.hpp).
void say(std::string_view text);
// The same, but only kept; not shown on consoles.
void note(std::string_view text);
// Consoles that say() writes to, besides /dev/console: set once they are found.
void set_said_on(std::vector<std::string> consoles);
// A device that gets a copy of every message and note.
void set_log_port(const std::string& device);

// Milliseconds since boot.
[[nodiscard]] std::int64_t now_ms();

enum class End { power_off, reboot, halt };
// Ends all processes, flushes the disks and does not return.
[[noreturn]] void end_system(End end);

} // namespace lifeboat::bootmedia
