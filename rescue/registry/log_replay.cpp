// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/log_replay.hpp"

#include "base/text.hpp"
#include "registry/hive.hpp"
#include "registry/log_entries.hpp"
#include "registry/regf_layout.hpp"
#include "registry/regf_reader.hpp"

#include <algorithm>

namespace lifeboat::registry {

namespace {

constexpr std::size_t kSector = 512;
constexpr std::size_t kMaxLog = 512U << 20; // bytes
constexpr std::uint32_t kOldLog = 1, kNewLog = 6;
// Places in the base block.
constexpr std::size_t kPrimarySequence = 4, kSecondarySequence = 8, kTimestamp = 12, kBinsSize = 40,
                      kFlags = 144;

constexpr std::string_view kNext =
    "start this Windows once where it still runs and shut it down cleanly, then try again";

tl::unexpected<Error> refuse(std::string what) {
    return fail(ErrorKind::refused, "", std::move(what), std::string(kNext));
}

struct Log {
    std::string_view name; // "LOG1"
    ByteSpan data;
    BaseBlock base;
};

// The parts of a header that a hive and its logs share: version, root cell and file name.
bool same_hive(ByteSpan primary, ByteSpan log) {
    const auto same = [&](std::size_t at, std::size_t length) {
        return equal(primary.subspan(at, length), log.subspan(at, length));
    };
    return same(20, 8) && same(36, 4) && same(48, 64);
}

// The logs that hold something. A header that is neither sound nor empty is a refusal: what that
// log held may be what the other one builds upon.
Result<std::vector<Log>> usable_logs(ByteSpan primary, const HiveLogs& logs) {
    std::vector<Log> out;
    const std::pair<std::string_view, const std::optional<Bytes>&> all[] = {
        {"LOG", logs.log}, {"LOG1", logs.log1}, {"LOG2", logs.log2}};
    for (const auto& [name, content] : all) {
        if (!content || content->size() < kSector)
            continue;
        if (content->size() > kMaxLog)
            return refuse("the transaction log " + std::string(name) + " is absurdly large");
        const ByteSpan data(*content);
        if (all_zero(data.first(kSector)))
            continue;
        const auto base = read_base(data);
        if (!base)
            return refuse("the header of the transaction log " + std::string(name) + " is damaged");
        if (!same_hive(primary, data))
            return refuse("the transaction log " + std::string(name) + " belongs to another hive");
        if (base->file_type == kOldLog || base->file_type == kNewLog)
            out.push_back({name, data, *base});
    }
    return out;
}

void put(Bytes& image, std::size_t at, std::uint32_t value) { (void)write_le(image, at, value); }

// Windows gives a recovered hive the number after the last one it applied.
void finish_header(Bytes& image, std::uint32_t last_sequence) {
    put(image, kPrimarySequence, last_sequence + 1);
    put(image, kSecondarySequence, last_sequence + 1);
    put(image, kChecksumAt, base_checksum(image));
}

void grow(Bytes& image, std::uint32_t bins_size) {
    if (image.size() < kBaseBlock + bins_size)
        image.resize(kBaseBlock + bins_size);
    put(image, kBinsSize, bins_size);
}

// Windows 8.1 and later: numbered entries, which may go on from one log to the other.
Result<Replayed> replay_new(Bytes image, const BaseBlock& base, const std::vector<Log>& logs) {
    std::vector<LogEntries> parts;
    std::string ended;
    for (const Log& log : logs) {
        if (log.base.file_type != kNewLog)
            continue;
        LogEntries part = read_log_entries(log.data, log.base.primary_sequence);
        const std::uint32_t stopped_at =
            part.first_sequence + static_cast<std::uint32_t>(part.entries.size());
        // What is older than the hive's own number is in the hive already.
        std::erase_if(part.entries, [&base](const LogEntry& entry) {
            return entry.sequence < base.secondary_sequence;
        });
        const bool announced = log.base.primary_sequence >= base.secondary_sequence;
        if (part.entries.empty() && !announced &&
            (part.ended.empty() || stopped_at < base.secondary_sequence))
            continue; // all of it is in the hive already
        part.first_sequence = part.entries.empty() ? stopped_at : part.entries.front().sequence;
        if (part.entries.empty() && part.ended.empty())
            part.ended = "entry " + std::to_string(stopped_at) + " is missing";
        parts.push_back(std::move(part));
    }
    if (parts.empty())
        return refuse("the hive has unfinished changes and its transaction logs do not hold them");
    std::sort(parts.begin(), parts.end(), [](const LogEntries& a, const LogEntries& b) {
        return a.first_sequence < b.first_sequence;
    });
    if (parts.front().entries.empty())
        return refuse("the first entry of the transaction logs cannot be used (" +
                      parts.front().ended + ")");
    Replayed out{std::move(image), 0, {}};
    const std::uint32_t first = parts.front().first_sequence;
    std::uint32_t next = first;
    for (const LogEntries& part : parts) {
        if (!ended.empty())
            break; // what follows builds upon what is missing
        if (part.first_sequence != next)
            return refuse("the transaction logs do not follow each other: one ends with entry " +
                          std::to_string(next - 1) + ", the other begins with " +
                          std::to_string(part.first_sequence));
        for (const LogEntry& entry : part.entries) {
            grow(out.image, entry.bins_size);
            put(out.image, kFlags, entry.flags);
            for (const LogPage& page : entry.pages)
                std::copy(page.data.begin(), page.data.end(),
                          out.image.begin() +
                              static_cast<std::ptrdiff_t>(kBaseBlock + page.offset));
            ++out.entries;
            ++next;
        }
        ended = part.ended;
    }
    finish_header(out.image, next - 1);
    out.note = std::to_string(out.entries) + (out.entries == 1 ? " log entry" : " log entries") +
               " applied (" + std::to_string(first) + " to " + std::to_string(next - 1) + ")" +
               (ended.empty() ? "" : "; " + ended);
    return out;
}

// Windows XP to 8: a bitmap of 512-byte pages, and the pages.
Result<Replayed> replay_old(Bytes image, const std::vector<Log>& logs) {
    const Log* best = nullptr;
    for (const Log& log : logs) {
        const bool applies =
            log.base.file_type == kOldLog &&
            log.base.primary_sequence == log.base.secondary_sequence &&
            equal(log.data.subspan(kTimestamp, 8), ByteSpan(image).subspan(kTimestamp, 8));
        if (applies && (!best || log.base.primary_sequence > best->base.primary_sequence))
            best = &log;
    }
    if (!best)
        return refuse("the hive has unfinished changes and no transaction log belongs to them");
    const std::uint32_t bins_size = best->base.bins_size;
    if (bins_size == 0 || bins_size % kBaseBlock != 0 || bins_size > kMaxHive - kBaseBlock)
        return refuse("the transaction log gives the hive an impossible length");
    const std::size_t pages = bins_size / kSector;
    const auto bitmap = slice(best->data, kSector + 4, (pages + 7) / 8);
    if (!has_magic(best->data, kSector, "DIRT") || !bitmap)
        return refuse("the transaction log does not hold what its header promises");
    std::size_t at = (kSector + 4 + bitmap->size() + kSector - 1) / kSector * kSector;
    Replayed out{std::move(image), 1, {}};
    grow(out.image, bins_size);
    std::size_t count = 0;
    for (std::size_t page = 0; page < pages; ++page) {
        if (((*bitmap)[page / 8] >> (page % 8) & std::byte{1}) == std::byte{0})
            continue;
        const auto data = slice(best->data, at, kSector);
        if (!data)
            return refuse("the transaction log is cut off");
        std::copy(data->begin(), data->end(),
                  out.image.begin() + static_cast<std::ptrdiff_t>(kBaseBlock + page * kSector));
        at += kSector;
        ++count;
    }
    finish_header(out.image, best->base.primary_sequence);
    out.note = "the transaction log " + std::string(best->name) + " applied (" +
               std::to_string(count) + " pages)";
    return out;
}

} // namespace

Result<Replayed> replay_logs(Bytes primary, const HiveLogs& logs) {
    LIFEBOAT_TRY(const HiveState state, inspect(primary));
    if (!state.dirty())
        return Replayed{std::move(primary), 0, "clean"};
    LIFEBOAT_TRY(const BaseBlock base, read_base(primary));
    LIFEBOAT_TRY(const auto usable, usable_logs(primary, logs));
    if (usable.empty())
        return refuse("the hive has unfinished changes and its transaction logs are missing");
    const bool is_new = std::any_of(usable.begin(), usable.end(),
                                    [](const Log& log) { return log.base.file_type == kNewLog; });
    auto result = is_new ? replay_new(std::move(primary), base, usable)
                         : replay_old(std::move(primary), usable);
    if (!result)
        return result;
    if (auto structure = check_structure(result->image); !structure)
        return refuse("the hive and its transaction logs do not fit together: " +
                      structure.error().text());
    return result;
}

} // namespace lifeboat::registry
