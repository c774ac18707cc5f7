// SPDX-License-Identifier: GPL-2.0-or-later
// The server side of the NBD protocol's transmission phase: a BlockDevice for the kernel's nbd
// driver (linux/nbd.h), over a socket whose other end the kernel has. The handshake does not exist
// there. Source: the NBD project's proto.md, "Transmission"; simple replies only.
#pragma once

#include "block/device.hpp"

#include <optional>

namespace lifeboat::block {

// The flags to give to NBD_SET_FLAGS for it: flush is understood (a barrier of the device); trim is
// not offered, because what a file system forgets would still be part of an undo.
[[nodiscard]] std::uint16_t nbd_server_flags(const BlockDevice& device);

class NbdServer {
public:
    // Reads and writes `device` in the thread that calls serve_one(), and in no other. The socket
    // stays the caller's.
    NbdServer(BlockDevice& device, int socket) : device_(device), socket_(socket) {}

    // Answers the next request; waits for it when there is none. False when the other side said
    // goodbye or hung up. Error `io`: what came is not NBD, or the answer did not get through. An
    // error of the device is not one of these: the other side is told, and first_error() keeps it.
    [[nodiscard]] Result<bool> serve_one();
    [[nodiscard]] const std::optional<Error>& first_error() const { return first_error_; }

private:
    struct Request;
    [[nodiscard]] Result<void> answer(const Request& request, std::uint32_t error, ByteSpan data);
    [[nodiscard]] Result<void> read(const Request& request);
    [[nodiscard]] Result<void> write(const Request& request);
    [[nodiscard]] std::uint32_t keep(const Result<void>& result);

    BlockDevice& device_;
    int socket_;
    std::optional<Error> first_error_;
};

} // namespace lifeboat::block
