// SPDX-License-Identifier: GPL-2.0-or-later
// The text menu, driven by lines that a person would type.
#include "cli/menu.hpp"
#include "cli/menu_pager.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <deque>

using namespace lifeboat;
using namespace lifeboat::cli;
using session::Outcome;
using session::Verdict;

namespace {

class Typist final : public MenuTerminal {
public:
    explicit Typist(std::deque<std::string> lines) : lines_(std::move(lines)) {}
    void write(std::string_view text) override { seen += text; }
    std::optional<std::string> read_line() override {
        if (lines_.empty())
            return std::nullopt;
        auto line = lines_.front();
        lines_.pop_front();
        seen += line + "\n";
        return line;
    }
    [[nodiscard]] bool has(std::string_view text) const {
        return seen.find(text) != std::string::npos;
    }
    std::string seen;

private:
    std::deque<std::string> lines_;
};

session::Inspection one_guest() {
    session::Inspection out;
    session::DiskInfo disk;
    disk.path = "/dev/vda";
    disk.size = 1 << 30;
    disk.table = "mbr";
    out.disks = {disk};
    out.guests = {{"windows1",
                   "windows",
                   "Windows Server 2012",
                   "6.2",
                   "x86_64",
                   "disk 1, partition 1",
                   "",
                   Verdict::repairable,
                   {}},
                  {"linux1",
                   "linux",
                   "Debian",
                   "12",
                   "x86_64",
                   "disk 1, partition 2",
                   "systemd",
                   Verdict::refused,
                   {{ErrorKind::refused, "disk 1", "journal is dirty", "boot it"}}}};
    out.findings = {
        {"linux.console", "linux1", Outcome::trouble, "critical", "hvc0", "", "", {}},
        {"win.services",
         "windows1",
         Outcome::trouble,
         "warning",
         "Xen services",
         "why",
         "none",
         {"evidence \x1b[2J here"}},
        {"win.filter", "windows1", Outcome::trouble, "critical", "Xen filters", "", "", {}},
        {"win.fine", "windows1", Outcome::healthy, "", "All is well", "", "", {}}};
    return out;
}

class FakeEngine final : public session::Engine {
public:
    std::vector<std::string> disks() const override { return {"/dev/vda"}; }
    Result<session::Inspection> look(Progress& progress) override {
        calls.push_back("look");
        progress.report("Reading disk 1", 0.25);
        if (look_error)
            return fail(*look_error);
        return inspection;
    }
    Result<std::vector<session::KeptInfo>> kept(Progress&) override {
        if (kept_error)
            return fail(*kept_error);
        return originals;
    }
    Result<session::Preview> stage_restore(const session::RestoreChoice& choice,
                                           const session::Agreements& agreed,
                                           Progress& progress) override {
        auto out = stage({}, agreed, progress);
        calls.back() =
            "restore " + choice.guest + " " + choice.time + (choice.force ? " force" : "");
        out->conflicts = {{choice.guest, "/etc/fstab", "it was changed since"}};
        return out;
    }
    Result<session::Preview> stage(std::span<const session::Choice> choices,
                                   const session::Agreements& agreed, Progress&) override {
        std::string call = "stage";
        for (const auto& one : agreed)
            call += " " + one.guest + one.option;
        for (const auto& choice : choices)
            call += " " + choice.guest + "/" + choice.repair;
        calls.push_back(call);
        session::Preview out;
        out.repairs = {{"win.filter", "windows1", "Xen filters", {"Take xenfilt out"}}};
        session::FileChangeInfo hive;
        hive.path = "/Windows/System32/config/SYSTEM";
        hive.kind = "changed";
        out.files = {hive};
        out.blocks = {{"/dev/vda", 4, 16384}};
        return out;
    }
    void discard() override {}
    Result<session::CommitInfo> commit(Progress&) override {
        calls.push_back("commit");
        if (commit_error)
            return fail(*commit_error);
        return session::CommitInfo{4, 16384, "/run/undo-1"};
    }
    Result<session::CommitInfo> undo(const std::string& file, Progress&) override {
        calls.push_back("undo " + file);
        return session::CommitInfo{4, 16384, file};
    }
    std::optional<std::string_view> page(std::string_view id) const override {
        if (id == "win.services")
            return "The page about services.";
        return std::nullopt;
    }
    [[nodiscard]] bool called(std::string_view call) const {
        return std::find(calls.begin(), calls.end(), call) != calls.end();
    }
    std::vector<std::string> calls;
    session::Inspection inspection = one_guest();
    std::vector<session::KeptInfo> originals;
    std::optional<Error> look_error, commit_error, kept_error;
};

struct Talk {
    explicit Talk(std::deque<std::string> lines, std::size_t rows = 1000)
        : typist(std::move(lines)) {
        options.rows = rows;
    }
    int run() { return run_menu(engine, typist, options); }
    FakeEngine engine;
    Typist typist;
    MenuOptions options;
};

} // namespace

TEST_CASE("the text menu lists disks, guests and numbered findings, the worst first", "[menu]") {
    Talk talk({"q"});
    CHECK(talk.run() == 0);
    const auto& seen = talk.typist.seen;
    CHECK(talk.typist.has("/dev/vda, 1 GiB, mbr"));
    CHECK(talk.typist.has("windows1: Windows Server 2012, disk 1, partition 1: can be repaired"));
    CHECK(talk.typist.has("REFUSED"));
    CHECK(talk.typist.has("1 [ ] CRITICAL: hvc0 (linux1)")); // refused: not chosen
    CHECK(talk.typist.has("2 [x] CRITICAL: Xen filters (windows1)"));
    CHECK(talk.typist.has("3 [x] WARNING: Xen services (windows1)"));
    CHECK(seen.find("All is well") == std::string::npos);
}

TEST_CASE("the text menu repairs and undoes", "[menu]") {
    Talk talk({"p", "apply", "yes", "u", "yes", "q"});
    CHECK(talk.run() == 0);
    CHECK(talk.engine.calls ==
          std::vector<std::string>{"look", "stage windows1/win.services windows1/win.filter",
                                   "commit", "look", "undo /run/undo-1", "look"});
    CHECK(talk.typist.has("Take xenfilt out"));
    CHECK(talk.typist.has("DONE: the changes are written, 4 blocks"));
    CHECK(talk.typist.has("UNDONE"));
}

TEST_CASE("the text menu writes nothing without a preview and a typed yes", "[menu]") {
    const std::vector<std::deque<std::string>> refused = {
        {"apply", "yes"},             // no preview
        {"p", "yes"},                 // not asked
        {"p", "apply", "y"},          // not the word
        {"p", "apply", "YES"},        // not the word
        {"p", "apply"},               // the input ends at the question
        {"p", "x 2", "apply", "yes"}, // chosen anew: the preview does not hold
        {"p", "l", "apply", "yes"},   // looked anew
        {"p", "apply", "no", "q"},
        {"n", "p", "apply", "yes"}, // nothing chosen
    };
    for (const auto& lines : refused) {
        Talk talk(lines);
        CHECK(talk.run() == 0);
        INFO(talk.typist.seen);
        CHECK_FALSE(talk.engine.called("commit"));
    }
}

TEST_CASE("the text menu chooses only what can be repaired", "[menu]") {
    Talk talk({"x 1", "x 3", "p", "n", "a", "p", "x 99", "x", "x two", "99999999999999999999"});
    CHECK(talk.run() == 0);
    CHECK(talk.typist.has("can not be repaired here"));
    CHECK(talk.engine.called("stage windows1/win.filter"));
    CHECK(talk.engine.called("stage windows1/win.services windows1/win.filter"));
    CHECK(talk.typist.has("Type x and the number"));
    CHECK(talk.typist.has("That is not a command"));
}

TEST_CASE("the text menu explains, and guest text can not drive the terminal", "[menu]") {
    Talk talk({"3"});
    CHECK(talk.run() == 0);
    CHECK(talk.typist.has("The page about services."));
    CHECK(talk.typist.has("evidence \\x1b[2J here"));
    CHECK_FALSE(talk.typist.has("\x1b"));
}

TEST_CASE("a failure is told, and the exit code says so", "[menu]") {
    Talk failed({"p", "apply", "yes"});
    failed.engine.commit_error =
        Error{ErrorKind::io, "/dev/vda", "writing failed", "use the undo file"};
    CHECK(failed.run() == 4);
    CHECK(failed.typist.has("were not written completely"));
    CHECK(failed.typist.has("What to do: use the undo file."));

    Talk blind({"", "p", "3", "q"});
    blind.engine.look_error =
        Error{ErrorKind::not_found, "this machine", "no disk is attached", ""};
    CHECK(blind.run() == 4);
    CHECK(blind.typist.has("no disk is attached"));
    CHECK_FALSE(blind.engine.called("commit"));
}

TEST_CASE("only a machine of ours is offered to be restarted, and it is asked once more",
          "[menu]") {
    int restarted = 0;
    Talk elsewhere({"r", "yes", "?"});
    CHECK(elsewhere.run() == 0);
    CHECK_FALSE(elsewhere.typist.has("restart this machine"));

    Talk ours({"r", "no", "r", "yes", "l"});
    ours.options.restart = [&] { ++restarted; };
    CHECK(ours.run() == 0);
    CHECK(restarted == 1);
    CHECK(ours.engine.calls == std::vector<std::string>{"look"}); // and nothing after it
}

TEST_CASE("long text stops at every page and never runs over the edge", "[menu]") {
    std::string text;
    for (int i = 0; i < 60; ++i)
        text += "line " + std::to_string(i) + " " + std::string(i == 7 ? 300 : 5, 'x') + "\n";
    Typist all({"", "", "", ""});
    CHECK(show_pages(all, text, 24, 80));
    CHECK(all.has("line 59"));
    CHECK(all.has("line 22 of "));
    Typist some({"q"});
    CHECK(show_pages(some, text, 24, 80));
    CHECK_FALSE(some.has("line 30"));
    Typist gone({});
    CHECK_FALSE(show_pages(gone, text, 24, 80));
    for (const auto& line : wrapped(text, 79))
        CHECK(line.size() <= 79);
    CHECK(wrapped("a\tb\r\n\xff\n", 79) == std::vector<std::string>{"a    b", "\\xff"});
    CHECK(wrapped("  " + std::string(30, 'a') + " " + std::string(30, 'b'), 40) ==
          std::vector<std::string>{"  " + std::string(30, 'a'), "  " + std::string(30, 'b')});
    std::string umlauts;
    for (int i = 0; i < 100; ++i)
        umlauts += "ä";
    CHECK(wrapped(umlauts, 50) ==
          std::vector<std::string>{umlauts.substr(0, 100), umlauts.substr(100)});
}

TEST_CASE("the menu stops when the person asks to stop", "[menu]") {
    Talk talk({"l", "q"});
    talk.engine.look_error = Error{ErrorKind::cancelled, "disk 1", "stopped", ""};
    CHECK(talk.run() == 4);
    CHECK(talk.engine.calls.size() == 1);
}

namespace {

// Both guests are refused: one is hibernated, the other has a journal; and a third obstacle that
// nothing clears, when asked for.
session::Inspection two_obstacles(bool hopeless) {
    auto out = one_guest();
    out.guests[0].verdict = Verdict::refused;
    out.guests[0].obstacles = {
        {ErrorKind::refused, "disk 1", "hibernated", "wake it", "--discard-hibernation"}};
    out.guests[0].ways = {"--discard-hibernation"};
    out.guests[1].obstacles[0].option = "--replay-journal";
    if (hopeless)
        out.guests[1].obstacles.push_back(
            {ErrorKind::refused, "disk 1", "encrypted", "decrypt it"});
    else
        out.guests[1].ways = {"--replay-journal"};
    return out;
}

} // namespace

TEST_CASE("the text menu goes past a hibernation only when told so, and names the price",
          "[menu]") {
    Talk talk({"a", "p", "w 1", "p", "apply", "yes", "q"});
    talk.engine.inspection = two_obstacles(false);
    CHECK(talk.run() == 0);
    CHECK(talk.typist.has("w 1 [ ] windows1: Discard the hibernation of Windows. What"));
    CHECK(talk.typist.has("w 2 [ ] linux1: Apply the journal"));
    CHECK(talk.typist.has("No repair is chosen")); // what "a" could choose
    CHECK(talk.typist.has("w 1 [x] windows1: Discard"));
    CHECK(talk.engine.calls ==
          std::vector<std::string>{
              "look",
              "stage windows1--discard-hibernation windows1/win.services windows1/win.filter",
              "commit", "look"});
}

TEST_CASE("the text menu takes a way back, and none helps against what nothing clears", "[menu]") {
    Talk talk({"w 1", "w 1", "p", "w 2", "a", "p", "w 3", "w", "q"});
    talk.engine.inspection = two_obstacles(true);
    CHECK(talk.run() == 0);
    CHECK(talk.engine.calls == std::vector<std::string>{"look"});
    CHECK(talk.typist.has("Type w and the number"));
}

TEST_CASE("the text menu forgets an agreed price when it looks again", "[menu]") {
    Talk talk({"w 1", "l", "a", "p", "q"});
    talk.engine.inspection = two_obstacles(false);
    CHECK(talk.run() == 0);
    CHECK(talk.engine.calls == std::vector<std::string>{"look", "look"});
}

TEST_CASE("the text menu lists originals, the newest first, and puts them back", "[menu]") {
    Talk talk({"k", "b 1", "b 2 force", "apply", "yes", "b 3", "b", "q"});
    talk.engine.originals = {
        {"windows1", "20261101T000000Z", "/Lifeboat/a", {"win.x"}, {}, {}},
        {"linux1", "20261102T000000Z", "/var/lib/lifeboat/b", {"linux.y"}, {}, {}}};
    CHECK(talk.run() == 0);
    CHECK(talk.typist.has("Originals of 2 repairs are kept"));
    CHECK(talk.typist.has("1  20261102T000000Z, in linux1: linux.y"));
    CHECK(talk.typist.has("left alone: /etc/fstab"));
    CHECK(talk.typist.has("Type k for the list"));
    CHECK(talk.engine.calls == std::vector<std::string>{"look", "restore linux1 20261102T000000Z",
                                                        "restore windows1 20261101T000000Z force",
                                                        "commit", "look"});
}

TEST_CASE("the text menu says when originals could not be looked for", "[menu]") {
    Talk talk({"q"});
    talk.engine.kept_error = Error{ErrorKind::damaged, "windows1", "the folder is damaged", ""};
    CHECK(talk.run() == 0);
    CHECK(talk.typist.has("could not be looked for"));
}

TEST_CASE("the text menu asks for each guest alone, also about the same price", "[menu]") {
    Talk talk({"w 2", "a", "p", "w 1", "a", "p", "q"});
    talk.engine.inspection = two_obstacles(false);
    auto& guests = talk.engine.inspection.guests;
    guests[1].obstacles = guests[0].obstacles;
    guests[1].ways = guests[0].ways;
    CHECK(talk.run() == 0);
    CHECK(talk.typist.has("w 2 [x] linux1: Discard"));
    CHECK(talk.engine.calls ==
          std::vector<std::string>{"look", "stage linux1--discard-hibernation linux1/linux.console",
                                   "stage linux1--discard-hibernation windows1--discard-hibernation"
                                   " linux1/linux.console windows1/win.services"
                                   " windows1/win.filter"});
}
