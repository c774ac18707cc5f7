// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/nbd.hpp"

#include "base/text.hpp"
#include "block/range.hpp"

#include <algorithm>
#include <chrono>
#include <libnbd.h>
#include <unistd.h>

namespace lifeboat::block {

struct NbdClient::Handle {
    nbd_handle* nbd = nullptr;
    ~Handle() { nbd_close(nbd); }
};

namespace {

// A server may take longer requests; more than this at once gains nothing.
constexpr std::uint64_t kLongestRequest = std::uint64_t{4} << 20;
// The protocol's document names 64 KiB as the largest sensible minimum block size.
constexpr std::uint64_t kLargestUnit = std::uint64_t{64} << 10;
constexpr std::uint64_t kLargestDisk = std::uint64_t{1} << 62;

tl::unexpected<Error> failed(const std::string& name, std::string_view doing) {
    const char* why = nbd_get_error();
    return fail(ErrorKind::io, name,
                std::string(doing) + ": " +
                    printable(why != nullptr ? why : "no reason was given"));
}

} // namespace

NbdClient::NbdClient(std::string name, std::unique_ptr<Handle> handle)
    : name_(std::move(name)), handle_(std::move(handle)) {}

NbdClient::~NbdClient() {
    if (nbd_aio_is_ready(handle_->nbd) == 1)
        static_cast<void>(nbd_shutdown(handle_->nbd, 0));
}

Result<std::unique_ptr<NbdClient>> NbdClient::connect(std::string name, int socket, int seconds) {
    auto handle = std::make_unique<Handle>();
    handle->nbd = nbd_create();
    if (handle->nbd == nullptr) {
        ::close(socket);
        return failed(name, "preparing the connection");
    }
    auto* nbd = handle->nbd;
    std::unique_ptr<NbdClient> client(new NbdClient(std::move(name), std::move(handle)));
    // From here on the socket belongs to the handle, even on an error.
    if (nbd_aio_connect_socket(nbd, socket) != 0)
        return failed(client->name_, "connecting");
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (nbd_aio_is_connecting(nbd) == 1) {
        if (std::chrono::steady_clock::now() > until)
            return fail(ErrorKind::io, client->name_,
                        "nobody answered within " + std::to_string(seconds) + " seconds");
        if (nbd_poll(nbd, 200) < 0)
            return failed(client->name_, "connecting");
    }
    if (nbd_aio_is_ready(nbd) != 1)
        return failed(client->name_, "connecting");
    LIFEBOAT_CHECK(client->ask_what_it_is());
    return client;
}

Result<void> NbdClient::ask_what_it_is() {
    auto* nbd = handle_->nbd;
    const auto size = nbd_get_size(nbd);
    if (size < 0)
        return failed(name_, "asking for the size");
    size_ = static_cast<std::uint64_t>(size);
    if (size_ > kLargestDisk)
        return fail(ErrorKind::unsupported, name_, "it is larger than any disk we know");
    can_write_ = nbd_is_read_only(nbd) == 0;
    can_flush_ = nbd_can_flush(nbd) == 1;
    const auto unit = nbd_get_block_size(nbd, LIBNBD_SIZE_MINIMUM);
    const auto longest = nbd_get_block_size(nbd, LIBNBD_SIZE_MAXIMUM);
    unit_ = unit > 0 ? static_cast<std::uint64_t>(unit) : 1;
    longest_ = longest > 0 ? std::min(static_cast<std::uint64_t>(longest), kLongestRequest)
                           : kLongestRequest;
    const bool power_of_two = (unit_ & (unit_ - 1)) == 0;
    if (!power_of_two || unit_ > kLargestUnit || longest_ < unit_ || size_ % unit_ != 0)
        return fail(ErrorKind::unsupported, name_,
                    "the server wants blocks of " + std::to_string(unit_) +
                        " bytes, which does not fit the disk");
    longest_ -= longest_ % unit_;
    return {};
}

bool NbdClient::aligned(std::uint64_t offset, std::size_t length) const {
    return offset % unit_ == 0 && length % unit_ == 0;
}

Result<void> NbdClient::read(std::uint64_t offset, MutableByteSpan out) {
    LIFEBOAT_CHECK(check_range(name_, size_, offset, out.size()));
    if (!aligned(offset, out.size())) {
        const auto from = offset - offset % unit_;
        const auto end = offset + out.size();
        const auto to = end + (unit_ - end % unit_) % unit_;
        Bytes wide(static_cast<std::size_t>(to - from));
        LIFEBOAT_CHECK(read(from, wide));
        std::copy_n(wide.begin() + static_cast<std::ptrdiff_t>(offset - from), out.size(),
                    out.begin());
        return {};
    }
    while (!out.empty()) {
        const auto part = std::min<std::size_t>(out.size(), static_cast<std::size_t>(longest_));
        if (nbd_pread(handle_->nbd, out.data(), part, offset, 0) != 0)
            return failed(name_, "reading at byte " + std::to_string(offset));
        offset += part;
        out = out.subspan(part);
    }
    return {};
}

Result<void> NbdClient::write(std::uint64_t offset, ByteSpan data) {
    LIFEBOAT_CHECK(check_range(name_, size_, offset, data.size()));
    if (!aligned(offset, data.size())) {
        const auto from = offset - offset % unit_;
        const auto end = offset + data.size();
        const auto to = end + (unit_ - end % unit_) % unit_;
        Bytes wide(static_cast<std::size_t>(to - from));
        LIFEBOAT_CHECK(read(from, wide));
        std::copy(data.begin(), data.end(),
                  wide.begin() + static_cast<std::ptrdiff_t>(offset - from));
        return write(from, wide);
    }
    while (!data.empty()) {
        const auto part = std::min<std::size_t>(data.size(), static_cast<std::size_t>(longest_));
        if (nbd_pwrite(handle_->nbd, data.data(), part, offset, 0) != 0)
            return failed(name_, "writing at byte " + std::to_string(offset));
        offset += part;
        data = data.subspan(part);
    }
    return {};
}

Result<void> NbdClient::flush() {
    if (!can_flush_)
        return fail(ErrorKind::unsupported, name_, "the server cannot flush");
    if (nbd_flush(handle_->nbd, 0) != 0)
        return failed(name_, "flushing");
    return {};
}

} // namespace lifeboat::block
