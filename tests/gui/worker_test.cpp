// SPDX-License-Identifier: GPL-2.0-or-later
// Look, preview, apply and undo as the screen does it: by the worker's thread, with the real
// engine.
#include "base/text.hpp"
#include "gui/worker.hpp"
#include "support/tools.hpp"

#include <atomic>
#include <chrono>
#include <thread>

using namespace lifeboat;
using namespace lifeboat::gui;
using namespace lifeboat::test;

namespace {

Finished wait_for(Worker& worker, Job job) {
    constexpr int kTries = 6000; // a minute: sanitizers on a busy machine
    worker.start(std::move(job));
    for (int i = 0; i < kTries; ++i) {
        if (auto finished = worker.take())
            return std::move(*finished);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL("the worker did not come back");
    return {};
}

std::vector<session::Choice> everything(const session::Inspection& inspection) {
    std::vector<session::Choice> out;
    for (const auto& finding : inspection.findings)
        if (finding.outcome == session::Outcome::trouble)
            out.push_back({finding.id, finding.guest});
    return out;
}

// A file of volume 1 gets this content, as `lifeboat put` does it.
void put(const std::string& disk, const std::string& path, std::string_view content,
         const std::string& undo_file) {
    Progress quiet;
    auto session = session::Session::open({disk}, {}, quiet);
    REQUIRE(session);
    REQUIRE(session->stage_put("1", path, to_bytes(content), quiet));
    REQUIRE(session->commit(undo_file, quiet));
}

std::string sum(const std::string& path) { return run_ok({"sha256sum", path}).substr(0, 64); }

} // namespace

TEST_CASE("the worker repairs and restores a real disk, again and again") {
    need_tools({"mkntfs", "sfdisk"});
    const TempDir folder;
    const auto disk = folder.file("windows.img");
    run_ok({"sh", LIFEBOAT_SAMPLE_SCRIPT, LIFEBOAT_SAMPLE_PROGRAM, disk});
    const auto original = sum(disk);

    constexpr int kRounds = 4;
    for (int round = 0; round < kRounds; ++round) {
        const auto engine = session::make_engine({disk}, folder.file("undo"));
        std::atomic<int> wakes = 0;
        Worker worker(*engine, [&wakes] { ++wakes; });

        const auto looked = wait_for(worker, Job{Work::look});
        REQUIRE(looked.inspection);
        const auto choices = everything(*looked.inspection);
        REQUIRE_FALSE(choices.empty());

        const auto staged = wait_for(worker, Job{Work::stage, choices});
        REQUIRE(staged.preview);
        CHECK(sum(disk) == original);

        const auto applied = wait_for(worker, Job{Work::commit});
        REQUIRE(applied.commit);
        REQUIRE(applied.inspection);
        CHECK(everything(*applied.inspection).empty());
        CHECK(sum(disk) != original);

        const auto undone = wait_for(worker, Job{Work::undo, {}, applied.commit->undo_file});
        REQUIRE(undone.commit);
        CHECK(sum(disk) == original);
        CHECK(wakes > 0);
    }
}

TEST_CASE("the worker repairs a hibernated Windows when told so, and puts its originals back") {
    need_tools({"mkntfs", "sfdisk"});
    const TempDir folder;
    const auto disk = folder.file("windows.img");
    run_ok({"sh", LIFEBOAT_SAMPLE_SCRIPT, LIFEBOAT_SAMPLE_PROGRAM, disk});
    put(disk, "/hiberfil.sys", "hibr" + std::string(300000, 'm'), folder.file("h"));
    const auto hibernated = sum(disk);
    const auto engine = session::make_engine({disk}, folder.file("undo"));
    Worker worker(*engine, [] {});

    const auto looked = wait_for(worker, Job{Work::look});
    REQUIRE(looked.inspection);
    CHECK(looked.kept.empty());
    REQUIRE(looked.inspection->guests.size() == 1);
    const auto& guest = looked.inspection->guests[0];
    REQUIRE(guest.ways == std::vector<std::string>{"--discard-hibernation"});
    const auto choices = everything(*looked.inspection);
    const auto refused = wait_for(worker, Job{Work::stage, choices});
    REQUIRE(refused.error);
    CHECK(refused.error->kind == ErrorKind::refused);

    Job job{Work::stage, choices};
    job.agreed = {{guest.id, guest.ways[0]}};
    REQUIRE(wait_for(worker, job).preview);
    CHECK(sum(disk) == hibernated);
    const auto applied = wait_for(worker, Job{Work::commit});
    REQUIRE(applied.inspection);
    CHECK(everything(*applied.inspection).empty());
    CHECK(applied.inspection->guests.at(0).ways.empty());
    REQUIRE(applied.kept.size() == 1);
    REQUIRE_FALSE(applied.kept[0].files.empty());

    Job back{Work::restore};
    back.restore = {applied.kept[0].time, applied.kept[0].guest, {}, false};
    const auto staged = wait_for(worker, back);
    INFO((staged.error ? staged.error->text() : ""));
    REQUIRE(staged.preview);
    CHECK(staged.preview->conflicts.empty());
    const auto restored = wait_for(worker, Job{Work::commit});
    REQUIRE(restored.inspection);
    CHECK(everything(*restored.inspection).size() == choices.size());
    for (const auto& file : restored.kept.at(0).files)
        CHECK(file.state == "original");
}
