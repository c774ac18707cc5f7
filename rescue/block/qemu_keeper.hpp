// SPDX-License-Identifier: GPL-2.0-or-later
// A small process of our own that starts qemu-nbd for one disk, whenever it is asked to. It is made
// when the disk is opened; afterwards this process may give up the right to start programs and to
// open files, and can still get a connection that writes. It serves nothing but that one disk.
#pragma once

#include "block/qemu.hpp"

#include <string>

namespace lifeboat::block {

class QemuKeeper {
public:
    [[nodiscard]] static Result<QemuKeeper> start(const QemuDisk& disk);
    ~QemuKeeper(); // the keeper ends, and its server with it
    // `control`: what release() of one in another process gave.
    explicit QemuKeeper(int control) : control_(control) {}
    QemuKeeper(QemuKeeper&& other) noexcept;
    QemuKeeper& operator=(QemuKeeper&&) = delete;

    // A socket connected to a server just started; the caller owns it. There is one server at a
    // time: the one before must have been told to end.
    [[nodiscard]] Result<int> serve(Access access);
    // Waits for the end of the server, whose socket was closed, so that the image is free again.
    void wait_for_end();
    // What a server that has ended said; `ended` is false while it runs.
    struct LastWords {
        bool ended = false;
        std::string said;
    };
    [[nodiscard]] LastWords last_words(int milliseconds);
    // The keeper goes on; its end is whoever closes the last copy of what is returned.
    [[nodiscard]] int release();

private:
    int control_;
};

// For QemuKeeper: starts qemu-nbd for the disk.
class QemuProcess;
[[nodiscard]] Result<QemuProcess> start_server(const QemuDisk& disk, Access access);

} // namespace lifeboat::block
