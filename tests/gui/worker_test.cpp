// SPDX-License-Identifier: GPL-2.0-or-later
// Look, preview, apply and undo as the screen does it: by the worker's thread, with the real
// engine.
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

        const auto looked = wait_for(worker, {Work::look, {}, {}});
        REQUIRE(looked.inspection);
        const auto choices = everything(*looked.inspection);
        REQUIRE_FALSE(choices.empty());

        const auto staged = wait_for(worker, {Work::stage, choices, {}});
        REQUIRE(staged.preview);
        CHECK(sum(disk) == original);

        const auto applied = wait_for(worker, {Work::commit, {}, {}});
        REQUIRE(applied.commit);
        REQUIRE(applied.inspection);
        CHECK(everything(*applied.inspection).empty());
        CHECK(sum(disk) != original);

        const auto undone = wait_for(worker, {Work::undo, {}, applied.commit->undo_file});
        REQUIRE(undone.commit);
        CHECK(sum(disk) == original);
        CHECK(wakes > 0);
    }
}
