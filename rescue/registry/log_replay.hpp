// SPDX-License-Identifier: GPL-2.0-or-later
// Transaction logs of hives. Windows writes changes to .LOG, .LOG1 or .LOG2 first and to the hive
// later, from 8.1 on up to an hour later; a hive that was not shut down cleanly is complete only
// together with its logs. Editing it alone would make Windows throw the logs away.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace lifeboat::registry {

struct HiveLogs { // as far as the files exist; empty files count as missing
    std::optional<Bytes> log;
    std::optional<Bytes> log1;
    std::optional<Bytes> log2;
};

struct Replayed {
    Bytes image;             // clean, as Windows would have it after its next start
    std::size_t entries = 0; // log entries applied; 0: the hive was clean
    std::string note;        // for people: "clean", "24 log entries applied (2107 to 2130)"
};

// `primary` itself when it is clean. `refused` when it is dirty and its logs do not complete it:
// missing, of another hive, torn at the first entry, or not contiguous. What is torn later ends
// the replay there, as in Windows. `damaged` when the header is no hive's.
[[nodiscard]] Result<Replayed> replay_logs(Bytes primary, const HiveLogs& logs);

} // namespace lifeboat::registry
