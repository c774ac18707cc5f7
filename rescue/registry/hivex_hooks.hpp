// SPDX-License-Identifier: GPL-2.0-or-later
// hivex opens and writes hives by path and converts names with iconv. Both fail in an empty root:
// there is no /proc or /tmp to give a path, and a static glibc has no converters. room.cmake links
// a copy of Debian's libhivex.a in which open, read, write, iconv_open, iconv and iconv_close carry
// the names below. So hivex reads and writes memory of ours and nothing else of the program
// changes.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <sys/types.h>

extern "C" {
int lifeboat_hivex_open(const char* path, int flags, ...);
ssize_t lifeboat_hivex_read(int fd, void* out, std::size_t count);
ssize_t lifeboat_hivex_write(int fd, const void* data, std::size_t count);
void* lifeboat_hivex_iconv_open(const char* to, const char* from);
std::size_t lifeboat_hivex_iconv(void* converter, char** in, std::size_t* in_left, char** out,
                                 std::size_t* out_left);
int lifeboat_hivex_iconv_close(void* converter);
}

namespace lifeboat::registry {

// Memory that hivex takes for a file, by the "path" it is given. One at a time in a thread.
class MemoryFile {
public:
    // `content` must outlive the object.
    [[nodiscard]] static Result<MemoryFile> holding(ByteSpan content);
    [[nodiscard]] static Result<MemoryFile> empty() { return holding({}); }
    ~MemoryFile();
    MemoryFile(MemoryFile&&) noexcept;
    MemoryFile& operator=(MemoryFile&&) = delete;

    [[nodiscard]] std::string path() const;
    [[nodiscard]] Bytes take_written();

    struct State;

private:
    explicit MemoryFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace lifeboat::registry
