// SPDX-License-Identifier: GPL-2.0-or-later
// A virtual machine for tests: starts QEMU, presses keys, looks at its screen, reads its channels.
// Only one runs at a time on a host, because without KVM each one takes a whole processor.
#pragma once

#include "support/tools.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace lifeboat::test {

// A picture of the machine's screen.
struct Screen {
    int width = 0;
    int height = 0;
    std::string rgb; // three bytes per pixel
    // The colour 0xrrggbb at a place inside.
    [[nodiscard]] std::uint32_t at(int x, int y) const;
    // How many different colours there are, counted up to `limit`.
    [[nodiscard]] std::size_t colours(std::size_t limit) const;
};

class Machine {
public:
    // Starts QEMU with 768 MiB, KVM where it works, no network, and these arguments. The serial
    // port and the virtio ports org.lifeboat.0, .undo and .log are written to files in `folder`.
    Machine(const TempDir& folder, std::vector<std::string> arguments);
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    // What was written so far to "serial", "result", "undo" or "log".
    [[nodiscard]] std::string said_on(std::string_view channel) const;
    // Waits until `text` comes at or after `from` in a channel; its offset, or nothing when the
    // time was over or the machine ended.
    [[nodiscard]] std::optional<std::size_t> wait_for(std::string_view channel,
                                                      std::string_view text, int seconds,
                                                      std::size_t from = 0) const;
    // Waits until the machine has switched itself off.
    [[nodiscard]] bool wait_for_end(int seconds);
    // Presses keys one after the other; names as in QEMU's QKeyCode: "ret", "tab", "down", "f2".
    void press(const std::vector<std::string>& keys);
    // Types on the serial line.
    void type_on_serial(std::string_view text) const;
    [[nodiscard]] Screen screen();
    // Keeps the picture as a PPM file.
    void save_screen(const std::string& path);

private:
    std::string command(const std::string& json);
    [[nodiscard]] bool ended();

    const TempDir& folder_;
    int lock_ = -1;
    int qmp_ = -1;
    int serial_ = -1;
    std::thread serial_reader_;
    pid_t pid_ = 0;
    std::string pending_; // read from QMP, not yet used
};

} // namespace lifeboat::test
