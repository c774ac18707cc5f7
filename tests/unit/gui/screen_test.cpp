// SPDX-License-Identifier: GPL-2.0-or-later
// The screen as a person uses it, with keyboard and with mouse, without a display.
#include "gui/views.hpp"
#include "unit/gui/rig.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <map>

using namespace lifeboat;
using namespace lifeboat::gui;
using test::Rig;

namespace {

// Pictures for people: LIFEBOAT_PICTURES=folder keeps every page as a PPM file.
void keep(Rig& rig, const std::string& name) {
    if (const char* folder = std::getenv("LIFEBOAT_PICTURES"))
        REQUIRE(save_ppm(rig.picture(), std::string(folder) + "/" + name + ".ppm"));
}

// Every widget on the screen, every panel inside the screen and every visible widget as well.
void check_inside(Rig& rig, float width, float height) {
    for (const auto& one : rig.app.ui().widgets()) {
        INFO(one.id);
        if (!one.visible)
            continue;
        CHECK(one.x >= 0);
        CHECK(one.y >= 0);
        CHECK(one.x + one.width <= width);
        CHECK(one.y + one.height <= height);
    }
}

// No two widgets that can be clicked share a point, panels aside.
void check_apart(Rig& rig) {
    const auto widgets = rig.app.ui().widgets();
    for (std::size_t a = 0; a < widgets.size(); ++a)
        for (std::size_t b = a + 1; b < widgets.size(); ++b) {
            const auto& one = widgets[a];
            const auto& two = widgets[b];
            if (one.panel || two.panel || !one.visible || !two.visible)
                continue;
            INFO(one.id << " and " << two.id);
            CHECK_FALSE((one.x + 1 < two.x + two.width && two.x + 1 < one.x + one.width &&
                         one.y + 1 < two.y + two.height && two.y + 1 < one.y + one.height));
        }
}

} // namespace

TEST_CASE("the overview shows every problem, and the checks that were not possible", "[gui]") {
    Rig rig;
    rig.start();
    REQUIRE(rig.model().page == Page::overview);
    for (const auto& finding : test::broken_guests().findings) {
        const auto* row = rig.widget(row_id("finding", {finding.guest, finding.id}));
        INFO(finding.id);
        CHECK((row != nullptr) == (finding.outcome != session::Outcome::healthy));
    }
    REQUIRE(rig.click("show-all"));
    CHECK(rig.widget("finding.windows1.win.recovery"));
    keep(rig, "overview-all");
}

TEST_CASE("a repair is done with the keyboard alone, from start to undo", "[gui]") {
    Rig rig;
    rig.start();
    keep(rig, "1-overview");
    CHECK(rig.focused() == "preview");
    rig.press(InputKey::enter);
    CHECK(rig.model().page == Page::preview);
    keep(rig, "2-preview");
    rig.press(InputKey::down);
    CHECK(rig.focused() == "entry.1");
    CHECK(rig.model().entry == 1); // the text follows the arrows
    keep(rig, "3-preview-registry");
    rig.press(InputKey::down);
    keep(rig, "4-preview-text");
    rig.press(InputKey::f9);
    CHECK(rig.model().page == Page::confirm);
    CHECK(rig.focused() == "confirm");
    keep(rig, "5-confirm");
    rig.press(InputKey::space);
    CHECK(rig.model().confirmed);
    REQUIRE(rig.tab_to("apply"));
    keep(rig, "6-confirmed");
    CHECK(rig.engine.count("commit") == 0);
    rig.press(InputKey::enter);
    CHECK(rig.engine.count("commit") == 1);
    CHECK(rig.model().page == Page::result);
    keep(rig, "7-result");
    REQUIRE(rig.tab_to("undo"));
    rig.press(InputKey::enter);
    CHECK(rig.focused() == "back");
    keep(rig, "8-confirm-undo");
    REQUIRE(rig.tab_to("undo-now"));
    rig.press(InputKey::enter);
    CHECK(rig.engine.count("undo /run/lifeboat/undo/undo-1.lifeboat") == 1);
    CHECK(rig.model().page == Page::result);
    CHECK(rig.model().undo_files.empty());
    keep(rig, "9-undone");
}

TEST_CASE("the same with the mouse", "[gui]") {
    Rig rig;
    rig.start();
    REQUIRE(rig.click("choose.windows1.win.xen-services"));
    REQUIRE(rig.click("preview"));
    CHECK(rig.engine.count("stage windows1/win.boot-drivers windows1/win.xen-class-filter") == 1);
    REQUIRE(rig.click("entry.2"));
    CHECK(rig.model().entry == 2);
    REQUIRE(rig.click("ask-apply"));
    REQUIRE(rig.click("apply")); // grey: nothing happens
    CHECK(rig.engine.count("commit") == 0);
    CHECK(rig.model().page == Page::confirm);
    REQUIRE(rig.click("confirm"));
    REQUIRE(rig.click("apply"));
    CHECK(rig.engine.count("commit") == 1);
    CHECK(rig.model().page == Page::result);
}

TEST_CASE("every widget of every page is reached with Tab, and the focus is seen", "[gui]") {
    Rig rig(800, 600);
    rig.start();
    const auto reach_all = [&](const char* page) {
        std::map<std::string, bool> seen;
        for (int i = 0; i < 60; ++i) {
            seen[rig.focused()] = true;
            rig.press(InputKey::tab);
        }
        for (const auto& one : rig.app.ui().widgets()) {
            INFO(page << ": " << one.id);
            CHECK((one.panel || !one.enabled || seen.count(one.id) == 1));
        }
    };
    reach_all("overview");
    rig.press(InputKey::f10);
    reach_all("power");
    rig.press(InputKey::escape);
    rig.press(InputKey::f8);
    reach_all("preview");
    rig.press(InputKey::f9);
    reach_all("confirm");
}

TEST_CASE("all pages fit 800x600, in both sets of colours", "[gui]") {
    for (const bool contrast : {false, true}) {
        Rig rig(800, 600);
        const std::string suffix = contrast ? "-hc" : "";
        const auto check = [&](const std::string& name) {
            INFO(name << suffix);
            check_inside(rig, 800, 600);
            check_apart(rig);
            keep(rig, "small-" + name + suffix);
        };
        if (contrast)
            rig.press(InputKey::f2);
        CHECK(rig.model().high_contrast == contrast);
        check("empty");
        rig.start();
        check("overview");
        REQUIRE(rig.click("finding.windows1.win.xen-class-filter"));
        CHECK(rig.model().page == Page::finding);
        check("finding");
        rig.press(InputKey::escape);
        rig.press(InputKey::f8);
        check("preview");
        rig.press(InputKey::f9);
        check("confirm");
        rig.press(InputKey::space);
        REQUIRE(rig.click("apply"));
        check("result");
        REQUIRE(rig.click("undo"));
        check("confirm-undo");
        rig.press(InputKey::f10);
        check("power");
        rig.press(InputKey::escape);
        rig.press(InputKey::escape);
        rig.press(InputKey::escape);
        CHECK(rig.model().page == Page::overview);
        check("overview-with-undo");
        rig.engine.stage_error =
            Error{ErrorKind::refused, "disk 1, partition 2", "Windows is hibernated",
                  "start Windows once and shut it down completely"};
        rig.press(InputKey::f8);
        CHECK(rig.model().page == Page::failure);
        check("failure");
    }
}

TEST_CASE("high contrast changes the picture, and back", "[gui]") {
    Rig rig;
    rig.start();
    const auto calm = rig.picture().pixels;
    rig.press(InputKey::f2);
    const auto contrast = rig.picture().pixels;
    CHECK((calm != contrast));
    keep(rig, "overview-hc");
    rig.press(InputKey::f2);
    CHECK((rig.picture().pixels == calm));
}

TEST_CASE("a still screen asks for no frame", "[gui]") {
    Rig rig;
    rig.start();
    CHECK_FALSE(rig.app.wants_frame());
    const auto before = rig.picture().pixels;
    CHECK_FALSE(rig.app.wants_frame());
    CHECK((rig.picture().pixels == before));
}

TEST_CASE("Esc stops the reading of disks", "[gui]") {
    Rig rig;
    rig.engine.wait_for_cancel = true;
    rig.app.start();
    rig.frames(3);
    keep(rig, "working");
    rig.hold(InputKey::escape);
    rig.release(InputKey::escape);
    rig.frames(4);
    CHECK(rig.settle());
    CHECK(rig.model().page == Page::overview);
    CHECK(rig.model().note == "Stopped. Nothing was written.");
    CHECK(rig.focused() == "look");
}

TEST_CASE("a finding's page tells what was seen and scrolls with PgDn", "[gui]") {
    Rig rig(800, 600);
    rig.start();
    REQUIRE(rig.tab_to("finding.windows1.win.xen-class-filter"));
    rig.press(InputKey::enter);
    REQUIRE(rig.model().page == Page::finding);
    CHECK(rig.focused() == "back");
    const auto top = rig.picture().pixels;
    rig.press(InputKey::page_down);
    CHECK((rig.picture().pixels != top));
    CHECK(rig.focused() == "back");
    rig.press(InputKey::page_up);
    CHECK((rig.picture().pixels == top));
}

TEST_CASE("what does not fit a small screen can be scrolled to with the keyboard", "[gui]") {
    Rig rig(800, 600);
    for (int i = 0; i < 20; ++i)
        rig.engine.inspection.guests[1].obstacles.push_back(
            {ErrorKind::refused, "", "Reason " + std::to_string(i), "do this"});
    rig.start();
    REQUIRE(rig.tab_to("guest.linux1"));
    const auto before = rig.picture().pixels;
    rig.press(InputKey::end);
    CHECK((rig.picture().pixels != before));
    CHECK(rig.focused() == "guest.linux1");
}

TEST_CASE("the lines for the log say what happened and where the widgets are", "[gui]") {
    Rig rig;
    rig.start();
    const auto has = [&](std::string_view start) {
        for (const auto& line : rig.marks)
            if (line.starts_with(start))
                return true;
        return false;
    };
    CHECK(has("looked at 2 disks, 2 guests, 3 problems"));
    CHECK(has("page overview"));
    CHECK(has("widget preview "));
    rig.to_confirm();
    CHECK(has("staged 2 repairs, 2 files"));
    rig.press(InputKey::space);
    REQUIRE(rig.click("apply"));
    CHECK(has("applied 5 blocks, undo file /run/lifeboat/undo/undo-1.lifeboat"));
}

TEST_CASE("what the guest wrote can not break the screen", "[gui]") {
    Rig rig(800, 600);
    auto& seen = rig.engine.inspection;
    seen.guests[0].title = std::string(5000, 'W') + "##id\n%s%n\x1b[2J";
    seen.findings[0].title = "\xff\xfe%s##\xe2\x80\xae" + std::string(3000, 'x');
    seen.findings[0].evidence = std::vector<std::string>(300, std::string(2000, '{'));
    seen.disks[0].volumes[0].label = "%s%s%s%n";
    rig.start();
    check_inside(rig, 800, 600);
    REQUIRE(rig.click("finding.windows1.win.xen-class-filter"));
    check_inside(rig, 800, 600);
    keep(rig, "hostile");
}

namespace {

std::vector<session::KeptInfo> two_sets() {
    session::KeptInfo old{
        "windows1", "20261101T101500Z", "/Lifeboat/20261101T101500Z", {"win.xen-services"}, {}, {}};
    old.files = {{"/Windows/System32/config/SYSTEM", "", "changed", "as_left", true}};
    session::KeptInfo fresh{"linux1",
                            "20261102T093000Z",
                            "/var/lib/lifeboat/20261102T093000Z",
                            {"linux.getty", "linux.fstab"},
                            {},
                            {}};
    fresh.files = {{"/etc/fstab", "", "changed", "changed", true},
                   {"/etc/inittab", "", "changed", "as_left", true},
                   {"/etc/default/grub", "", "changed", "original", true},
                   {"/boot/grub/grub.cfg", "", "changed", "as_left", false}};
    return {old, fresh};
}

} // namespace

TEST_CASE("a hibernated Windows is repaired only after its price was agreed to", "[gui]") {
    Rig rig;
    for (auto& guest : rig.engine.inspection.guests)
        if (guest.id == "windows1") {
            guest.verdict = session::Verdict::refused;
            guest.obstacles = {{ErrorKind::refused, "disk 1, partition 2",
                                "Windows is hibernated on this volume", "shut it down fully",
                                "--discard-hibernation"}};
            guest.ways = {"--discard-hibernation"};
        }
    rig.start();
    keep(rig, "hibernated");
    for (const auto& key : rig.model().chosen)
        CHECK(key.guest != "windows1");
    REQUIRE(rig.tab_to("way.windows1.--discard-hibernation"));
    rig.press(InputKey::space);
    keep(rig, "hibernated-agreed");
    CHECK(rig.model().agreed.count({"windows1", "--discard-hibernation"}) == 1);
    CHECK(rig.model().chosen.count({"windows1", "win.xen-class-filter"}) == 1);
    check_inside(rig, 1024, 768);
    check_apart(rig);
    rig.press(InputKey::f8);
    REQUIRE(rig.model().page == Page::preview);
    CHECK(rig.engine.calls().back().starts_with("stage windows1--discard-hibernation windows1/"));
    rig.press(InputKey::escape);
    rig.press(InputKey::f5); // looked at again: nothing is agreed to any more
    CHECK(rig.model().agreed.empty());
    for (const auto& key : rig.model().chosen)
        CHECK(key.guest != "windows1");
}

TEST_CASE("each of two hibernated Windows has its own question", "[gui]") {
    Rig rig;
    auto& seen = rig.engine.inspection;
    auto& first = seen.guests[0];
    first.verdict = session::Verdict::refused;
    first.obstacles = {{ErrorKind::refused, "disk 1, partition 2",
                        "Windows is hibernated on this volume", "shut it down fully",
                        "--discard-hibernation"}};
    first.ways = {"--discard-hibernation"};
    auto second = first;
    second.id = "windows2";
    seen.guests.insert(seen.guests.begin() + 1, second);
    auto finding = seen.findings[0];
    finding.guest = "windows2";
    seen.findings.push_back(finding);
    rig.start();
    CHECK(rig.model().chosen.empty());
    REQUIRE(rig.tab_to("way.windows1.--discard-hibernation"));
    REQUIRE(rig.tab_to("way.windows2.--discard-hibernation"));
    rig.press(InputKey::space);
    keep(rig, "hibernated-second");
    check_inside(rig, 1024, 768);
    check_apart(rig);
    rig.press(InputKey::f8);
    REQUIRE(rig.model().page == Page::preview);
    CHECK(rig.engine.calls().back() ==
          "stage windows2--discard-hibernation windows2/win.xen-class-filter");
}

TEST_CASE("originals are put back with the keyboard alone, what changed since only by force",
          "[gui]") {
    Rig rig;
    rig.engine.originals = two_sets();
    rig.start();
    REQUIRE(rig.tab_to("kept"));
    rig.press(InputKey::enter);
    REQUIRE(rig.model().page == Page::kept);
    CHECK(rig.focused() == "kept.0");
    keep(rig, "kept");
    check_inside(rig, 1024, 768);
    check_apart(rig);
    // The newest first; what was changed since, is the original, or has no sound copy is not
    // chosen.
    CHECK(rig.model().put_back == std::set<std::string>{"/etc/inittab"});
    CHECK_FALSE(rig.widget("file./etc/fstab")->enabled);
    rig.press(InputKey::down);
    rig.press(InputKey::enter);
    CHECK(rig.model().put_back == std::set<std::string>{"/Windows/System32/config/SYSTEM"});
    rig.press(InputKey::up);
    rig.press(InputKey::enter);
    REQUIRE(rig.tab_to("force"));
    rig.press(InputKey::space);
    keep(rig, "kept-forced");
    CHECK(rig.model().put_back == std::set<std::string>{"/etc/fstab", "/etc/inittab"});
    REQUIRE(rig.tab_to("file./etc/inittab"));
    rig.press(InputKey::space);
    rig.press(InputKey::f8);
    REQUIRE(rig.model().page == Page::preview);
    CHECK(rig.engine.calls().back() == "restore linux1 20261102T093000Z force /etc/fstab");
    rig.press(InputKey::escape);
    CHECK(rig.model().page == Page::overview);
    CHECK(rig.engine.count("commit") == 0);
}

TEST_CASE("originals that cannot be looked for are told on the overview", "[gui]") {
    Rig rig;
    rig.engine.kept_error = Error{ErrorKind::damaged, "windows1", "the folder is damaged", ""};
    rig.start();
    keep(rig, "kept-error");
    CHECK(rig.model().kept_error);
    CHECK_FALSE(rig.widget("kept"));
}
