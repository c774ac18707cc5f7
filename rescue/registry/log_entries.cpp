// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/log_entries.hpp"

#include "registry/regf_layout.hpp"

#include <bit>

namespace lifeboat::registry {

namespace {

constexpr std::size_t kSector = 512;
constexpr std::size_t kEntryHeader = 40;
constexpr std::uint64_t kSeed = 0x82EF4D887A4E55C5; // as a number; proven on real logs

struct Marvin {
    std::uint32_t low, high;

    void mix(std::uint32_t word) {
        low += word;
        high ^= low;
        low = std::rotl(low, 20) + high;
        high = std::rotl(high, 9) ^ low;
        low = std::rotl(low, 27) + high;
        high = std::rotl(high, 19);
    }
};

// Nothing and a reason when the entry is not sound.
std::optional<LogEntry> parse(ByteSpan raw, std::string& why) {
    const auto word = [&raw](std::size_t at) { return *read_le<std::uint32_t>(raw, at); };
    if (*read_le<std::uint64_t>(raw, 32) != log_hash(raw.first(32)) ||
        *read_le<std::uint64_t>(raw, 24) != log_hash(raw.subspan(kEntryHeader))) {
        why = "its checksum is wrong";
        return std::nullopt;
    }
    LogEntry entry{word(12), word(8), word(16), {}};
    if (entry.bins_size == 0 || entry.bins_size % kBaseBlock != 0 ||
        entry.bins_size > kMaxHive - kBaseBlock) {
        why = "it gives the hive an impossible length";
        return std::nullopt;
    }
    const std::uint64_t count = word(20);
    std::uint64_t data = kEntryHeader + count * 8;
    if (data > raw.size()) {
        why = "it lists more pages than it holds";
        return std::nullopt;
    }
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t offset = word(kEntryHeader + i * 8);
        const std::uint32_t size = word(kEntryHeader + i * 8 + 4);
        const auto page = slice(raw, static_cast<std::size_t>(data), size);
        if (!page || offset > entry.bins_size || size > entry.bins_size - offset) {
            why = "one of its pages does not fit";
            return std::nullopt;
        }
        entry.pages.push_back({offset, *page});
        data += size;
    }
    return entry;
}

} // namespace

std::uint64_t log_hash(ByteSpan data) {
    Marvin state{static_cast<std::uint32_t>(kSeed), static_cast<std::uint32_t>(kSeed >> 32)};
    std::size_t at = 0;
    for (; at + 4 <= data.size(); at += 4)
        state.mix(*read_le<std::uint32_t>(data, at));
    std::uint32_t last = 0x80; // what is left, then 0x80, then zeros
    for (std::size_t i = data.size(); i-- > at;)
        last = (last << 8) | std::to_integer<std::uint32_t>(data[i]);
    state.mix(last);
    state.mix(0);
    return (std::uint64_t{state.high} << 32) | state.low;
}

LogEntries read_log_entries(ByteSpan log, std::uint32_t first_sequence) {
    LogEntries out;
    out.first_sequence = first_sequence;
    std::uint32_t expected = first_sequence;
    for (std::size_t at = kSector; has_magic(log, at, "HvLE");) {
        const std::string entry_name = "entry " + std::to_string(expected);
        const std::uint32_t size = read_le<std::uint32_t>(log, at + 4).value_or(0);
        const auto raw = slice(log, at, size);
        if (!raw || size < kSector || size % kSector != 0) {
            out.ended = entry_name + " is cut off";
            break;
        }
        if (*read_le<std::uint32_t>(*raw, 12) != expected)
            break; // left over from an earlier use of the file
        std::string why;
        auto entry = parse(*raw, why);
        if (!entry) {
            out.ended = entry_name + " cannot be used: " + why;
            break;
        }
        out.entries.push_back(std::move(*entry));
        ++expected;
        at += size;
    }
    return out;
}

} // namespace lifeboat::registry
