// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/ntfs_ledger.hpp"

#include <algorithm>

namespace lifeboat::fs {
namespace {

constexpr std::uint64_t kBlock = 4096;
constexpr std::size_t kSector = 512; // the step of update sequences, whatever the disk has

// Steps; index blocks other than the first follow kDirectory one by one.
constexpr int kNew = 0;
constexpr int kFile = 1;
constexpr int kFirstIndex = 2;
constexpr int kDirectory = 3;
constexpr int kIndex = 4; // to be numbered
constexpr int kLast = 1 << 20;

// Flags of an MFT record, at 22: 1 in use, 2 directory. Size of a record: allocated, at 28. Size of
// an index block: allocated entries at 32, counted from 24. Source: MFT record and INDEX_BLOCK of
// the NTFS documentation of linux-ntfs.
constexpr std::size_t kFlagsAt = 22;

std::uint64_t record_size(ByteSpan data, bool index) {
    const auto size = read_le<std::uint32_t>(data, index ? 32 : 28).value_or(0);
    return std::uint64_t{size} + (index ? 24 : 0);
}

// Copies the part of `from` (at `from_at`) that lies inside `to` (at `to_at`).
void overlay(Bytes& to, std::uint64_t to_at, ByteSpan from, std::uint64_t from_at) {
    const auto first = std::max(to_at, from_at);
    const auto end = std::min(to_at + to.size(), from_at + from.size());
    if (first >= end)
        return;
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(first - from_at), end - first,
                to.begin() + static_cast<std::ptrdiff_t>(first - to_at));
}

// Marks everything that `old` marks inside `range` in `now`, too; both start at `at`.
void merge(Bytes& now, ByteSpan old, std::uint64_t at, const NtfsLedger::Range& range) {
    const auto first = std::max(at, range.offset);
    const auto end = std::min(at + now.size(), range.offset + range.length);
    for (auto i = first; i < end; ++i)
        now[static_cast<std::size_t>(i - at)] |= old[static_cast<std::size_t>(i - at)];
}

// The update sequence array: where it is, and how many sectors it guards; 0 when it is impossible.
std::size_t guarded_sectors(ByteSpan record, std::size_t& at) {
    at = read_le<std::uint16_t>(record, 4).value_or(0);
    const std::size_t count = read_le<std::uint16_t>(record, 6).value_or(0);
    const bool sound = count > 1 && (count - 1) * kSector == record.size() &&
                       at + 2 * count <= kSector - 2 && at >= 8;
    return sound ? count - 1 : 0;
}

void copy_pair(Bytes& record, std::size_t to, std::size_t from) {
    record[to] = record[from];
    record[to + 1] = record[from + 1];
}

} // namespace

Bytes with_kept_number(ByteSpan before, ByteSpan after) {
    Bytes result(after.begin(), after.end());
    std::size_t at = 0;
    std::size_t old_at = 0;
    const auto sectors = guarded_sectors(after, at);
    if (sectors == 0 || before.size() != after.size() ||
        guarded_sectors(before, old_at) != sectors || old_at != at)
        return result;
    // The kept last bytes of the sectors stay in the array; only the number changes.
    std::copy_n(before.begin() + static_cast<std::ptrdiff_t>(at), 2,
                result.begin() + static_cast<std::ptrdiff_t>(at));
    std::size_t different = 0;
    for (std::size_t i = 0; i < sectors; ++i) {
        copy_pair(result, (i + 1) * kSector - 2, at);
        different += equal(ByteSpan(result).subspan(i * kSector, kSector),
                           before.subspan(i * kSector, kSector))
                         ? 0U
                         : 1U;
    }
    return different <= 1 ? result : Bytes(after.begin(), after.end());
}

void NtfsLedger::note_piece(std::uint64_t offset, ByteSpan data) {
    const bool file = has_magic(data, 0, "FILE");
    const bool index = has_magic(data, 0, "INDX");
    Piece piece;
    piece.offset = offset;
    piece.length = data.size();
    if (file || index) {
        piece.index = index;
        expected_ = record_size(data, index);
        piece.length = std::min<std::uint64_t>(piece.length, expected_);
    } else if (expected_ > 0) {
        piece.head = false;
        piece.index = pieces_.back().index;
        piece.length = std::min<std::uint64_t>(piece.length, expected_);
    } else {
        return;
    }
    expected_ -= piece.length;
    const auto same = std::find_if(pieces_.begin(), pieces_.end(),
                                   [&](const Piece& known) { return known.offset == offset; });
    if (same != pieces_.end())
        pieces_.erase(same);
    pieces_.push_back(std::move(piece));
    // Several records in one write: the library does so for $MFTMirr only.
    if (pieces_.back().length < data.size() && pieces_.back().length > 0)
        note_piece(offset + pieces_.back().length,
                   data.subspan(static_cast<std::size_t>(pieces_.back().length)));
}

Result<void> NtfsLedger::note(std::uint64_t offset, ByteSpan data) {
    for (auto at = offset / kBlock * kBlock; at < offset + data.size(); at += kBlock) {
        if (before_.count(at) != 0)
            continue;
        const auto length = std::min(kBlock, device_->size() - at);
        LIFEBOAT_TRY(before_[at],
                     block::read_bytes(*device_, at, static_cast<std::size_t>(length)));
    }
    note_piece(offset, data);
    return {};
}

Result<Bytes> NtfsLedger::before(std::uint64_t offset, std::uint64_t length) {
    LIFEBOAT_TRY(auto result,
                 block::read_bytes(*device_, offset, static_cast<std::size_t>(length)));
    for (const auto& [at, block] : before_)
        overlay(result, offset, block, at);
    return result;
}

Result<bool> NtfsLedger::was_used(const Maps& maps, std::uint64_t offset) {
    const auto cluster = offset / maps.cluster_size;
    auto byte = cluster / 8;
    for (const auto& range : maps.clusters) {
        if (byte >= range.length) {
            byte -= range.length;
            continue;
        }
        LIFEBOAT_TRY(const auto bits, before(range.offset + byte, 1));
        return ((static_cast<unsigned>(bits[0]) >> (cluster % 8)) & 1U) != 0;
    }
    return true;
}

Result<int> NtfsLedger::step_of(const Piece& piece, const Maps& maps) {
    LIFEBOAT_TRY(const bool used, was_used(maps, piece.offset));
    if (!used || !has_magic(piece.before, 0, piece.index ? "INDX" : "FILE"))
        return kNew;
    if (piece.index)
        return kIndex;
    const unsigned was = read_le<std::uint16_t>(piece.before, kFlagsAt).value_or(0);
    const unsigned is = read_le<std::uint16_t>(piece.after, kFlagsAt).value_or(0);
    if ((was & 1U) == 0)
        return kNew;
    if ((is & 1U) == 0)
        return kLast;
    return (is & 2U) != 0 ? kDirectory : kFile;
}

// Returns the number of the step before kLast.
Result<int> NtfsLedger::set_steps(const Maps& maps) {
    int step = kNew;
    for (auto& piece : pieces_) {
        LIFEBOAT_TRY(piece.before, before(piece.offset, piece.length));
        LIFEBOAT_TRY(piece.after, block::read_bytes(*device_, piece.offset,
                                                    static_cast<std::size_t>(piece.length)));
        if (piece.head) {
            LIFEBOAT_TRY(step, step_of(piece, maps));
        }
        piece.step = step;
        if (step != kNew && step != kLast)
            piece.after = with_kept_number(piece.before, piece.after);
    }
    const auto indexes = std::count_if(pieces_.begin(), pieces_.end(), [](const Piece& piece) {
        return piece.step == kIndex && piece.head;
    });
    int next = indexes > 1 ? kFirstIndex : kIndex;
    int current = next;
    for (auto& piece : pieces_) {
        if (piece.step != kIndex)
            continue;
        if (piece.head) {
            current = next;
            next = next == kFirstIndex ? kIndex : next + 1;
        }
        piece.step = current;
    }
    return std::max(next, kIndex);
}

Result<void> NtfsLedger::first_step(const Maps& maps) {
    for (const auto& [at, old] : before_) {
        LIFEBOAT_TRY(auto now, block::read_bytes(*device_, at, old.size()));
        for (const auto& piece : pieces_)
            if (piece.step != kNew)
                overlay(now, at, piece.before, piece.offset);
        for (const auto* const ranges : {&maps.clusters, &maps.records})
            for (const auto& range : *ranges)
                merge(now, old, at, range);
        LIFEBOAT_CHECK(device_->write(at, now));
    }
    return {};
}

Result<std::size_t> NtfsLedger::settle(const Maps& maps) {
    LIFEBOAT_TRY(const int end, set_steps(maps));
    Blocks final_maps;
    for (const auto& [at, old] : before_)
        for (const auto* const ranges : {&maps.clusters, &maps.records})
            for (const auto& range : *ranges)
                if (range.offset < at + old.size() && at < range.offset + range.length) {
                    const auto first = std::max(range.offset, at);
                    const auto last = std::min(range.offset + range.length, at + old.size());
                    LIFEBOAT_TRY(
                        final_maps[first],
                        block::read_bytes(*device_, first, static_cast<std::size_t>(last - first)));
                }
    LIFEBOAT_CHECK(first_step(maps));
    std::size_t switched = 0;
    for (int step = kFile; step < end; ++step) {
        bool flushed = false;
        for (const auto& piece : pieces_) {
            if (piece.step != step)
                continue;
            if (!flushed)
                LIFEBOAT_CHECK(device_->flush());
            flushed = true;
            LIFEBOAT_CHECK(device_->write(piece.offset, piece.after));
            switched += step == kFile && piece.head && piece.before != piece.after ? 1U : 0U;
        }
    }
    LIFEBOAT_CHECK(device_->flush());
    for (const auto& [at, content] : final_maps)
        LIFEBOAT_CHECK(device_->write(at, content));
    for (const auto& piece : pieces_)
        if (piece.step == kLast)
            LIFEBOAT_CHECK(device_->write(piece.offset, piece.after));
    return switched;
}

} // namespace lifeboat::fs
