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
    // Address space, bytes; 0: none. Not in builds with the address sanitizer, which maps
    // terabytes.
    std::uint64_t memory = 4ULL << 30;
    unsigned cpu_seconds = 900; // 0: none
};

// What the child has told about itself, in memory that outlives it.
class Watch {
public:
    void doing(std::string_view what); // "reading disk 1, partition 2"
    // Between the first and the last write to a disk. The limit of time ends here: a commit must
    // not be cut off.
    void writing(std::string_view undo_file);
    void written();
    // A child that does one thing after the other: the limit of time begins anew.
    void next_task(const GuardLimits& limits);

private:
    friend struct GuardAccess;
    struct Page;
    explicit Watch(Page* page) : page_(page) {}
    Page* page_;
};

struct Ended {
    int exit_code = 0;         // when it died: 4, or 1 when all writing was done by then
    std::optional<Error> died; // when it did not end by itself
    bool began_writing = false;
};

// Runs `work` in a child and waits. Signals to this process that ask to stop are passed on.
[[nodiscard]] Ended run_guarded(const GuardLimits& limits,
                                const std::function<int(Watch& watch)>& work);

struct GuardPaths {
    std::vector<std::string> readable; // files and directories
    std::vector<std::string> writable; // files that may also be written
    // Where new files may be made and written, at any depth. What is there already can neither be
    // read (unless it is also `readable`) nor changed nor removed.
    std::vector<std::string> directories;
};

struct Restricted {
    bool files = false; // only the named paths can be opened (Landlock, Linux 5.13 and later)
    bool calls = false; // only harmless system calls, with harmless arguments (seccomp)
};

// Takes from this process, for good, what parsing needs not. What the kernel does not offer is
// left out and said so in the answer.
[[nodiscard]] Restricted restrict_process(const GuardPaths& paths);

} // namespace lifeboat::session
