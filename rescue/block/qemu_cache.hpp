// SPDX-License-Identifier: GPL-2.0-or-later
// A few pieces of an image, kept while it is only read: file system libraries ask for 4 KiB at a
// time, and each question costs a way to the server (50 us) or, in a compressed image, unpacking
// 64 KiB again (640 us).
#pragma once

#include "block/nbd.hpp"

#include <array>
#include <cstdint>

namespace lifeboat::block {

class ReadCache {
public:
    // Like NbdClient::read().
    [[nodiscard]] Result<void> read(NbdClient& client, std::uint64_t offset, MutableByteSpan out);
    void forget();

private:
    static constexpr std::uint64_t kPiece = 64 << 10; // a grain of a VMDK, a cluster of qcow2
    static constexpr std::size_t kPieces = 64;        // 4 MiB in all

    struct Piece {
        std::uint64_t number = 0;
        Bytes content; // empty: nothing kept
    };
    [[nodiscard]] Result<ByteSpan> piece(NbdClient& client, std::uint64_t number);

    std::array<Piece, kPieces> pieces_;
};

} // namespace lifeboat::block
