// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/overlay.hpp"

#include "base/fingerprint.hpp"
#include "block/range.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

namespace lifeboat::block {
namespace {

constexpr std::uint64_t kRunBlocks = 256; // read at most 1 MiB of the disk in one go

// Several disks of one guest may be written together; their epochs keep the order in time.
std::uint64_t next_epoch() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

} // namespace

struct Overlay::State {
    DevicePtr base;
    std::map<std::uint64_t, Bytes> written;    // by block number
    std::map<std::uint64_t, Fingerprint> seen; // of the disk below
    std::vector<Epoch> epochs;                 // the finished ones
    std::set<std::uint64_t> since;             // blocks written after the last of them
    std::map<std::uint64_t, std::pair<std::size_t, std::size_t>> newest; // epoch and place there

    [[nodiscard]] std::uint64_t block_length(std::uint64_t block) const {
        return std::min(kBlock, base->size() - block * kBlock);
    }

    // Reads `count` neighbouring blocks of `device` and hands each to `use`.
    template <class Use>
    Result<void> each_block(BlockDevice& device, std::uint64_t first, std::uint64_t count,
                            Use use) {
        const auto start = first * kBlock;
        Bytes data(static_cast<std::size_t>(std::min(count * kBlock, base->size() - start)));
        LIFEBOAT_CHECK(device.read(start, data));
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto part =
                ByteSpan(data).subspan(static_cast<std::size_t>(i * kBlock),
                                       static_cast<std::size_t>(block_length(first + i)));
            LIFEBOAT_CHECK(use(first + i, part));
        }
        return {};
    }

    // Whole blocks go to `out` without a copy; the rest is cut from blocks of their own.
    Result<void> read_disk(std::uint64_t offset, MutableByteSpan out) {
        const auto end = offset + out.size();
        while (offset < end) {
            const auto first = offset / kBlock;
            const auto length = block_length(first);
            const auto within = static_cast<std::size_t>(offset - first * kBlock);
            if (within != 0 || length > end - offset) {
                LIFEBOAT_TRY(const auto block, original(first));
                const auto part = std::min<std::size_t>(out.size(), block.size() - within);
                std::copy_n(block.begin() + static_cast<std::ptrdiff_t>(within), part, out.begin());
                out = out.subspan(part);
                offset += part;
                continue;
            }
            const auto whole = end == base->size() ? out.size() : out.size() / kBlock * kBlock;
            const auto part = out.first(std::min<std::size_t>(whole, kRunBlocks * kBlock));
            LIFEBOAT_CHECK(base->read(offset, part));
            for (std::size_t at = 0; at < part.size(); at += kBlock) {
                const auto size = std::min<std::size_t>(kBlock, part.size() - at);
                LIFEBOAT_CHECK(remember(first + at / kBlock, part.subspan(at, size)));
            }
            out = out.subspan(part.size());
            offset += part.size();
        }
        return {};
    }

    // Every read of the disk must tell the same story as the first one did.
    Result<void> remember(std::uint64_t block, ByteSpan data) {
        const auto now = fingerprint(data);
        const auto [entry, first_time] = seen.emplace(block, now);
        if (!first_time && entry->second != now)
            return changed(block);
        return {};
    }

    [[nodiscard]] tl::unexpected<Error> changed(std::uint64_t block) const {
        return fail(ErrorKind::refused, base->name(),
                    "the disk changed while lifeboat was looking at it (at byte " +
                        std::to_string(block * kBlock) + ")",
                    "make sure that nothing uses the disk, and start again");
    }

    Result<Bytes> original(std::uint64_t block) {
        Bytes data;
        LIFEBOAT_CHECK(each_block(*base, block, 1, [&](std::uint64_t number, ByteSpan part) {
            data.assign(part.begin(), part.end());
            return remember(number, part);
        }));
        return data;
    }

    // What a block is at the end of the last finished epoch.
    Result<Bytes> settled(std::uint64_t block) {
        const auto known = newest.find(block);
        if (known == newest.end())
            return original(block);
        return epochs[known->second.first].blocks[known->second.second].content;
    }

    Result<Epoch> open_epoch() {
        Epoch epoch;
        for (const auto block : since) {
            LIFEBOAT_TRY(const auto before, settled(block));
            const auto& now = written.at(block);
            if (before != now)
                epoch.blocks.push_back({block * kBlock, now});
        }
        return epoch;
    }
};

Overlay::Overlay(DevicePtr base) : state_(std::make_unique<State>()) {
    state_->base = std::move(base);
}
Overlay::~Overlay() = default;

std::string Overlay::name() const { return state_->base->name(); }
std::uint64_t Overlay::size() const { return state_->base->size(); }
std::uint32_t Overlay::sector_size() const { return state_->base->sector_size(); }
BlockDevice& Overlay::base() { return *state_->base; }

Result<void> Overlay::flush() {
    auto& state = *state_;
    LIFEBOAT_TRY(auto epoch, state.open_epoch());
    state.since.clear();
    if (epoch.blocks.empty())
        return {};
    epoch.number = next_epoch();
    for (std::size_t i = 0; i < epoch.blocks.size(); ++i)
        state.newest[epoch.blocks[i].offset / kBlock] = {state.epochs.size(), i};
    state.epochs.push_back(std::move(epoch));
    return {};
}

Result<std::vector<Epoch>> Overlay::epochs() {
    auto result = state_->epochs;
    LIFEBOAT_TRY(auto rest, state_->open_epoch());
    if (!rest.blocks.empty()) {
        rest.number = next_epoch();
        result.push_back(std::move(rest));
    }
    return result;
}

void Overlay::discard() {
    state_->written.clear();
    state_->epochs.clear();
    state_->since.clear();
    state_->newest.clear();
}

Result<void> Overlay::read(std::uint64_t offset, MutableByteSpan out) {
    LIFEBOAT_CHECK(check_range(name(), size(), offset, out.size()));
    const auto& written = state_->written;
    while (!out.empty()) {
        const auto block = offset / kBlock;
        const auto next = written.lower_bound(block);
        std::size_t part = out.size();
        if (next != written.end() && next->first == block) {
            const auto within = static_cast<std::size_t>(offset - block * kBlock);
            part = std::min(part, next->second.size() - within);
            std::copy_n(next->second.begin() + static_cast<std::ptrdiff_t>(within), part,
                        out.begin());
        } else {
            if (next != written.end())
                part = static_cast<std::size_t>(
                    std::min<std::uint64_t>(part, next->first * kBlock - offset));
            LIFEBOAT_CHECK(state_->read_disk(offset, out.first(part)));
        }
        out = out.subspan(part);
        offset += part;
    }
    return {};
}

Result<void> Overlay::write(std::uint64_t offset, ByteSpan data) {
    LIFEBOAT_CHECK(check_range(name(), size(), offset, data.size()));
    while (!data.empty()) {
        const auto block = offset / kBlock;
        const auto within = offset % kBlock;
        const auto length = std::min<std::uint64_t>(data.size(), kBlock - within);
        auto entry = state_->written.find(block);
        if (entry == state_->written.end()) {
            const bool whole = within == 0 && length == state_->block_length(block);
            Bytes content(static_cast<std::size_t>(length));
            if (!whole) {
                LIFEBOAT_TRY(content, state_->original(block));
            }
            entry = state_->written.emplace(block, std::move(content)).first;
        }
        state_->since.insert(block);
        const auto part = data.first(static_cast<std::size_t>(length));
        std::copy(part.begin(), part.end(),
                  entry->second.begin() + static_cast<std::ptrdiff_t>(within));
        offset += length;
        data = data.subspan(static_cast<std::size_t>(length));
    }
    return {};
}

Result<std::vector<ChangedBlock>> Overlay::changes() {
    std::vector<ChangedBlock> result;
    for (const auto& [block, after] : state_->written) {
        LIFEBOAT_TRY(auto before, state_->original(block));
        if (before != after)
            result.push_back(ChangedBlock{block * kBlock, std::move(before), after});
    }
    return result;
}

Result<void> Overlay::base_is_unchanged() { return unchanged_on(*state_->base); }

Result<void> Overlay::unchanged_on(BlockDevice& disk) {
    if (disk.size() != size())
        return fail(ErrorKind::refused, disk.name(), "the size of the disk changed meanwhile",
                    "start again");
    const auto& seen = state_->seen;
    for (auto entry = seen.begin(); entry != seen.end();) {
        const auto first = entry->first;
        auto count = std::uint64_t{0};
        for (; entry != seen.end() && entry->first == first + count && count < kRunBlocks; ++entry)
            ++count;
        LIFEBOAT_CHECK(state_->each_block(disk, first, count,
                                          [&](std::uint64_t number, ByteSpan data) -> Result<void> {
                                              if (seen.at(number) != fingerprint(data))
                                                  return state_->changed(number);
                                              return {};
                                          }));
    }
    return {};
}

} // namespace lifeboat::block
