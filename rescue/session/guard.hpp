// SPDX-License-Identifier: GPL-2.0-or-later
// Guest data is hostile: what parses it runs in a child process that can do little else. No new
// privileges, no network, no other program, no file but those named, limited memory and time. When
// it dies or runs into a limit, that is an answer, and no disk is lost. docs/safety.md explains
// what is in force on which kernel.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::session {

struct GuardLimits {
    std::uint64_t memory = 4ULL << 30; // address space, bytes; 0: none
    unsigned cpu_seconds = 900;        // 0: none
};

// What the child has told about itself, in memory that outlives it.
class Watch {
public:
    void doing(std::string_view what); // "reading disk 1, partition 2"
    // Between the first and the last write to a disk.
    void writing(std::string_view undo_file);
    void written();

private:
    friend struct GuardAccess;
    struct Page;
    explicit Watch(Page* page) : page_(page) {}
    Page* page_;
};

struct Ended {
    int exit_code = 0;
    std::optional<Error> died; // when it did not end by itself
};

// Runs `work` in a child and waits. Signals to this process that ask to stop are passed on.
[[nodiscard]] Ended run_guarded(const GuardLimits& limits,
                                const std::function<int(Watch& watch)>& work);

struct GuardPaths {
    std::vector<std::string> readable;    // files and directories
    std::vector<std::string> writable;    // files that may also be written
    std::vector<std::string> directories; // where new files may be made
};

struct Restricted {
    bool files = false; // only the named paths can be opened (Landlock, Linux 5.13 and later)
    bool calls = false; // only harmless system calls (seccomp)
};

// Takes from this process, for good, what parsing needs not. What the kernel does not offer is
// left out and said so in the answer.
[[nodiscard]] Restricted restrict_process(const GuardPaths& paths);

} // namespace lifeboat::session
