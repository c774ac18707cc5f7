// SPDX-License-Identifier: GPL-2.0-or-later
// Transaction logs of hives. The input: lengths of the hive and of the first log (4 bytes each),
// the hive, the log, and the rest is the second log.
#include "registry/log_replay.hpp"
#include "fuzz/target.hpp"
#include "registry/regf_reader.hpp"
#include "support/hives.hpp"
#include "support/specimens.hpp"

#include <algorithm>

namespace lifeboat::fuzz {

namespace {

Bytes take(ByteSpan& from, std::size_t length) {
    length = std::min(length, from.size());
    Bytes out(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(length));
    from = from.subspan(length);
    return out;
}

Bytes packed(const Bytes& hive, const Bytes& log1, const Bytes& log2) {
    Bytes out;
    append_le(out, static_cast<std::uint32_t>(hive.size()));
    append_le(out, static_cast<std::uint32_t>(log1.size()));
    for (const auto* part : {&hive, &log1, &log2})
        out.insert(out.end(), part->begin(), part->end());
    return out;
}

} // namespace

void run(ByteSpan input) {
    if (input.size() < 8)
        return;
    const auto hive_length = *read_le<std::uint32_t>(input, 0);
    const auto log_length = *read_le<std::uint32_t>(input, 4);
    input = input.subspan(8);
    auto hive = take(input, hive_length);
    const auto log1 = take(input, log_length);
    const Bytes log2(input.begin(), input.end());
    for (const bool old : {false, true}) {
        const auto done = old ? registry::replay_logs(hive, {log1, {}, {}})
                              : registry::replay_logs(hive, {{}, log1, log2});
        if (done)
            static_cast<void>(registry::check_structure(done->image));
    }
}

std::vector<Bytes> seeds() {
    auto dirty = tests::empty_hive();
    dirty[4] = std::byte{2};
    tests::fix_checksum(dirty);
    std::vector<Bytes> out = {packed(tests::empty_hive(), {}, {}), packed(dirty, dirty, {})};
    using tests::specimen;
    const auto fresh = specimen("damaged/NewDirtyHive1.NewDirtyHive");
    const auto first = specimen("damaged/NewDirtyHive1.NewDirtyHive.LOG1");
    const auto second = specimen("damaged/NewDirtyHive1.NewDirtyHive.LOG2");
    if (fresh && first && second)
        out.push_back(packed(*fresh, *first, *second));
    const auto old = specimen("damaged/OldDirtyHive.OldDirtyHive");
    const auto old_log = specimen("damaged/OldDirtyHive.OldDirtyHive.LOG1");
    if (old && old_log)
        out.push_back(packed(*old, *old_log, {}));
    return out;
}

} // namespace lifeboat::fuzz
