// SPDX-License-Identifier: GPL-2.0-or-later
// The log format of Windows 8.1 and later ("HvLE"), source: msuhanov/regf, checked against real
// logs. Entries are bounded and hash-checked here; applying them is log_replay's business.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <vector>

namespace lifeboat::registry {

struct LogPage {
    std::uint32_t offset = 0; // from the first bin
    ByteSpan data;
};

struct LogEntry {
    std::uint32_t sequence = 0;
    std::uint32_t flags = 0;     // of the hive's header at that time
    std::uint32_t bins_size = 0; // of the hive at that time
    std::vector<LogPage> pages;
};

struct LogEntries {
    std::uint32_t first_sequence = 0; // as the log's header says
    std::vector<LogEntry> entries;    // contiguous, from first_sequence on
    std::string ended;                // why reading stopped before the end; empty: nothing more
};

// 64-bit Marvin32 of `data` with the seed of the registry.
[[nodiscard]] std::uint64_t log_hash(ByteSpan data);
// The entries of a log with a sound header, up to the first that is not sound. They refer to
// `log`.
[[nodiscard]] LogEntries read_log_entries(ByteSpan log, std::uint32_t first_sequence);

} // namespace lifeboat::registry
