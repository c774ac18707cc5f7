// SPDX-License-Identifier: GPL-2.0-or-later
// hivex opens and writes hives by path and converts names with iconv. Both fail in an empty root:
// there is no /proc or /tmp to give a path, and a static glibc has no converters. room.cmake links
// a copy of Debian's libhivex.a in which open, iconv_open, iconv and iconv_close carry the names
// below. So hivex reads and writes memory of ours and nothing else of the program changes.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <string>

extern "C" {
int lifeboat_hivex_open(const char* path, int flags, ...);
void* lifeboat_hivex_iconv_open(const char* to, const char* from);
std::size_t lifeboat_hivex_iconv(void* converter, char** in, std::size_t* in_left, char** out,
                                 std::size_t* out_left);
int lifeboat_hivex_iconv_close(void* converter);
}

namespace lifeboat::registry {

// An anonymous file in memory, and the "path" by which hivex opens it.
class MemoryFile {
public:
    [[nodiscard]] static Result<MemoryFile> create();
    ~MemoryFile();
    MemoryFile(MemoryFile&& other) noexcept;
    MemoryFile& operator=(MemoryFile&&) = delete;

    [[nodiscard]] std::string path() const;
    [[nodiscard]] Result<void> write(ByteSpan content);
    [[nodiscard]] Result<Bytes> read() const;

private:
    explicit MemoryFile(int fd) : fd_(fd) {}
    int fd_;
};

} // namespace lifeboat::registry
