// SPDX-License-Identifier: GPL-2.0-or-later
// The server that the kernel's nbd driver talks to, asked by hand: bytes as the protocol has them.
#include "block/image.hpp"
#include "block/nbd_server.hpp"
#include "block/overlay.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <linux/nbd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace lifeboat::block {
namespace {

constexpr std::uint64_t kSize = 1U << 20;

// A disk that breaks in one place.
class Disk final : public BlockDevice {
public:
    explicit Disk(bool writable) : writable_(writable) {}
    [[nodiscard]] std::string name() const override { return "disk"; }
    [[nodiscard]] std::uint64_t size() const override { return kSize; }
    [[nodiscard]] std::uint32_t sector_size() const override { return 512; }
    [[nodiscard]] bool writable() const override { return writable_; }
    Result<void> read(std::uint64_t offset, MutableByteSpan out) override {
        if (offset + out.size() > kSize || offset == kBad)
            return fail(ErrorKind::io, "disk", "bad sector");
        std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
        return {};
    }
    Result<void> write(std::uint64_t offset, ByteSpan in) override {
        if (offset + in.size() > kSize)
            return fail(ErrorKind::io, "disk", "past the end");
        std::copy(in.begin(), in.end(), data.begin() + static_cast<std::ptrdiff_t>(offset));
        return {};
    }
    Result<void> flush() override {
        ++flushes;
        return {};
    }
    static constexpr std::uint64_t kBad = 65536;
    Bytes data = Bytes(kSize);
    int flushes = 0;

private:
    bool writable_;
};

struct Sockets {
    std::array<int, 2> ends{-1, -1};
    Sockets() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0); }
    ~Sockets() {
        close(ends[0]);
        close(ends[1]);
    }
};

Bytes request(std::uint32_t type, std::uint64_t offset, std::uint32_t length,
              std::uint32_t magic = 0x25609513) {
    Bytes out;
    const auto put = [&](std::uint64_t value, int bytes) {
        for (int i = bytes - 1; i >= 0; --i)
            out.push_back(static_cast<std::byte>(value >> (8 * i)));
    };
    put(magic, 4);
    put(type, 4);
    put(0x1122334455667788, 8);
    put(offset, 8);
    put(length, 4);
    return out;
}

void say(int socket, ByteSpan bytes) {
    REQUIRE(send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
}

// The error number of the reply.
std::uint32_t reply(int socket) {
    std::array<unsigned char, 16> head{};
    REQUIRE(recv(socket, head.data(), head.size(), MSG_WAITALL) == 16);
    CHECK(head[0] == 0x67);
    CHECK(head[3] == 0x98);
    CHECK(head[8] == 0x11); // the cookie comes back
    CHECK(head[15] == 0x88);
    return static_cast<std::uint32_t>(head[4] << 24 | head[5] << 16 | head[6] << 8 | head[7]);
}

Bytes data_of(int socket, std::size_t length) {
    Bytes out(length);
    REQUIRE(recv(socket, out.data(), length, MSG_WAITALL) == static_cast<ssize_t>(length));
    return out;
}

} // namespace

TEST_CASE("the kernel's requests reach the device, and its errors the kernel") {
    Disk disk(true);
    const Sockets sockets;
    const int client = sockets.ends[0];
    NbdServer server(disk, sockets.ends[1]);
    const auto serve = [&] {
        const auto went = server.serve_one();
        REQUIRE(went);
        return *went;
    };
    const Bytes content(4096, std::byte{0x5a});
    say(client, request(NBD_CMD_WRITE, 8192, 4096));
    say(client, content);
    CHECK(serve());
    CHECK(reply(client) == 0);
    CHECK(disk.data[8192] == std::byte{0x5a});
    CHECK(disk.data[12288] == std::byte{0});

    say(client, request(NBD_CMD_READ, 8192, 4096));
    CHECK(serve());
    CHECK(reply(client) == 0);
    CHECK(data_of(client, 4096) == content);

    CHECK(disk.flushes == 0);
    say(client, request(NBD_CMD_FLUSH, 0, 0));
    CHECK(serve());
    CHECK(reply(client) == 0);
    CHECK(disk.flushes == 1);

    // Trim changes nothing; an unknown command is told so.
    say(client, request(NBD_CMD_TRIM, 8192, 4096));
    CHECK(serve());
    CHECK(reply(client) == 0);
    CHECK(disk.data[8192] == std::byte{0x5a});
    say(client, request(77, 0, 0));
    CHECK(serve());
    CHECK(reply(client) == 22);

    // An error of the device, and a place behind its end: the next request is served all the same.
    CHECK_FALSE(server.first_error());
    for (const auto offset : {Disk::kBad, kSize - 512}) {
        say(client, request(NBD_CMD_READ, offset, 4096));
        CHECK(serve());
        CHECK(reply(client) == 5);
    }
    REQUIRE(server.first_error());
    CHECK(server.first_error()->what == "bad sector");
    say(client, request(NBD_CMD_READ, 8192, 512));
    CHECK(serve());
    CHECK(reply(client) == 0);
    CHECK(data_of(client, 512).front() == std::byte{0x5a});

    say(client, request(NBD_CMD_DISC, 0, 0));
    CHECK_FALSE(serve());
}

TEST_CASE("a device that is only read takes no write from the kernel") {
    Disk disk(false);
    CHECK(nbd_server_flags(disk) == (NBD_FLAG_HAS_FLAGS | NBD_FLAG_READ_ONLY));
    CHECK(nbd_server_flags(Disk(true)) == (NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH));
    const Sockets sockets;
    NbdServer server(disk, sockets.ends[1]);
    say(sockets.ends[0], request(NBD_CMD_WRITE, 0, 512));
    say(sockets.ends[0], Bytes(512, std::byte{1}));
    CHECK(server.serve_one());
    CHECK(reply(sockets.ends[0]) == 1);
    CHECK(disk.data[0] == std::byte{0});
}

TEST_CASE("what is not a request ends the service with an error, and so does half of one") {
    Disk disk(true);
    const auto answer = [&](const Bytes& bytes) {
        const Sockets sockets;
        NbdServer server(disk, sockets.ends[1]);
        say(sockets.ends[0], bytes);
        shutdown(sockets.ends[0], SHUT_WR);
        return server.serve_one();
    };
    CHECK_FALSE(answer(request(NBD_CMD_READ, 0, 512, 0x12345678)));
    CHECK_FALSE(answer(Bytes(13, std::byte{0x25})));
    CHECK_FALSE(answer(request(NBD_CMD_WRITE, 0, 512)));        // without its data
    CHECK_FALSE(answer(request(NBD_CMD_WRITE, 0, 0xffffffff))); // longer than any request
    const auto hung_up = answer({});
    REQUIRE(hung_up);
    CHECK_FALSE(*hung_up);
}

TEST_CASE("a barrier of the kernel ends an epoch of the overlay") {
    auto base = std::make_shared<Disk>(false);
    Overlay overlay(base);
    const Sockets sockets;
    NbdServer server(overlay, sockets.ends[1]);
    const int client = sockets.ends[0];
    for (const auto value : {std::byte{1}, std::byte{2}}) {
        say(client, request(NBD_CMD_WRITE, 0, 4096));
        say(client, Bytes(4096, value));
        say(client, request(NBD_CMD_FLUSH, 0, 0));
    }
    say(client, request(NBD_CMD_DISC, 0, 0));
    for (bool more = true; more;) {
        const auto went = server.serve_one();
        REQUIRE(went);
        more = *went;
    }
    for (int i = 0; i < 4; ++i)
        CHECK(reply(client) == 0);
    const auto epochs = overlay.epochs();
    REQUIRE(epochs);
    CHECK(epochs->size() == 2);
    CHECK(base->data[0] == std::byte{0});
}

} // namespace lifeboat::block
