// SPDX-License-Identifier: GPL-2.0-or-later
// Staging with repairs made for these tests, on a small ext4 disk.
#include "session/stage.hpp"

#include "session/edit.hpp"
#include "session/inspect.hpp"
#include "support/images.hpp"

using namespace lifeboat;
using namespace lifeboat::session;
using test::TempDir;

namespace {

constexpr const char* kMarker = "/etc/marker";

// Trouble while the marker is missing.
repair::Diagnosis wants_marker(const guest::Guest& guest) {
    const auto there = guest.tree().exists(kMarker);
    if (!there)
        return repair::CouldNotLook{there.error().text()};
    if (*there)
        return repair::Healthy{};
    return repair::Trouble{repair::Severity::critical, {"/etc: no marker"}};
}
// The opposite: fine until somebody makes it.
repair::Diagnosis hates_marker(const guest::Guest& guest) {
    const auto there = guest.tree().exists(kMarker);
    if (there && *there)
        return repair::Trouble{repair::Severity::critical, {"/etc: a marker"}};
    return repair::Healthy{};
}
repair::Diagnosis always_trouble(const guest::Guest& /*guest*/) {
    return repair::Trouble{repair::Severity::warning, {"always"}};
}
repair::Diagnosis cannot_look(const guest::Guest& /*guest*/) {
    return repair::CouldNotLook{"it was dark"};
}

Result<void> write_marker(guest::Editor& editor) {
    editor.note("Write the marker");
    return editor.write_text(kMarker, "here\n");
}
Result<void> write_then_fail(guest::Editor& editor) {
    LIFEBOAT_CHECK(editor.write_text("/etc/half", "done\n"));
    return fail(ErrorKind::io, "/etc/half", "the other half failed");
}
Result<void> nothing(guest::Editor& /*editor*/) { return {}; }

using Diagnose = repair::Diagnosis (*)(const guest::Guest&);
using Apply = Result<void> (*)(guest::Editor&);

repair::Repair made(std::string_view id, Diagnose diagnose, Apply apply) {
    return {id, id, "why", "none known", guest::Family::linux_, diagnose, apply};
}

class LinuxDisk {
public:
    LinuxDisk() {
        const auto etc = test::files::path(dir_.file("root")) / "etc";
        test::files::create_directories(etc);
        test::files::create_directories(dir_.file("root/sbin"));
        test::files::create_directories(dir_.file("root/lib/systemd"));
        test::write_file((etc / "os-release").string(), "ID=debian\nVERSION_ID=\"12\"\n");
        test::write_file((etc / "fstab").string(), "/dev/sda1 / ext4 defaults 0 1\n");
        test::write_file(dir_.file("root/lib/systemd/systemd"), "x");
        test::files::create_symlink("/lib/systemd/systemd", dir_.file("root/sbin/init"));
        test::make_ext(path(), 16 * test::kMiB, {"-t", "ext4"}, dir_.file("root"));
        Progress progress;
        auto opened = open_disks({path()}, {}, progress);
        INFO((opened ? "" : opened.error().text()));
        REQUIRE(opened);
        disks_ = std::move(*opened);
    }
    [[nodiscard]] std::string path() const { return dir_.file("disk.img"); }
    [[nodiscard]] const OpenDisks& disks() const { return disks_; }
    [[nodiscard]] Result<Preview> stage(const std::vector<repair::Repair>& catalogue,
                                        const std::vector<Choice>& choices = {}) const {
        Progress progress;
        return stage_repairs(disks_, choices, catalogue, progress);
    }
    [[nodiscard]] std::size_t changed_blocks() const {
        const auto changes = disks_.front().overlay->changes();
        REQUIRE(changes);
        return changes->size();
    }

private:
    TempDir dir_;
    OpenDisks disks_;
};

Error error_of(const Result<Preview>& preview) {
    REQUIRE_FALSE(preview);
    return preview.error();
}

} // namespace

TEST_CASE("a repair is staged, described, and found healthy afterwards", "[session]") {
    const LinuxDisk disk;
    const auto preview = disk.stage({made("linux.marker", wants_marker, write_marker)});
    INFO((preview ? "" : preview.error().text()));
    REQUIRE(preview);
    REQUIRE(preview->repairs.size() == 1);
    CHECK(preview->repairs[0].sentences == std::vector<std::string>{"Write the marker"});
    REQUIRE(preview->files.size() == 1);
    CHECK(preview->files[0].path == kMarker);
    CHECK(preview->files[0].kind == "created");
    CHECK(preview->files[0].diff == "--- /dev/null\n+++ b/etc/marker\n@@ -0,0 +1 @@\n+here\n");
    REQUIRE(preview->blocks.size() == 1);
    CHECK(preview->blocks[0].blocks == disk.changed_blocks());

    Progress progress;
    const auto again = disk.stage({made("linux.marker", wants_marker, write_marker)});
    REQUIRE(again);
    CHECK(again->empty()); // it sees the overlay: nothing is left to do
}

TEST_CASE("a repair that fails half way fails as a whole, and says where", "[session]") {
    const LinuxDisk disk;
    const auto error = error_of(disk.stage({made("linux.marker", wants_marker, write_marker),
                                            made("linux.half", always_trouble, write_then_fail)}));
    CHECK(error.kind == ErrorKind::io);
    CHECK(error.where == "linux1, linux.half, /etc/half");
}

TEST_CASE("a repair that does not cure what it found is not accepted", "[session]") {
    const LinuxDisk disk;
    const auto error = error_of(disk.stage({made("linux.lie", always_trouble, write_marker)}));
    CHECK(error.kind == ErrorKind::internal);
    CHECK(error.what.find("did not cure") != std::string::npos);
    CHECK(error_of(disk.stage({made("linux.lazy", always_trouble, nothing)})).kind ==
          ErrorKind::internal);
}

TEST_CASE("a repair that spoils what was healthy is not accepted", "[session]") {
    const LinuxDisk disk;
    const auto error = error_of(disk.stage({made("linux.marker", wants_marker, write_marker),
                                            made("linux.fine", hates_marker, nothing)}));
    CHECK(error.what.find("was healthy before") != std::string::npos);
}

TEST_CASE("what could not be looked at is not repaired blindly", "[session]") {
    const LinuxDisk disk;
    const std::vector<repair::Repair> catalogue = {made("linux.dark", cannot_look, write_marker)};
    const auto all = disk.stage(catalogue);
    REQUIRE(all);
    CHECK(all->empty());
    const auto error = error_of(disk.stage(catalogue, {{"linux.dark", ""}}));
    CHECK(error.kind == ErrorKind::refused);
    CHECK(error.what.find("it was dark") != std::string::npos);
}

TEST_CASE("unknown repairs and guests are usage errors", "[session]") {
    const LinuxDisk disk;
    const std::vector<repair::Repair> catalogue = {made("linux.x", wants_marker, write_marker)};
    CHECK(error_of(disk.stage(catalogue, {{"linux.y", ""}})).kind == ErrorKind::usage);
    CHECK(error_of(disk.stage(catalogue, {{"linux.x", "linux2"}})).kind == ErrorKind::usage);
    CHECK(disk.changed_blocks() == 0);
}

TEST_CASE("verification sees a file that is not what was meant", "[session]") {
    const LinuxDisk disk;
    REQUIRE(disk.stage({made("linux.marker", wants_marker, write_marker)}));
    Progress progress;
    Staged staged;
    PlacedChange change;
    change.change = {
        guest::FileChangeKind::created, "disk 1", kMarker, "", false, {}, {}, to_bytes("here\n")};
    change.path_in_volume = kMarker;
    staged.changes = {change};
    const auto right = verify_files(disk.disks(), staged, progress);
    INFO((right ? "" : right.error().text()));
    CHECK(right);
    staged.changes[0].change.after = to_bytes("there\n");
    CHECK_FALSE(verify_files(disk.disks(), staged, progress));
    staged.changes[0].change.kind = guest::FileChangeKind::removed;
    CHECK_FALSE(verify_files(disk.disks(), staged, progress));
    staged.changes.clear();
    const auto unexplained = verify_files(disk.disks(), staged, progress);
    REQUIRE_FALSE(unexplained);
    CHECK(unexplained.error().what.find("although no file") != std::string::npos);
}

TEST_CASE("stopping is possible until something is written", "[session]") {
    struct Stop final : Progress {
        bool cancelled() const override { return true; }
    };
    const LinuxDisk disk;
    Stop stop;
    const auto opened = open_disks({disk.path()}, {}, stop);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().kind == ErrorKind::cancelled);
    auto session = [&] {
        Progress progress;
        return Session::open({disk.path()}, {}, progress);
    }();
    REQUIRE(session);
    CHECK(error_of(session->stage_put("0", "/etc/x", to_bytes("x"), stop)).kind ==
          ErrorKind::cancelled);
}

TEST_CASE("volumes are named by number, or by disk and number", "[session]") {
    const LinuxDisk one;
    const LinuxDisk two;
    Progress progress;
    const auto disks = open_disks({one.path(), two.path()}, {}, progress);
    REQUIRE(disks);
    const auto second = find_volume(*disks, "2:0");
    REQUIRE(second);
    CHECK(second->disk == 1);
    CHECK(find_volume(*disks, "0").error().kind == ErrorKind::usage); // both have it
    CHECK(find_volume(*disks, "1:7").error().kind == ErrorKind::not_found);
    CHECK(find_volume(*disks, "x:0").error().kind == ErrorKind::usage);
    CHECK(open_disks({one.path(), one.path()}, {}, progress).error().kind == ErrorKind::usage);
    CHECK(open_disks({}, {}, progress).error().kind == ErrorKind::usage);
}

TEST_CASE("a commit leaves the session as the disk is now, and undo puts it back", "[session]") {
    const LinuxDisk disk;
    Progress progress;
    const auto before = test::read_file(disk.path());
    auto session = Session::open({disk.path()}, {}, progress);
    REQUIRE(session);
    CHECK(session->commit(disk.path() + ".undo", progress).error().kind == ErrorKind::usage);
    REQUIRE(session->stage_put("0", "/etc/new", to_bytes("new\n"), progress));
    CHECK(test::read_file(disk.path()) == before); // staged only
    session->discard();
    CHECK(session->read_file("0", "/etc/new").error().kind == ErrorKind::not_found);
    REQUIRE(session->stage_put("0", "/etc/new", to_bytes("new\n"), progress));
    const auto undo_file = disk.path() + ".undo";
    const auto written = session->commit(undo_file, progress);
    INFO((written ? "" : written.error().text()));
    REQUIRE(written);
    CHECK(written->blocks > 0);
    CHECK(written->undo_file == undo_file);
    const auto content = session->read_file("0", "/etc/new");
    REQUIRE(content);
    CHECK(to_text(*content) == "new\n");
    test::check_ext(disk.path());
    const std::vector<std::string> paths = {disk.path()};
    REQUIRE(undo(undo_file, paths, progress));
    CHECK(test::read_file(disk.path()) == before);
}
