// SPDX-License-Identifier: GPL-2.0-or-later
// Transaction logs: real ones, with what Windows made of them, and logs made here.
#include "registry/log_replay.hpp"

#include "registry/log_entries.hpp"
#include "registry/regf_image.hpp"
#include "registry/regf_reader.hpp"
#include "support/hives.hpp"
#include "support/specimens.hpp"

#include <catch2/catch_test_macros.hpp>
#include <functional>

using namespace lifeboat;
using namespace lifeboat::registry;
using namespace lifeboat::tests;

namespace {

std::size_t count_keys(const RegfImage& image, const RegfKey& key) {
    std::size_t count = 1;
    const auto refs = image.subkeys(key);
    REQUIRE(refs);
    for (const auto& ref : *refs)
        count += count_keys(image, image.key(ref.key).value());
    return count;
}
std::size_t count_keys(ByteSpan hive) {
    const auto image = RegfImage::open(hive);
    REQUIRE(image);
    return count_keys(*image, image->root().value());
}

Replayed replayed(const Bytes& hive, const HiveLogs& logs) {
    auto result = replay_logs(hive, logs);
    INFO((result ? std::string() : result.error().text()));
    REQUIRE(result);
    return std::move(*result);
}

std::string refusal(const Bytes& hive, const HiveLogs& logs) {
    const auto result = replay_logs(hive, logs);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::refused);
    CHECK_FALSE(result.error().next.empty());
    return result.error().what;
}

Bytes with_header(Bytes hive, std::uint32_t primary, std::uint32_t secondary) {
    (void)write_le(hive, 4, primary);
    (void)write_le(hive, 8, secondary);
    fix_checksum(hive);
    return hive;
}

// The pages in which `after` differs from `before`, as one log entry.
Bytes entry(const Bytes& before, const Bytes& after, std::uint32_t sequence) {
    Bytes refs, pages;
    std::uint32_t count = 0;
    for (std::size_t at = 4096; at < after.size(); at += 4096) {
        const auto page = ByteSpan(after).subspan(at, 4096);
        if (at < before.size() && equal(page, ByteSpan(before).subspan(at, 4096)))
            continue;
        append_le(refs, static_cast<std::uint32_t>(at - 4096));
        append_le(refs, std::uint32_t{4096});
        pages.insert(pages.end(), page.begin(), page.end());
        ++count;
    }
    Bytes out = to_bytes("HvLE");
    const std::size_t size = (40 + refs.size() + pages.size() + 511) / 512 * 512;
    append_le(out, static_cast<std::uint32_t>(size));
    append_le(out, std::uint32_t{0});
    append_le(out, sequence);
    append_le(out, static_cast<std::uint32_t>(after.size() - 4096));
    append_le(out, count);
    out.resize(40);
    out.insert(out.end(), refs.begin(), refs.end());
    out.insert(out.end(), pages.begin(), pages.end());
    out.resize(size);
    (void)write_le(out, 24, log_hash(ByteSpan(out).subspan(40)));
    (void)write_le(out, 32, log_hash(ByteSpan(out).first(32)));
    return out;
}

Bytes log_of(const Bytes& hive, std::uint32_t first, const std::vector<Bytes>& entries) {
    Bytes out = with_header(hive, first, first);
    out.resize(512);
    (void)write_le(out, 28, std::uint32_t{6});
    fix_checksum(out);
    for (const Bytes& one : entries)
        out.insert(out.end(), one.begin(), one.end());
    return out;
}

// A hive in four states, each with one key more; state 0 is marked dirty.
struct Story {
    std::vector<Bytes> states;
    std::vector<Bytes> entries; // from state i to i + 1, numbered from 10
    Bytes dirty;

    Story() {
        states.push_back(empty_hive());
        for (std::uint32_t i = 0; i < 3; ++i) {
            auto hive = Hive::open(states.back(), "TEST");
            REQUIRE(hive->set("Key" + std::to_string(i), binary_value("x", Bytes(3000))));
            states.push_back(hive->serialize().value());
            entries.push_back(entry(states[i], states[i + 1], 10 + i));
        }
        dirty = with_header(states[0], 4, 3);
    }
    [[nodiscard]] std::size_t keys(const Replayed& result) const {
        return count_keys(result.image);
    }
};

} // namespace

TEST_CASE("a log of Windows 10 gives the hive that Windows 10 recovered, byte for byte",
          "[registry]") {
    const auto dirty = specimen("damaged/NewDirtyHive1.NewDirtyHive");
    if (!dirty)
        SKIP(kNoSpecimens);
    const auto result =
        replayed(*dirty, {std::nullopt, specimen("damaged/NewDirtyHive1.NewDirtyHive.LOG1"),
                          specimen("damaged/NewDirtyHive1.NewDirtyHive.LOG2")});
    CHECK(result.entries == 4);
    CHECK(result.image == *specimen("damaged/NewDirtyHive1.RecoveredHive_Windows10"));
}

TEST_CASE("a log of Windows 7 gives the keys and values that Windows 7 recovered", "[registry]") {
    const auto dirty = specimen("damaged/OldDirtyHive.OldDirtyHive");
    if (!dirty)
        SKIP(kNoSpecimens);
    const auto result =
        replayed(*dirty, {std::nullopt, specimen("damaged/OldDirtyHive.OldDirtyHive.LOG1"), {}});
    const auto expected = specimen("damaged/OldDirtyHive.RecoveredHive_Windows7");
    CHECK(difference(result.image, *expected).value().empty());
    CHECK_FALSE(difference(*dirty, *expected).value().empty());
    // Windows went on to change the header, the time of the first bin and that of one key.
    std::size_t different = 0;
    REQUIRE(result.image.size() == expected->size());
    for (std::size_t i = 4096 + 32; i < expected->size(); ++i)
        different += result.image[i] != (*expected)[i] ? 1U : 0U;
    CHECK(different <= 8);
}

TEST_CASE("the logs of a real Windows 10 hold 2472 keys that the hive alone does not have",
          "[registry]") {
    const auto dirty = specimen("system/SYSTEM.win10-x64.dirty");
    if (!dirty)
        SKIP(kNoSpecimens);
    const auto log1 = specimen("system/SYSTEM.win10-x64.dirty.LOG1");
    const auto log2 = specimen("system/SYSTEM.win10-x64.dirty.LOG2");
    const auto result = replayed(*dirty, {std::nullopt, log1, log2});
    CHECK(result.entries == 24);
    CHECK(count_keys(result.image) - count_keys(*dirty) == 2472);
    CHECK(inspect(result.image)->primary_sequence == 2131);
    CHECK_FALSE(inspect(result.image)->dirty());
    // One log alone: the first gives its own part, the second builds upon nothing we have.
    CHECK(replayed(*dirty, {std::nullopt, log1, {}}).entries == 4);
}

TEST_CASE("a clean hive stays as it is, whatever its logs hold", "[registry]") {
    const Story story;
    const auto result =
        replayed(story.states[0], {{}, log_of(story.states[0], 10, story.entries), Bytes(100)});
    CHECK(result.entries == 0);
    CHECK(result.image == story.states[0]);
}

TEST_CASE("entries are applied in order over both logs", "[registry]") {
    const Story story;
    const Bytes first = log_of(story.states[0], 10, {story.entries[0]});
    const Bytes second = log_of(story.states[0], 11, {story.entries[1], story.entries[2]});
    for (const HiveLogs& logs : {HiveLogs{{}, first, second}, HiveLogs{{}, second, first}}) {
        const auto result = replayed(story.dirty, logs);
        CHECK(result.entries == 3);
        CHECK(difference(result.image, story.states[3]).value().empty());
    }
    // Entries the hive already has are skipped.
    CHECK(replayed(with_header(story.states[1], 12, 11),
                   {{}, log_of(story.states[0], 10, story.entries), {}})
              .entries == 2);
}

TEST_CASE("a torn entry ends the replay; a torn first entry refuses it", "[registry]") {
    const Story story;
    Bytes log = log_of(story.states[0], 10, story.entries);
    const std::size_t second = 512 + story.entries[0].size();
    for (const std::size_t at : {second + 8, second + 41, second + 60, second + 33}) {
        Bytes torn = log;
        torn[at] ^= std::byte{1};
        const auto result = replayed(story.dirty, {{}, torn, {}});
        CHECK(result.entries == 1);
        CHECK(result.note.find("cannot be used") != std::string::npos);
        CHECK(difference(result.image, story.states[1]).value().empty());
        // What the other log holds builds upon the torn entry.
        const auto more = replayed(
            story.dirty,
            {{}, torn, log_of(story.states[0], 13, {entry(story.states[2], story.states[3], 13)})});
        CHECK(more.entries == 1);
    }
    log[512 + 50] ^= std::byte{1};
    CHECK(refusal(story.dirty, {{}, log, {}}).find("first entry") != std::string::npos);
    Bytes cut = log_of(story.states[0], 10, story.entries);
    cut.resize(512 + 100);
    CHECK(refusal(story.dirty, {{}, cut, {}}).find("first entry") != std::string::npos);
}

TEST_CASE("a log that was begun and holds no entry yet ends the replay", "[registry]") {
    const Story story;
    const Bytes first = log_of(story.states[0], 10, {story.entries[0]});
    CHECK(replayed(story.dirty, {{}, first, log_of(story.states[0], 11, {})}).entries == 1);
    CHECK(refusal(story.dirty, {{}, log_of(story.states[0], 10, {}), {}}).find("first entry") !=
          std::string::npos);
    // All of the first log is in the hive already.
    CHECK(replayed(with_header(story.states[1], 12, 11),
                   {{}, first, log_of(story.states[0], 11, {story.entries[1], story.entries[2]})})
              .entries == 2);
}

TEST_CASE("logs that do not complete the hive are refused", "[registry]") {
    const Story story;
    CHECK(refusal(story.dirty, {}).find("missing") != std::string::npos);
    CHECK(refusal(story.dirty, {Bytes{}, Bytes(512), Bytes(1024)}).find("missing") !=
          std::string::npos);
    // Older than the hive.
    CHECK(refusal(with_header(story.states[0], 101, 100),
                  {{}, log_of(story.states[0], 10, story.entries), {}})
              .find("do not hold") != std::string::npos);
    // A gap between the two.
    CHECK(refusal(story.dirty, {{},
                                log_of(story.states[0], 10, {story.entries[0]}),
                                log_of(story.states[0], 12, {story.entries[2]})})
              .find("follow") != std::string::npos);
    // A damaged header of one log.
    Bytes bad = log_of(story.states[0], 10, story.entries);
    bad[20] = std::byte{9};
    CHECK(refusal(story.dirty, {{}, bad, log_of(story.states[0], 12, {story.entries[2]})})
              .find("header") != std::string::npos);
    // A log of another hive, whole in itself.
    Bytes named = story.states[0];
    named[48] = std::byte{'X'};
    CHECK(refusal(story.dirty, {{}, log_of(named, 10, story.entries), {}}).find("another hive") !=
          std::string::npos);
    // Pages that do not fit the hive they are put into.
    CHECK(refusal(
              story.dirty,
              {{}, log_of(story.states[0], 10, {entry(story.states[2], story.states[3], 10)}), {}})
              .find("fit together") != std::string::npos);
}

TEST_CASE("flipped bits in real logs never break the replay", "[registry]") {
    const auto dirty = specimen("damaged/NewDirtyHive1.NewDirtyHive");
    if (!dirty)
        SKIP(kNoSpecimens);
    const auto log1 = *specimen("damaged/NewDirtyHive1.NewDirtyHive.LOG1");
    const auto old_dirty = *specimen("damaged/OldDirtyHive.OldDirtyHive");
    const auto old_log = *specimen("damaged/OldDirtyHive.OldDirtyHive.LOG1");
    unsigned state = 20261120;
    const auto random = [&state] { return (state = state * 1664525U + 1013904223U) >> 8; };
    for (int round = 0; round < 60; ++round) {
        Bytes bent = round % 2 == 0 ? log1 : old_log;
        for (int flips = 0; flips < 3; ++flips)
            bent[random() % bent.size()] ^= static_cast<std::byte>(1U << (random() % 8));
        const auto result = round % 2 == 0 ? replay_logs(*dirty, {{}, bent, {}})
                                           : replay_logs(old_dirty, {{}, bent, {}});
        if (result)
            CHECK(check_structure(result->image));
    }
}
