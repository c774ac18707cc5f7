// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/guarded_engine.hpp"

#include "session/engine_messages.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <csignal>
#include <random>
#include <unistd.h>

using namespace lifeboat;
using namespace lifeboat::session;

namespace {

[[noreturn]] void crash() {
    std::signal(SIGSEGV, SIG_DFL); // the test framework's own handler would talk
    raise(SIGSEGV);
    _exit(99);
}

// Every field has a value of its own; one text is not UTF-8, as a guest's may be.
Inspection full_inspection() {
    Inspection out;
    DiskInfo disk{"/dev/vda", 1ULL << 40, 4096, "gpt", "5eed", {}, {"a note"}};
    disk.volumes.push_back(
        {"1", 1048576, 2097152, "83", "ext4", "la\xff\xfe", "uuid", "part", true});
    out.disks.push_back(disk);
    const Error why{ErrorKind::refused, "where", "what", "next", "--replay-journal"};
    out.guests.push_back({"windows1",
                          "windows",
                          "title",
                          "10.0",
                          "x86_64",
                          "disk 1, partition 1",
                          "systemd",
                          Verdict::refused,
                          {why},
                          {"--replay-journal"}});
    out.findings.push_back({"win.x",
                            "windows1",
                            Outcome::could_not_look,
                            "critical",
                            "title",
                            "why",
                            "risk",
                            {"seen", ""}});
    out.unreadable.push_back({"disk 1, partition 2", why});
    return out;
}

std::vector<KeptInfo> full_kept() {
    KeptInfo sound{"windows1", "20261127T080000Z", "/Lifeboat/x", {"win.x"}, {}, {}};
    sound.files.push_back({"/p\xff", "/f", "renamed", "changed", false});
    KeptInfo damaged = sound;
    damaged.problem = Error{ErrorKind::damaged, "manifest", "it is no JSON", "", ""};
    return {sound, damaged};
}

Preview full_preview() {
    Preview out;
    out.repairs.push_back({"win.x", "windows1", "title", {"did this"}});
    FileChangeInfo file{"windows1", "v", "/p", "renamed", "/f", "t", 7, 9, "diff", {}};
    file.registry.push_back({"SYSTEM", "k", "v", "before", "after"});
    out.files.push_back(file);
    out.blocks.push_back({"/dev/vda", 3, 12288});
    return out;
}

// What the real engine would be; what it does is chosen by the disk's name.
class Actor final : public Engine {
public:
    std::vector<std::string> disks() const override { return {"/dev/vda"}; }
    Result<Inspection> look(Progress& progress) override {
        progress.report("looking", 0.5);
        ++looks_;
        auto seen = full_inspection();
        seen.disks[0].size = looks_;
        return seen;
    }
    Result<std::vector<KeptInfo>> kept(Progress& /*progress*/) override { return full_kept(); }
    Result<Preview> stage_restore(const RestoreChoice& choice, const Agreements& agreed,
                                  Progress& /*progress*/) override {
        auto out = full_preview();
        out.repairs[0].sentences = {choice.time, choice.guest, choice.paths.at(0),
                                    choice.force ? "force" : ""};
        for (const auto& one : agreed)
            out.repairs[0].sentences.push_back(one.guest + one.option);
        return out;
    }
    Result<Preview> stage(std::span<const Choice> choices, const Agreements& agreed,
                          Progress& progress) override {
        progress.report("reading disk 1", -1);
        if (choices.empty()) {
            auto out = full_preview();
            for (const auto& one : agreed)
                out.repairs[0].sentences.push_back(one.guest + one.option);
            return out;
        }
        if (choices[0].repair == "crash")
            crash();
        if (choices[0].repair == "spin")
            for (volatile bool forever = true; forever;) {
            }
        while (!progress.cancelled())
            usleep(1000);
        return fail(ErrorKind::cancelled, "here", "stopped", "");
    }
    void discard() override {}
    Result<CommitInfo> commit(Progress& progress) override {
        progress.writing("/run/undo-1");
        crash();
    }
    Result<CommitInfo> undo(const std::string& undo_file, Progress& /*progress*/) override {
        return CommitInfo{1, 4096, undo_file};
    }
    std::optional<std::string_view> page(std::string_view id) const override {
        return id == "known" ? std::optional<std::string_view>("page") : std::nullopt;
    }

private:
    std::uint64_t looks_ = 0;
};

std::unique_ptr<Engine> guarded(const GuardLimits& limits = {}) {
    auto engine = guard_engine([] { return std::make_unique<Actor>(); }, [] {}, limits);
    REQUIRE(engine);
    return std::move(*engine);
}

struct Heard final : Progress {
    std::vector<std::string> reports;
    bool stop = false;
    void report(std::string_view doing, double /*fraction*/) override {
        reports.emplace_back(doing);
    }
    bool cancelled() const override { return stop; }
};

} // namespace

TEST_CASE("answers come out of the child as they went in", "[session]") {
    const auto engine = guarded();
    Heard heard;
    const auto seen = engine->look(heard);
    REQUIRE(seen);
    auto expected = full_inspection();
    expected.disks[0].size = 1;
    // Packed bytes hold every field.
    CHECK(pack(EngineMessage(*seen)) == pack(EngineMessage(expected)));
    CHECK(seen->disks[0].volumes[0].label == "la\xff\xfe");
    CHECK(seen->guests[0].obstacles[0].kind == ErrorKind::refused);
    CHECK(seen->guests[0].ways == std::vector<std::string>{"--replay-journal"});
    CHECK(heard.reports == std::vector<std::string>{"looking"});
    CHECK(engine->look(heard)->disks[0].size == 2); // the same child

    const auto preview = engine->stage({}, {}, heard);
    REQUIRE(preview);
    CHECK(pack(EngineMessage(*preview)) == pack(EngineMessage(full_preview())));
    CHECK(preview->files[0].registry[0].after == "after");

    const auto kept = engine->kept(heard);
    REQUIRE(kept);
    CHECK(pack(EngineMessage(*kept)) == pack(EngineMessage(full_kept())));
    CHECK_FALSE((*kept)[0].problem);
    CHECK((*kept)[1].problem->what == "it is no JSON");
    CHECK_FALSE((*kept)[1].files[0].copy_is_good);
    // Who agreed to what reaches the child guest by guest.
    const Agreements agreed = {{"windows2", "--discard-hibernation"},
                               {"linux1", "--replay-journal"}};
    const auto restore = engine->stage_restore({"latest", "linux1", {"/a"}, true}, agreed, heard);
    REQUIRE(restore);
    CHECK(restore->repairs[0].sentences ==
          std::vector<std::string>{"latest", "linux1", "/a", "force", "linux1--replay-journal",
                                   "windows2--discard-hibernation"});
    const auto staged = engine->stage({}, agreed, heard);
    REQUIRE(staged);
    CHECK(staged->repairs[0].sentences ==
          std::vector<std::string>{"did this", "linux1--replay-journal",
                                   "windows2--discard-hibernation"});

    engine->discard();
    CHECK(engine->undo("/run/undo-7", heard)->undo_file == "/run/undo-7");
    CHECK(engine->page("known") == "page");
    CHECK_FALSE(engine->page("unknown"));
    CHECK(engine->disks() == std::vector<std::string>{"/dev/vda"});
}

TEST_CASE("a crash is an error of that call, and the next look starts afresh", "[session]") {
    const auto engine = guarded();
    Heard heard;
    REQUIRE(engine->look(heard));
    const std::vector<Choice> choices = {{"crash", ""}};
    for (std::uint64_t round = 0; round < 3; ++round) {
        const auto staged = engine->stage(choices, {}, heard);
        REQUIRE_FALSE(staged);
        CHECK(staged.error().kind == ErrorKind::internal);
        CHECK(staged.error().where == "reading disk 1");
        CHECK(staged.error().what.find("could not look") == 0);
        const auto seen = engine->look(heard);
        REQUIRE(seen);
        CHECK(seen->disks[0].size == 1);
    }
}

TEST_CASE("a crash while writing names the undo file, also through the keeper", "[session]") {
    const auto engine = guarded();
    Heard heard;
    const auto written = engine->commit(heard);
    REQUIRE_FALSE(written);
    CHECK(written.error().next == "run: lifeboat undo /run/undo-1");
    CHECK(engine->look(heard));
}

TEST_CASE("the limit of time ends a hang, and begins anew with each call", "[session]") {
    GuardLimits limits;
    limits.cpu_seconds = 1;
    const auto engine = guarded(limits);
    Heard heard;
    const std::vector<Choice> choices = {{"spin", ""}};
    const auto staged = engine->stage(choices, {}, heard);
    REQUIRE_FALSE(staged);
    CHECK(staged.error().what.find("took too long") != std::string::npos);
    CHECK(engine->look(heard));
}

TEST_CASE("a request to stop reaches the child", "[session]") {
    const auto engine = guarded();
    Heard heard;
    heard.stop = true;
    const std::vector<Choice> choices = {{"wait", ""}};
    const auto staged = engine->stage(choices, {}, heard);
    REQUIRE_FALSE(staged);
    CHECK(staged.error().kind == ErrorKind::cancelled);
    heard.stop = false;
    CHECK(engine->look(heard)); // and is forgotten afterwards
}

TEST_CASE("bytes that are no message do not unpack", "[session]") {
    std::mt19937 random(20261125);
    auto good = pack(EngineMessage(full_inspection()));
    REQUIRE(unpack_message(good));
    std::size_t refused = 0;
    for (int round = 0; round < 2000; ++round) {
        auto bent = good;
        for (int i = 0; i < 3; ++i)
            bent[random() % bent.size()] = std::byte(random() & 0xff);
        if (round % 4 == 0)
            bent.resize(random() % bent.size());
        refused += unpack_message(bent) ? 0U : 1U;
        refused += unpack_request(bent) ? 0U : 1U;
    }
    CHECK(refused > 2000);
    CHECK_FALSE(unpack_message({}));
    // An enumeration without that value, and a kind of message that there is not.
    const EngineRequest request{Call::undo, {}, {}, {}, "x", 1};
    CHECK(unpack_request(pack(request))->undo_file == "x");
    auto unknown = pack(EngineMessage(Done{}));
    unknown[1] = std::byte{0x17};
    CHECK_FALSE(unpack_message(unknown));
}
