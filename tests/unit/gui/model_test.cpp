// SPDX-License-Identifier: GPL-2.0-or-later
// The rules of the screen, without drawing anything.
#include "gui/model.hpp"
#include "unit/gui/rig.hpp"

#include <catch2/catch_test_macros.hpp>

#include <random>

using namespace lifeboat;
using namespace lifeboat::gui;

namespace {

Command command(Do what) { return {what, {}, 0, true}; }

Model looked_at(const session::Inspection& seen = test::broken_guests()) {
    Model model;
    REQUIRE(update(model, command(Do::look)));
    Finished finished;
    finished.work = Work::look;
    finished.inspection = seen;
    update(model, finished);
    return model;
}

void toggle_way(Model& model, const std::string& guest, const std::string& option) {
    CHECK_FALSE(update(model, {Do::toggle_way, {}, 0, false, {}, {guest, option}}));
}

Model staged() {
    Model model = looked_at();
    REQUIRE(update(model, command(Do::preview)));
    Finished finished;
    finished.work = Work::stage;
    finished.preview = test::sample_preview();
    update(model, finished);
    return model;
}

} // namespace

TEST_CASE("problems that can be repaired are chosen from the start, others never", "[gui]") {
    Model model = looked_at();
    CHECK(model.chosen == std::set<Key>{{"windows1", "win.boot-drivers"},
                                        {"windows1", "win.xen-class-filter"},
                                        {"windows1", "win.xen-services"}});
    CHECK_FALSE(update(model, {Do::toggle, {"linux1", "linux.console"}, 0, false}));
    CHECK_FALSE(update(model, {Do::toggle, {"windows1", "win.recovery"}, 0, false}));
    CHECK(model.chosen.size() == 3);
    CHECK_FALSE(update(model, {Do::toggle, {"windows1", "win.xen-services"}, 0, false}));
    CHECK(model.chosen.size() == 2);
}

TEST_CASE("findings of a refused guest can not be chosen", "[gui]") {
    Model model;
    REQUIRE(update(model, command(Do::look)));
    Finished finished;
    finished.work = Work::look;
    finished.inspection = test::broken_guests();
    finished.inspection->guests[0].verdict = session::Verdict::refused;
    update(model, finished);
    CHECK(model.chosen.empty());
    CHECK_FALSE(update(model, command(Do::choose_all)));
    CHECK(model.chosen.empty());
    CHECK_FALSE(update(model, command(Do::preview)));
}

TEST_CASE("the price of one guest is agreed to for that guest alone", "[gui]") {
    const std::string discard = "--discard-hibernation";
    auto seen = test::broken_guests();
    seen.guests[0].verdict = session::Verdict::refused;
    seen.guests[0].ways = {discard};
    seen.guests.push_back(seen.guests[0]);
    seen.guests.back().id = "windows2";
    seen.findings.push_back(seen.findings[0]);
    seen.findings.back().guest = "windows2";
    Model model = looked_at(seen);
    toggle_way(model, "windows2", "--replay-journal"); // not offered
    toggle_way(model, "linux1", discard);
    toggle_way(model, "nobody", discard);
    CHECK(model.agreed.empty());
    CHECK(model.chosen.empty());
    toggle_way(model, "windows2", discard);
    const std::set<Key> second = {{"windows2", "win.xen-class-filter"}};
    CHECK(model.chosen == second);
    CHECK_FALSE(update(model, command(Do::choose_all)));
    CHECK(model.chosen == second);
    const auto job = update(model, command(Do::preview));
    REQUIRE(job);
    CHECK(job->agreed == session::Agreements{{"windows2", discard}});
    Finished again;
    again.work = Work::look;
    again.inspection = seen;
    update(model, again);
    CHECK(model.agreed.empty());
    CHECK(model.chosen.empty());
}

TEST_CASE("two guests of one title are told apart by their volumes", "[gui]") {
    auto seen = test::broken_guests();
    seen.guests.resize(1);
    CHECK(guest_name(looked_at(seen), "windows1") == seen.guests[0].title);
    CHECK(guest_name(looked_at(seen), "nobody") == "nobody");
    seen.guests.push_back(seen.guests[0]);
    seen.guests[0].volume = "disk 1, partition 2";
    seen.guests[1].volume = "disk 2, partition 2";
    seen.guests[1].id = "windows2";
    const auto model = looked_at(seen);
    CHECK(guest_name(model, "windows1") == "disk 1, partition 2:  " + seen.guests[0].title);
    CHECK(guest_name(model, "windows2") == "disk 2, partition 2:  " + seen.guests[0].title);
}

TEST_CASE("a guest with two prices is changed only when both are agreed to", "[gui]") {
    auto seen = test::broken_guests();
    seen.guests[0].verdict = session::Verdict::refused;
    seen.guests[0].ways = {"--discard-hibernation", "--replay-journal"};
    Model model = looked_at(seen);
    toggle_way(model, "windows1", "--replay-journal");
    CHECK(model.chosen.empty());
    toggle_way(model, "windows1", "--discard-hibernation");
    CHECK(model.chosen.size() == 3);
    toggle_way(model, "windows1", "--discard-hibernation"); // taken back
    CHECK(model.chosen.empty());
    CHECK(model.agreed == session::Agreements{{"windows1", "--replay-journal"}});
}

TEST_CASE("applying takes a preview, the question, and a yes", "[gui]") {
    SECTION("never from the overview") {
        Model model = looked_at();
        CHECK_FALSE(update(model, command(Do::ask_apply)));
        CHECK_FALSE(update(model, command(Do::confirm)));
        CHECK_FALSE(update(model, command(Do::apply)));
    }
    SECTION("never from the preview itself") {
        Model model = staged();
        CHECK(model.page == Page::preview);
        CHECK_FALSE(update(model, command(Do::confirm)));
        CHECK_FALSE(update(model, command(Do::apply)));
    }
    SECTION("not without the yes") {
        Model model = staged();
        CHECK_FALSE(update(model, command(Do::ask_apply)));
        CHECK(model.page == Page::confirm);
        CHECK_FALSE(update(model, command(Do::apply)));
        CHECK_FALSE(update(model, command(Do::confirm)));
        const auto job = update(model, command(Do::apply));
        REQUIRE(job);
        CHECK(job->work == Work::commit);
    }
    SECTION("a yes does not survive going back") {
        Model model = staged();
        for (const auto what : {Do::ask_apply, Do::confirm, Do::back, Do::ask_apply})
            CHECK_FALSE(update(model, command(what)));
        CHECK_FALSE(model.confirmed);
        CHECK_FALSE(update(model, command(Do::apply)));
    }
    SECTION("an empty preview is never applied") {
        Model model = staged();
        model.preview = session::Preview{};
        for (const auto what : {Do::ask_apply, Do::confirm, Do::apply})
            CHECK_FALSE(update(model, command(what)));
    }
}

TEST_CASE("no order of commands writes anything that was not previewed and confirmed", "[gui]") {
    std::mt19937 random(20261120);
    std::uniform_int_distribution<int> pick(0, static_cast<int>(Do::power_off));
    int written = 0;
    for (int round = 0; round < 2000; ++round) {
        Model model = looked_at();
        bool asked = false; // the question is on the screen, for the preview that is staged
        bool yes = false;
        for (int step = 0; step < 100; ++step) {
            const auto what = static_cast<Do>(pick(random));
            const bool staged_now = model.preview.has_value();
            const auto job = update(model, {what, {"windows1", "win.xen-services"}, 0, true});
            asked = model.page == Page::confirm && staged_now;
            yes = asked && (yes || what == Do::confirm);
            if (!job)
                continue;
            Finished finished;
            finished.work = job->work;
            if (job->work == Work::commit) {
                ++written;
                REQUIRE(staged_now);
                REQUIRE(yes);
                finished.commit = session::CommitInfo{1, 4096, "u"};
            }
            if (job->work == Work::stage)
                finished.preview = test::sample_preview();
            if (job->work == Work::look || job->work == Work::commit)
                finished.inspection = test::broken_guests();
            if (job->work == Work::undo) {
                REQUIRE(job->undo_file == "u");
                finished.commit = session::CommitInfo{1, 4096, "u"};
            }
            update(model, finished);
            yes = false;
        }
    }
    CHECK(written > 3); // the walk does get there
}

TEST_CASE("what is chosen anew must be previewed anew", "[gui]") {
    Model model = staged();
    CHECK_FALSE(update(model, {Do::toggle, {"windows1", "win.xen-services"}, 0, false}));
    CHECK_FALSE(model.preview);
    CHECK_FALSE(update(model, command(Do::ask_apply)));
    CHECK(model.page != Page::confirm);
}

TEST_CASE("reading can be stopped, writing can not", "[gui]") {
    Model model = looked_at();
    REQUIRE(update(model, command(Do::preview)));
    CHECK_FALSE(update(model, command(Do::cancel)));
    CHECK(model.cancelling);

    Model writing = staged();
    for (const auto what : {Do::ask_apply, Do::confirm})
        CHECK_FALSE(update(writing, command(what)));
    REQUIRE(update(writing, command(Do::apply)));
    CHECK_FALSE(update(writing, command(Do::cancel)));
    CHECK_FALSE(writing.cancelling);
    CHECK_FALSE(update(writing, command(Do::back)));
    CHECK_FALSE(update(writing, command(Do::power_menu)));
    CHECK(writing.work == Work::commit);
    CHECK(writing.page == Page::confirm);
}

TEST_CASE("a failed look forgets what was known", "[gui]") {
    Model model = looked_at();
    REQUIRE(update(model, command(Do::look)));
    Finished finished;
    finished.work = Work::look;
    finished.error = Error{ErrorKind::io, "/dev/vda", "reading failed", ""};
    update(model, finished);
    CHECK(model.page == Page::failure);
    CHECK_FALSE(model.inspection);
    CHECK(model.chosen.empty());
}

TEST_CASE("only a machine of ours can be restarted", "[gui]") {
    Model model = looked_at();
    CHECK_FALSE(update(model, command(Do::power_menu)));
    CHECK(model.page == Page::overview);
    model.can_power = true;
    CHECK_FALSE(update(model, command(Do::reboot))); // only from its page
    CHECK(model.power == Power::none);
    CHECK_FALSE(update(model, command(Do::power_menu)));
    CHECK_FALSE(update(model, command(Do::power_off)));
    CHECK(model.power == Power::power_off);
}
