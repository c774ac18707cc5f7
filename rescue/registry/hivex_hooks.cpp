// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/hivex_hooks.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace lifeboat::registry {

struct MemoryFile::State {
    int fd = -1; // an empty file in memory of the content's length: hivex asks for that
    ByteSpan content;
    std::size_t read = 0;
    Bytes written;
};

namespace {

constexpr std::string_view kPath = "lifeboat-memory:";

// What hivex opens, reads and writes now.
thread_local MemoryFile::State* in_use = nullptr;

} // namespace

Result<MemoryFile> MemoryFile::holding(ByteSpan content) {
    auto state = std::make_unique<State>();
    state->content = content;
    state->fd = memfd_create("hive", MFD_CLOEXEC);
    if (state->fd < 0 || ftruncate(state->fd, static_cast<off_t>(content.size())) != 0) {
        const int number = errno;
        if (state->fd >= 0)
            close(state->fd);
        return fail_errno("", "making room in memory for a hive", number);
    }
    return MemoryFile(std::move(state));
}

MemoryFile::MemoryFile(std::unique_ptr<State> state) : state_(std::move(state)) {
    in_use = state_.get();
}

MemoryFile::MemoryFile(MemoryFile&&) noexcept = default;

MemoryFile::~MemoryFile() {
    if (!state_)
        return;
    close(state_->fd);
    if (in_use == state_.get())
        in_use = nullptr;
}

std::string MemoryFile::path() const { return std::string(kPath); }

Bytes MemoryFile::take_written() { return std::move(state_->written); }

} // namespace lifeboat::registry

using lifeboat::registry::in_use;

// Takes only what MemoryFile::path() gave: hivex never touches a file of this machine.
extern "C" int lifeboat_hivex_open(const char* path, int /*flags*/, ...) {
    if (in_use == nullptr || path != lifeboat::registry::kPath) {
        errno = ENOENT;
        return -1;
    }
    in_use->read = 0;
    in_use->written.clear();
    return fcntl(in_use->fd, F_DUPFD_CLOEXEC, 0); // hivex closes what it opened
}

extern "C" ssize_t lifeboat_hivex_read(int /*fd*/, void* out, std::size_t count) {
    if (in_use == nullptr) {
        errno = EBADF;
        return -1;
    }
    const auto rest = in_use->content.subspan(in_use->read);
    count = std::min(count, rest.size());
    if (count > 0)
        std::memcpy(out, rest.data(), count);
    in_use->read += count;
    return static_cast<ssize_t>(count);
}

extern "C" ssize_t lifeboat_hivex_write(int /*fd*/, const void* data, std::size_t count) {
    if (in_use == nullptr) {
        errno = EBADF;
        return -1;
    }
    const auto* first = static_cast<const std::byte*>(data);
    in_use->written.insert(in_use->written.end(), first, first + count);
    return static_cast<ssize_t>(count);
}
