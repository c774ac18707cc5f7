// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/qemu_message.hpp"

#include "base/text.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace lifeboat::block {
namespace {

constexpr std::size_t kLongestMessage = 8192;

// Control data for one descriptor, aligned as the kernel wants it.
union OneDescriptor {
    cmsghdr header;
    std::array<char, CMSG_SPACE(sizeof(int))> bytes;
};

} // namespace

bool send_letter(int socket, const Letter& letter) {
    std::string text;
    for (const auto& part : letter.parts)
        text += part.substr(0, kLongestMessage / 8) + '\0';
    iovec data{text.data(), text.size()};
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    OneDescriptor control{};
    if (letter.descriptor >= 0) {
        header.msg_control = &control;
        header.msg_controllen = sizeof control;
        auto* item = CMSG_FIRSTHDR(&header);
        item->cmsg_level = SOL_SOCKET;
        item->cmsg_type = SCM_RIGHTS;
        item->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(item), &letter.descriptor, sizeof(int));
    }
    ssize_t sent = 0;
    do
        sent = ::sendmsg(socket, &header, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == static_cast<ssize_t>(text.size());
}

std::optional<Letter> receive_letter(int socket) {
    std::string text(kLongestMessage, '\0');
    iovec data{text.data(), text.size()};
    OneDescriptor control{};
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = &control;
    header.msg_controllen = sizeof control;
    ssize_t got = 0;
    do
        got = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return std::nullopt;
    Letter out;
    text.resize(static_cast<std::size_t>(got));
    for (const auto part : split(text, '\0'))
        out.parts.emplace_back(part);
    out.parts.pop_back(); // after the last zero byte
    if (auto* item = CMSG_FIRSTHDR(&header); item != nullptr && item->cmsg_type == SCM_RIGHTS)
        std::memcpy(&out.descriptor, CMSG_DATA(item), sizeof(int));
    return out;
}

} // namespace lifeboat::block
