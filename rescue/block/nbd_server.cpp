// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/nbd_server.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

namespace lifeboat::block {

// proto.md, "Request message" and "Simple reply message"; everything is big-endian.
struct NbdServer::Request {
    std::uint16_t type = 0;
    std::uint64_t cookie = 0;
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
};

namespace {

constexpr std::uint64_t kRequestMagic = 0x25609513;
constexpr std::uint64_t kReplyMagic = 0x67446698;
constexpr std::size_t kRequestSize = 28;
constexpr std::size_t kReplySize = 16;
// The kernel's longest request is far below (max_sectors); the protocol names 32 MiB as a maximum
// that every server should take.
constexpr std::uint32_t kLongest = 32U << 20;

enum Command : std::uint16_t { kRead = 0, kWrite = 1, kGoodbye = 2, kFlush = 3, kTrim = 4 };
// Error numbers of the protocol, which are those of Linux.
constexpr std::uint32_t kNotPermitted = 1, kIo = 5, kInvalid = 22;

constexpr std::uint16_t kHasFlags = 1, kReadOnly = 2, kSendFlush = 4;

std::uint64_t big_endian(ByteSpan bytes) {
    std::uint64_t value = 0;
    for (const auto byte : bytes)
        value = (value << 8) | std::to_integer<std::uint64_t>(byte);
    return value;
}

void put_big_endian(MutableByteSpan out, std::uint64_t value) {
    for (auto byte = out.rbegin(); byte != out.rend(); ++byte, value >>= 8)
        *byte = static_cast<std::byte>(value & 0xff);
}

tl::unexpected<Error> broken(const BlockDevice& device, std::string what) {
    return fail(ErrorKind::io, device.name(), "serving it to the kernel: " + std::move(what));
}

// How many bytes came: all, or fewer when the other side hung up.
Result<std::size_t> receive(const BlockDevice& device, int socket, MutableByteSpan out) {
    std::size_t done = 0;
    while (done < out.size()) {
        const auto count = ::recv(socket, out.data() + done, out.size() - done, 0);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail_errno(device.name(), "serving it to the kernel", errno);
        if (count == 0)
            break;
        done += static_cast<std::size_t>(count);
    }
    return done;
}

Result<void> send_all(const BlockDevice& device, int socket, ByteSpan data) {
    while (!data.empty()) {
        const auto count = ::send(socket, data.data(), data.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail_errno(device.name(), "serving it to the kernel", errno);
        data = data.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

} // namespace

std::uint16_t nbd_server_flags(const BlockDevice& device) {
    const auto write = device.writable() ? kSendFlush : kReadOnly;
    return static_cast<std::uint16_t>(kHasFlags | write);
}

std::uint32_t NbdServer::keep(const Result<void>& result) {
    if (result)
        return 0;
    if (!first_error_)
        first_error_ = result.error();
    return kIo;
}

Result<void> NbdServer::answer(const Request& request, std::uint32_t error, ByteSpan data) {
    std::array<std::byte, kReplySize> head{};
    const MutableByteSpan out(head);
    put_big_endian(out.subspan(0, 4), kReplyMagic);
    put_big_endian(out.subspan(4, 4), error);
    put_big_endian(out.subspan(8, 8), request.cookie);
    LIFEBOAT_CHECK(send_all(device_, socket_, head));
    return send_all(device_, socket_, data);
}

Result<void> NbdServer::read(const Request& request) {
    if (request.length > kLongest)
        return answer(request, kInvalid, {});
    Bytes data(request.length);
    const auto error = keep(device_.read(request.offset, data));
    return answer(request, error, error == 0 ? ByteSpan(data) : ByteSpan());
}

Result<void> NbdServer::write(const Request& request) {
    if (request.length > kLongest) // its data follows, and would be taken for requests
        return broken(device_, "a request is too long");
    Bytes data(request.length);
    LIFEBOAT_TRY(const auto came, receive(device_, socket_, data));
    if (came != data.size())
        return broken(device_, "a request ended in its middle");
    if (!device_.writable())
        return answer(request, kNotPermitted, {});
    return answer(request, keep(device_.write(request.offset, data)), {});
}

Result<bool> NbdServer::serve_one() {
    std::array<std::byte, kRequestSize> head{};
    LIFEBOAT_TRY(const auto came, receive(device_, socket_, head));
    if (came == 0)
        return false;
    const ByteSpan in(head);
    if (came != head.size())
        return broken(device_, "a request ended in its middle");
    if (big_endian(in.subspan(0, 4)) != kRequestMagic)
        return broken(device_, "what came is not a request");
    const Request request{static_cast<std::uint16_t>(big_endian(in.subspan(6, 2))),
                          big_endian(in.subspan(8, 8)), big_endian(in.subspan(16, 8)),
                          static_cast<std::uint32_t>(big_endian(in.subspan(24, 4)))};
    switch (request.type) {
    case kGoodbye: return false;
    case kRead: LIFEBOAT_CHECK(read(request)); break;
    case kWrite: LIFEBOAT_CHECK(write(request)); break;
    case kFlush: LIFEBOAT_CHECK(answer(request, keep(device_.flush()), {})); break;
    case kTrim: LIFEBOAT_CHECK(answer(request, 0, {})); break; // allowed to do nothing
    default: LIFEBOAT_CHECK(answer(request, kInvalid, {})); break;
    }
    return true;
}

} // namespace lifeboat::block
