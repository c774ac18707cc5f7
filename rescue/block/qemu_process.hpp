// SPDX-License-Identifier: GPL-2.0-or-later
// One qemu-nbd of our own: started without a shell, with nothing inherited but what is named here,
// serving exactly one client over a socket nobody else can reach. The only program that rescue/
// runs: QEMU's disk formats exist nowhere else in a kept form.
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace lifeboat::block {

class QemuProcess {
public:
    // `program` is an absolute path. It ends when its client does, and with the thread that
    // started it. Error `io`.
    [[nodiscard]] static Result<QemuProcess> start(const std::string& program,
                                                   const std::vector<std::string>& arguments);
    ~QemuProcess(); // waits for its end: it may still be writing; ends it when it hangs
    QemuProcess(QemuProcess&& other) noexcept;
    QemuProcess& operator=(QemuProcess&&) = delete;

    [[nodiscard]] int take_socket(); // connected to the server; the caller closes it
    // What it said on its error output so far, cleaned up for people; at most a few lines.
    [[nodiscard]] std::string said() const;
    // Gives it so long to end by itself; true when it has ended.
    [[nodiscard]] bool wait(int milliseconds);
    [[nodiscard]] int id() const { return process_; }

private:
    QemuProcess() = default;
    int process_ = -1;
    int socket_ = -1;
    int output_ = -1;
};

// Closes every descriptor of this process from `first` on; safe after a fork.
void close_all_from(int first);

// The absolute path of `program` in the absolute folders of `path` (as in $PATH); empty when it is
// not there.
[[nodiscard]] std::string find_program(const std::string& program, const char* path);

} // namespace lifeboat::block
