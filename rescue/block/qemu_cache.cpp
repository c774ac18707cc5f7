// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/qemu_cache.hpp"

#include <algorithm>

namespace lifeboat::block {

Result<void> ReadCache::read(NbdClient& client, std::uint64_t offset, MutableByteSpan out) {
    if (out.size() >= kPiece)
        return client.read(offset, out);
    while (!out.empty()) {
        LIFEBOAT_TRY(const auto kept, piece(client, offset / kPiece));
        const auto within = static_cast<std::size_t>(offset % kPiece);
        if (within >= kept.size())
            return client.read(offset, out); // past the end: the error is the client's to word
        const auto length = std::min(out.size(), kept.size() - within);
        std::copy_n(kept.begin() + static_cast<std::ptrdiff_t>(within), length, out.begin());
        offset += length;
        out = out.subspan(length);
    }
    return {};
}

Result<ByteSpan> ReadCache::piece(NbdClient& client, std::uint64_t number) {
    auto& slot = pieces_[static_cast<std::size_t>(number % kPieces)];
    if (slot.number == number && !slot.content.empty())
        return ByteSpan(slot.content);
    const auto from = number * kPiece;
    slot.content.resize(
        static_cast<std::size_t>(std::min(kPiece, client.size() - std::min(client.size(), from))));
    slot.number = number;
    if (auto done = client.read(from, slot.content); !done) {
        slot.content.clear();
        return fail(std::move(done).error());
    }
    return ByteSpan(slot.content);
}

void ReadCache::forget() {
    for (auto& each : pieces_)
        each.content = Bytes();
}

} // namespace lifeboat::block
