// SPDX-License-Identifier: GPL-2.0-or-later
// The programs that PID 1 keeps running: the screen, and one text menu per console.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace lifeboat::bootmedia {

struct Service {
    std::string name;                   // "screen", "menu on /dev/ttyS0"
    std::vector<std::string> arguments; // the program first
    std::string terminal; // its controlling terminal; empty: none, output is kept as notes
};

class Services {
public:
    void add(Service service);
    // Starts what is due. Milliseconds until the next one is due; -1 when nothing waits.
    int start_due();
    // To be told of every child that ended.
    void ended(pid_t pid, int status);
    // Descriptors with output of services that have no terminal, for poll(2).
    [[nodiscard]] std::vector<int> descriptors() const;
    // Keeps what such a service has written.
    void read_output(int descriptor);

private:
    struct Running {
        Service service;
        pid_t pid = 0;
        int output = -1;
        std::string line; // not yet ended by a newline
        std::int64_t started = 0;
        std::int64_t due = 0;
        int crashes = 0; // in a row, each soon after the start
        bool given_up = false;
    };
    void start(Running& running);
    std::vector<Running> all_;
};

// Runs a program, with standard output going to `output_path`, and waits. Exit code; 128 + signal
// when it was killed; -1 when it could not be started.
[[nodiscard]] int run_and_wait(const std::vector<std::string>& arguments,
                               const std::string& output_path);

} // namespace lifeboat::bootmedia
