// SPDX-License-Identifier: GPL-2.0-or-later
// What our processes say to each other over a socket pair (SOCK_SEQPACKET): a few short texts, and
// perhaps an open descriptor.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace lifeboat::block {

struct Letter {
    std::vector<std::string> parts; // each at most 1 KiB, cut off behind that
    int descriptor = -1;            // received: the receiver's to close
};

[[nodiscard]] bool send_letter(int socket, const Letter& letter);
// Nothing when the other side is gone.
[[nodiscard]] std::optional<Letter> receive_letter(int socket);

} // namespace lifeboat::block
