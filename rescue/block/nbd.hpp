// SPDX-License-Identifier: GPL-2.0-or-later
// The client side of one NBD connection. Knows the protocol's library (libnbd), and nothing of
// who serves or what.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace lifeboat::block {

class NbdClient {
public:
    // Talks over `socket`, which it takes over whatever happens. Waits at most `seconds` for the
    // other side. Error `io`: nobody answered, or not in NBD.
    [[nodiscard]] static Result<std::unique_ptr<NbdClient>> connect(std::string name, int socket,
                                                                    int seconds);
    ~NbdClient(); // says goodbye, when the other side still listens
    NbdClient(const NbdClient&) = delete;
    NbdClient& operator=(const NbdClient&) = delete;

    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] bool can_write() const { return can_write_; }
    [[nodiscard]] bool can_flush() const { return can_flush_; }

    // Any range inside the disk; what the server wants aligned is widened here.
    [[nodiscard]] Result<void> read(std::uint64_t offset, MutableByteSpan out);
    [[nodiscard]] Result<void> write(std::uint64_t offset, ByteSpan data);
    [[nodiscard]] Result<void> flush();

private:
    struct Handle;
    NbdClient(std::string name, std::unique_ptr<Handle> handle);
    [[nodiscard]] Result<void> ask_what_it_is();
    [[nodiscard]] bool aligned(std::uint64_t offset, std::size_t length) const;

    std::string name_;
    std::unique_ptr<Handle> handle_;
    std::uint64_t size_ = 0;
    std::uint64_t unit_ = 1;    // offsets and lengths are multiples of this
    std::uint64_t longest_ = 0; // of one request
    bool can_write_ = false;
    bool can_flush_ = false;
};

} // namespace lifeboat::block
