// SPDX-License-Identifier: GPL-2.0-or-later
// Obstacles that a person may have cleared away: refused without the option, previewed and undone
// with it.
#include "image/program.hpp"
#include "support/linux_disk.hpp"
#include "support/windows_disk.hpp"

using namespace lifeboat;
using namespace lifeboat::test;

namespace {

// The words of a report, wherever its lines were broken.
bool has(const std::string& text, std::string_view part) {
    std::string flat;
    for (const char c : text)
        if (const bool blank = c == ' ' || c == '\n'; !blank || flat.empty() || flat.back() != ' ')
            flat += blank ? ' ' : c;
    return flat.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a Linux that was not shut down is repaired after its journal is applied") {
    need_tools({"debugfs"});
    const TempDir dir;
    const auto disk = make_linux(dir);
    const auto part = dir.file("dirty");
    take_from_disk(disk, kStart, files::file_size(disk) - 2 * kMiB, part);
    // What the journal holds: a new first block of /etc/debian_version.
    const auto map = run_ok({"debugfs", "-R", "bmap /etc/debian_version 0", part});
    const auto block = map.substr(map.find_last_of('\n', map.size() - 2) + 1);
    std::string content(1024, '\0');
    content.replace(0, 5, "12.9\n");
    write_file(dir.file("content"), content);
    write_file(dir.file("commands"), "jo -c -v 3\njw -b " + block.substr(0, block.size() - 1) +
                                         " " + dir.file("content") + "\njc\n");
    run_ok({"debugfs", "-w", "-f", dir.file("commands"), part});
    put_into_disk(disk, kStart, part);
    const auto before = hash_of(disk);

    CHECK(has(lifeboat_ok({"repair", disk, "--all"}, 3), "--replay-journal"));
    CHECK(has(lifeboat_ok({"put", disk + ":1:/etc/fstab"}, 3, "x\n"), "--replay-journal"));
    CHECK(hash_of(disk) == before);
    const auto plan = lifeboat_ok({"repair", disk, "--all", "--replay-journal", "--dry-run"}, 1);
    CHECK(has(plan, "the journal is applied: 1 transaction, 1 blocks"));
    CHECK(hash_of(disk) == before);
    lifeboat_ok({"repair", disk, "--all", "--replay-journal", "--undo", dir.file("u")});
    check_part(dir, disk);
    CHECK(by_debugfs(dir, disk, "/etc/debian_version").find("12.9") != std::string::npos);
    CHECK(by_debugfs(dir, disk, "/boot/grub/grub.cfg").find("ttyS0") != std::string::npos);
    lifeboat_ok({"undo", dir.file("u"), disk});
    CHECK(hash_of(disk) == before);
    lifeboat_ok({"put", disk + ":1:/etc/new", "--replay-journal", "--undo", dir.file("u2")}, 0,
                "new\n");
    check_part(dir, disk);
    CHECK(by_debugfs(dir, disk, "/etc/debian_version").find("12.9") != std::string::npos);
    lifeboat_ok({"undo", dir.file("u2"), disk});
    CHECK(hash_of(disk) == before);
}

TEST_CASE("a hibernated Windows is repaired when its memory is given up") {
    need_tools({"ntfsls"});
    const TempDir dir;
    make_windows(dir, tests::stored(tests::sound_windows10()));
    const auto disk = dir.file("disk.img");
    lifeboat_ok({"registry", "import", disk, "SYSTEM", "--undo", dir.file("i")}, 0, kDebris);
    lifeboat_ok({"put", disk + ":1:/hiberfil.sys", "--undo", dir.file("h")}, 0,
                "hibr" + std::string(300000, 'm'));
    const auto before = hash_of(disk);
    CHECK(has(lifeboat_ok({"repair", disk, "--all"}, 3), "--discard-hibernation"));
    const auto plan =
        lifeboat_ok({"repair", disk, "--all", "--discard-hibernation", "--dry-run"}, 1);
    CHECK(has(plan, "hiberfil.sys is removed"));
    CHECK(hash_of(disk) == before);
    lifeboat_ok({"repair", disk, "--all", "--discard-hibernation", "--undo", dir.file("w")});
    take_from_disk(disk, kStart, files::file_size(disk) - 2 * kMiB, dir.file("part"));
    check_ntfs(dir.file("part"));
    CHECK(run_ok({"ntfsls", "-f", dir.file("part")}).find("hiberfil") == std::string::npos);
    lifeboat_ok({"diagnose", disk}, 0);
    lifeboat_ok({"undo", dir.file("w"), disk});
    CHECK(hash_of(disk) == before);
}

TEST_CASE("on the command line a way holds for all disks named, and is told per guest") {
    const TempDir dir;
    auto system = tests::sound_windows10();
    tests::infect(system, "ControlSet001");
    std::vector<std::string> disks;
    for (const std::string name : {"first.img", "second.img"}) {
        make_windows(dir, tests::stored(system), name,
                     {{"/hiberfil.sys", to_bytes("hibr" + std::string(300000, 'm'))}});
        disks.push_back(dir.file(name));
    }
    const auto before = std::pair(hash_of(disks[0]), hash_of(disks[1]));
    const auto hashes = [&] { return std::pair(hash_of(disks[0]), hash_of(disks[1])); };
    const auto seen = lifeboat_ok({"diagnose", "--json", disks[0], disks[1]}, 1);
    std::size_t told = 0;
    for (auto at = seen.find("\"ways\""); at != std::string::npos;
         at = seen.find("\"ways\"", at + 1))
        told += seen.substr(at, seen.find(']', at) - at).find("--discard-hib") != std::string::npos;
    CHECK(told == 2);
    CHECK(hashes() == before);

    const std::string way = "--discard-hibernation";
    lifeboat_ok({"repair", disks[0], disks[1], "--guest", "windows2", "--all", way, "--undo",
                 dir.file("one")},
                1);
    CHECK(hash_of(disks[0]) == before.first);
    CHECK(hash_of(disks[1]) != before.second);
    lifeboat_ok({"undo", dir.file("one"), disks[0], disks[1]});
    CHECK(hashes() == before);
    lifeboat_ok({"repair", disks[0], disks[1], "--all", way, "--undo", dir.file("both")});
    CHECK(hash_of(disks[0]) != before.first);
    CHECK(hash_of(disks[1]) != before.second);
    lifeboat_ok({"undo", dir.file("both"), disks[0], disks[1]});
    CHECK(hashes() == before);
}
