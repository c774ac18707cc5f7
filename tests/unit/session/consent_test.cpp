// SPDX-License-Identifier: GPL-2.0-or-later
// A yes to the price of a way past an obstacle counts for the guest that it was given for, and no
// way is offered that leads nowhere.
#include "session/consent.hpp"

#include "session/engine.hpp"
#include "session/guarded_engine.hpp"
#include "session/ways.hpp"
#include "support/linux_disk.hpp"
#include "support/lvm.hpp"
#include "support/windows_disk.hpp"

using namespace lifeboat;
using namespace lifeboat::session;
using namespace lifeboat::test;

namespace {

const std::string kDiscard = "--discard-hibernation";
const std::string kReplay = "--replay-journal";

// A Windows that came from Xen and sleeps.
std::string hibernated(const TempDir& dir, const std::string& name) {
    auto system = tests::sound_windows10();
    tests::infect(system, "ControlSet001");
    make_windows(dir, tests::stored(system), name,
                 {{"/hiberfil.sys", to_bytes("hibr" + std::string(300000, 'm'))}});
    return dir.file(name);
}

Inspection look(Engine& engine) {
    Progress quiet;
    auto seen = engine.look(quiet);
    INFO((seen ? "" : seen.error().text()));
    REQUIRE(seen);
    return std::move(*seen);
}

// Stages all that is found in this guest, or in every one.
Result<Preview> stage(Engine& engine, const std::string& guest, const Agreements& agreed) {
    Progress quiet;
    const std::vector<Choice> choices = {{"", guest}};
    return engine.stage(choices, agreed, quiet);
}

std::string why_not(const Result<Preview>& preview, ErrorKind kind) {
    REQUIRE_FALSE(preview);
    CHECK(preview.error().kind == kind);
    return preview.error().text();
}

} // namespace

TEST_CASE("a yes for one of two hibernated Windows changes that one alone", "[session]") {
    const TempDir dir;
    const auto first = hibernated(dir, "first.img");
    const auto second = hibernated(dir, "second.img");
    const auto first_before = hash_of(first);
    const auto second_before = hash_of(second);
    std::unique_ptr<Engine> engine;
    SECTION("in this process") { engine = make_engine({first, second}, dir.file("undo")); }
    SECTION("in a child that may read and write these disks alone") {
        engine = make_guarded_engine({first, second}, dir.file("undo"), "/sys/block").value();
    }
    Progress quiet;

    auto seen = look(*engine);
    REQUIRE(seen.guests.size() == 2);
    for (const auto& guest : seen.guests) {
        CHECK(guest.verdict == Verdict::refused);
        CHECK(guest.obstacles.size() == 1);
        CHECK(guest.ways == std::vector<std::string>{kDiscard});
    }
    const Agreements yes = {{"windows2", kDiscard}};
    CHECK_FALSE(may_change(seen.guests[0], yes));
    CHECK(may_change(seen.guests[1], yes));

    const auto refused = ErrorKind::refused;
    CHECK(why_not(stage(*engine, "windows2", {}), refused).find("disk 2") == 0);
    CHECK(why_not(stage(*engine, "windows2", {{"windows1", kDiscard}}), refused).find("disk 2") ==
          0);
    CHECK(why_not(stage(*engine, "", yes), refused).find("disk 1") == 0);

    const auto staged = stage(*engine, "windows2", yes);
    INFO((staged ? "" : staged.error().text()));
    REQUIRE(staged);
    REQUIRE(staged->blocks.size() == 1);
    CHECK(staged->blocks[0].disk == second);
    // It is not remembered.
    CHECK(why_not(stage(*engine, "windows2", {}), refused).find("disk 2") == 0);
    // Who agreed is written to only when something is repaired there.
    const auto both = stage(*engine, "windows2", {{"windows1", kDiscard}, {"windows2", kDiscard}});
    REQUIRE(both);
    CHECK(both->blocks.size() == 1);
    CHECK(both->blocks[0].disk == second);

    const auto written = engine->commit(quiet);
    REQUIRE(written);
    CHECK(hash_of(first) == first_before);
    CHECK(hash_of(second) != second_before);
    seen = look(*engine);
    CHECK(seen.guests[0].ways == std::vector<std::string>{kDiscard});
    CHECK(seen.guests[1].verdict == Verdict::healthy);
    REQUIRE(engine->undo(written->undo_file, quiet));
    CHECK(hash_of(first) == first_before);
    CHECK(hash_of(second) == second_before);
}

TEST_CASE("nobody can agree for a guest that is not there, or to what is no way", "[session]") {
    const TempDir dir;
    const auto engine = make_engine({hibernated(dir, "disk.img")}, dir.file("undo"));
    look(*engine);
    const auto usage = ErrorKind::usage;
    const Agreements good = {{"windows1", kDiscard}};
    const auto has = [](const std::string& text, std::string_view part) {
        return text.find(part) != std::string::npos;
    };
    CHECK(has(why_not(stage(*engine, "", {{"windows7", kDiscard}}), usage), "no guest"));
    CHECK(has(why_not(stage(*engine, "", {{"", kDiscard}}), usage), "no guest"));
    CHECK(has(why_not(stage(*engine, "", {{"windows1", "--force"}}), usage), "no way past"));
    // One that makes no sense takes the others with it.
    CHECK(why_not(stage(*engine, "", {{"windows1", kDiscard}, {"linux1", kReplay}}), usage)
              .find("linux1") == 0);
    Progress quiet;
    CHECK(engine->commit(quiet).error().kind == usage);
    CHECK(stage(*engine, "", good));
    const RestoreChoice latest{"latest", "", {}, false};
    CHECK(why_not(engine->stage_restore(latest, {{"windows7", kDiscard}}, quiet), usage)
              .find("windows7") == 0);
    CHECK(engine->commit(quiet).error().kind == usage); // the preview before it is dropped
}

namespace {

// Sets the flag in $Volume that chkdsk is due, in the table of files and in its copy (layout:
// ntfs-3g, include/ntfs-3g/layout.h).
void mark_for_check(const std::string& disk) {
    auto image = to_text(read_file(disk));
    const auto boot = static_cast<std::size_t>(kStart);
    const auto number = [&](std::size_t at) {
        return static_cast<std::size_t>(
            read_le<std::uint64_t>(to_bytes(image.substr(at, 8)), 0).value());
    };
    constexpr std::size_t cluster = 4096, record = 1024;
    for (const auto table : {number(boot + 0x30), number(boot + 0x38)}) {
        const auto volume = boot + table * cluster + 3 * record;
        REQUIRE(image.substr(volume, 4) == "FILE");
        // $VOLUME_INFORMATION: type 0x70, 40 bytes long, resident, no name; version 3.1 at its end.
        const auto attribute = image.find(std::string("\x70\0\0\0\x28\0\0\0", 8), volume);
        REQUIRE(attribute < volume + record);
        REQUIRE(image.substr(attribute + 24 + 8, 2) == "\x03\x01");
        image[attribute + 24 + 10] |= 1;
    }
    write_file(disk, image);
}

// The ext4 of this disk was not unmounted: its journal holds a block full of `content`. `more` goes
// to debugfs first.
void leave_journal(const TempDir& dir, const std::string& disk, const std::string& more = {},
                   const std::string& block = "45000", char content = 'j') {
    need_tools({"debugfs"});
    const auto part = dir.file("dirty");
    take_from_disk(disk, kStart, files::file_size(disk) - 2 * kMiB, part);
    write_file(dir.file("content"), std::string(1024, content));
    write_file(dir.file("commands"),
               more + "jo -c -v 3\njw -b " + block + " " + dir.file("content") + "\njc\n");
    run_ok({"debugfs", "-w", "-f", dir.file("commands"), part});
    put_into_disk(disk, kStart, part);
}

std::string not_shut_down(const TempDir& dir, const std::string& name,
                          const std::string& more = {}) {
    const auto disk = make_linux(dir, name);
    leave_journal(dir, disk, more);
    return disk;
}

// Changes the sequence number in the journal's header, which has a checksum (JBD2).
void bend_journal(const std::string& disk) {
    auto image = to_text(read_file(disk));
    const auto header = image.find(std::string("\xC0\x3B\x39\x98\0\0\0\x04", 8));
    REQUIRE(header != std::string::npos);
    image[header + 27] ^= 0x40;
    write_file(disk, image);
}

bool tells(const GuestInfo& guest, std::string_view words) {
    return std::any_of(guest.obstacles.begin(), guest.obstacles.end(),
                       [&](const Error& one) { return one.what.find(words) != std::string::npos; });
}

} // namespace

TEST_CASE("a way that leads to another obstacle is not offered, and both are told", "[session]") {
    const TempDir dir;
    std::string disk;
    std::string first, second, option;
    auto kind = ErrorKind::refused;
    SECTION("hibernated, and chkdsk is due") {
        disk = hibernated(dir, "disk.img");
        mark_for_check(disk);
        first = "hibernated", second = "marked the volume for a check", option = kDiscard;
    }
    SECTION("a journal, and files that wait to be deleted") {
        disk = not_shut_down(dir, "disk.img", "ssv last_orphan 12\n");
        first = "the journal holds changes", second = "wait to be deleted", option = kReplay;
    }
    SECTION("a journal, and it is damaged") {
        disk = not_shut_down(dir, "disk.img");
        bend_journal(disk);
        first = "the journal holds changes", second = "the journal has", option = kReplay;
        kind = ErrorKind::damaged;
    }
    const auto before = hash_of(disk);
    const auto engine = make_engine({disk}, dir.file("undo"));
    const auto seen = look(*engine);
    REQUIRE(seen.guests.size() == 1);
    const auto& guest = seen.guests[0];
    CHECK(guest.ways.empty());
    CHECK(guest.obstacles.size() == 2);
    CHECK(tells(guest, first));
    CHECK(tells(guest, second));
    CHECK_FALSE(may_change(guest, {{guest.id, option}}));
    // Who agrees all the same is refused with what remains.
    CHECK(why_not(stage(*engine, "", {{guest.id, option}}), kind).find(second) !=
          std::string::npos);
    CHECK(hash_of(disk) == before);
}

TEST_CASE("a way after which the guest is another one, or none, is not offered", "[session]") {
    const TempDir dir;
    const auto disk = make_linux(dir);
    take_from_disk(disk, kStart, files::file_size(disk) - 2 * kMiB, dir.file("part"));
    const auto map = run_ok({"debugfs", "-R", "bmap <2> 0", dir.file("part")});
    const auto root = map.substr(map.find_last_of('\n', map.size() - 2) + 1);
    leave_journal(dir, disk, {}, root.substr(0, root.size() - 1), '\0');
    const auto engine = make_engine({disk}, dir.file("undo"));
    const auto seen = look(*engine);
    REQUIRE(seen.guests.size() == 1);
    CHECK(seen.guests[0].ways.empty());
    CHECK(tells(seen.guests[0], "other guests are found on these disks, or none"));
}

TEST_CASE("looking for ways changes neither the disks nor their overlays", "[session]") {
    const TempDir dir;
    std::vector<std::string> paths = {not_shut_down(dir, "disk.img")};
    SECTION("a partition") {}
    SECTION("a logical volume over two disks") {
        paths.clear();
        for (const auto& half : lvm_over_two(read_file(dir.file("dirty")))) {
            write_file(dir.file("half"), ByteSpan(half));
            paths.push_back(dir.file("pv" + std::to_string(paths.size())));
            disk_of(paths.back(), dir.file("half"), "8e");
        }
    }
    Progress quiet;
    auto disks = open_disks(paths, {}, quiet);
    REQUIRE(disks);
    auto machine = machine_over(*disks, fs::Access::read);
    const auto found = guest::find_guests(machine);
    REQUIRE(found);
    REQUIRE(found->guests.size() == 1);
    GuestInfo guest;
    guest.id = found->guests[0]->id();
    guest.volume = found->guests[0]->volume();
    guest.obstacles = found->guests[0]->obstacles();
    std::vector<GuestInfo> guests = {guest};
    REQUIRE(find_ways(*disks, guests, quiet));
    CHECK(guests[0].ways == std::vector<std::string>{kReplay});
    CHECK(guests[0].obstacles == guest.obstacles);
    for (const auto& disk : *disks) {
        CHECK(disk.overlay->changes()->empty());
    }
}

namespace {

// A sound Debian with one more line in its /etc/fstab, on `name`; `uuid` for its root.
std::string debian_with(const TempDir& dir, const std::string& name, const std::string& uuid,
                        const std::string& line) {
    auto content = debian();
    content["/etc/fstab"] = "UUID=" + uuid + " / ext4 defaults 0 1\n" + line;
    put_tree(dir.file("root-" + name), content);
    make_ext(dir.file("part"), 48 * kMiB, {"-t", "ext4", "-U", uuid}, dir.file("root-" + name));
    disk_of(dir.file(name), dir.file("part"), "83");
    return dir.file(name);
}

} // namespace

TEST_CASE("an fstab that names another guest's volume does not agree for that guest", "[session]") {
    const TempDir dir;
    const std::string first = "5eed0000-0000-4000-8000-000000000001";
    const std::string second = "5eed0000-0000-4000-8000-000000000002";
    const std::string boot = "5eed0000-0000-4000-8000-000000000003";
    const auto mounts = [](const std::string& uuid) {
        return "UUID=" + uuid + " /boot ext4 defaults 0 2\n";
    };
    std::vector<std::string> disks;
    std::vector<std::string> ways_of_second;
    SECTION("its root") {
        disks = {debian_with(dir, "1", first, mounts(second)), debian_with(dir, "2", second, {})};
        leave_journal(dir, disks[1]);
        ways_of_second = {kReplay};
    }
    SECTION("what it mounts as well: whose it is cannot be told") {
        disks = {debian_with(dir, "1", first, mounts(boot)),
                 debian_with(dir, "2", second, mounts(boot)), dir.file("3")};
        make_ext(dir.file("part"), 48 * kMiB, {"-t", "ext4", "-U", boot});
        disk_of(disks[2], dir.file("part"), "83");
        leave_journal(dir, disks[2]);
    }
    const auto engine = make_engine(disks, dir.file("undo"));
    const auto seen = look(*engine);
    REQUIRE(seen.guests.size() == 2);
    for (const auto& guest : seen.guests) {
        CHECK(guest.verdict == Verdict::refused);
        CHECK(tells(guest, "the journal holds changes"));
    }
    CHECK(seen.guests[0].ways.empty());
    CHECK(seen.guests[1].ways == ways_of_second);
    CHECK(why_not(stage(*engine, "linux1", {{"linux1", kReplay}}), ErrorKind::refused)
              .find("the journal") != std::string::npos);
}
