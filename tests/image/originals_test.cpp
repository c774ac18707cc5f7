// SPDX-License-Identifier: GPL-2.0-or-later
// Originals that a repair keeps in the guest: kept, listed, put back, and left alone where the
// guest has changed them since.
#include "image/program.hpp"
#include "support/linux_disk.hpp"
#include "support/windows_disk.hpp"

using namespace lifeboat;
using namespace lifeboat::test;

namespace {

// Wherever lines were broken.
bool has(const std::string& text, std::string_view part) {
    std::string flat;
    for (const char c : text)
        if (const bool blank = c == ' ' || c == '\n'; !blank || flat.empty() || flat.back() != ' ')
            flat += blank ? ' ' : c;
    return flat.find(part) != std::string::npos;
}

// "20261127T080000Z" of the only folder.
std::string time_of(const std::string& kept) {
    REQUIRE(kept.size() > 17);
    return kept.substr(0, kept.find(','));
}

const std::string kGrub = "/boot/grub/grub.cfg";

void change_grub(const TempDir& dir, const std::string& disk, const std::string& text) {
    static int number = 0;
    lifeboat_ok({"put", disk + ":1:" + kGrub, "--undo", dir.file(std::to_string(++number))}, 0,
                text);
}

} // namespace

TEST_CASE("a repair keeps the originals in a Linux, and they are put back after it has run") {
    const TempDir dir;
    const auto disk = make_linux(dir);
    const auto before = hash_of(disk);
    CHECK(has(lifeboat_ok({"kept", disk}), "No originals are kept"));
    lifeboat_ok({"restore", "latest", disk}, 3);
    CHECK(has(lifeboat_ok({"repair", disk, "--all", "--dry-run"}, 1), "/var/lib/lifeboat/"));
    CHECK(hash_of(disk) == before);

    const auto undo = dir.file("repair.undo");
    CHECK(has(lifeboat_ok({"repair", disk, "--all", "--undo", undo}), "manifest.json"));
    const auto repaired = hash_of(disk);
    check_part(dir, disk);
    const auto kept = lifeboat_ok({"kept", disk});
    INFO(kept);
    CHECK(has(kept, "linux.kernel-console"));
    CHECK(has(kept, "changed " + kGrub + ": as the repair left it"));
    const auto folder = "/var/lib/lifeboat/" + time_of(kept);
    // Another reader finds the original, and that it is not for everybody.
    const auto listing = lifeboat_ok({"ls", disk + ":1:" + folder});
    const auto name = listing.substr(listing.find("-grub.cfg") - 1, 10);
    CHECK(by_debugfs(dir, disk, folder + "/" + name).find(debian().at(kGrub)) != std::string::npos);
    CHECK(has(listing, "-rw------- "));
    lifeboat_ok({"repair", disk, "--all"}); // nothing to do, nothing to keep
    CHECK(hash_of(disk) == repaired);

    // The guest ran: the undo file is of no use any more, the originals are.
    lifeboat_ok({"put", disk + ":1:/etc/debian_version", "--undo", dir.file("u")}, 0, "12.6\n");
    lifeboat_ok({"undo", undo, disk}, 3);
    const auto preview = lifeboat_ok({"restore", "latest", disk, "--dry-run"});
    CHECK(has(preview, "console=hvc0"));
    lifeboat_ok({"restore", time_of(kept), disk, "--only", kGrub, "--undo", dir.file("r1")});
    CHECK(by_debugfs(dir, disk, kGrub).find(debian().at(kGrub)) != std::string::npos);
    CHECK(has(lifeboat_ok({"kept", disk}), "changed " + kGrub + ": it is the original again"));
    lifeboat_ok({"restore", "latest", disk, "--undo", dir.file("r2")});
    for (const auto* path : {"/etc/fstab", "/etc/default/grub"})
        CHECK(by_debugfs(dir, disk, path).find(debian().at(path)) != std::string::npos);
    CHECK(by_debugfs(dir, disk, "/etc/debian_version").find("12.6") != std::string::npos);
    check_part(dir, disk);
    CHECK(has(lifeboat_ok({"diagnose", disk}, 1), "linux.kernel-console"));
    CHECK(has(lifeboat_ok({"restore", "latest", disk}), "Nothing to change"));
}

TEST_CASE("what changed since the repair is a conflict, and force decides") {
    const TempDir dir;
    const auto disk = make_linux(dir);
    lifeboat_ok({"repair", disk, "--all", "--undo", dir.file("u")});
    change_grub(dir, disk, "# written by update-grub\n");
    const auto now = hash_of(disk);
    const auto left =
        lifeboat_ok({"restore", "latest", disk, "--only", kGrub, "--undo", dir.file("r0")}, 1);
    CHECK(has(left, "left alone: " + kGrub));
    CHECK(hash_of(disk) == now);
    // The others are put back all the same.
    lifeboat_ok({"restore", "latest", disk, "--undo", dir.file("r1")}, 1);
    CHECK(by_debugfs(dir, disk, kGrub).find("update-grub") != std::string::npos);
    CHECK(by_debugfs(dir, disk, "/etc/fstab").find("/dev/xvda1") != std::string::npos);
    lifeboat_ok({"restore", "latest", disk, "--force", "--undo", dir.file("r2")});
    CHECK(by_debugfs(dir, disk, kGrub).find(debian().at(kGrub)) != std::string::npos);
    lifeboat_ok({"undo", dir.file("r2"), disk});
    CHECK(by_debugfs(dir, disk, kGrub).find("update-grub") != std::string::npos);
    lifeboat_ok({"restore", "20000101T000000Z", disk}, 3);
    lifeboat_ok({"restore", "latest", disk, "--only", "/etc/passwd"}, 3);
}

TEST_CASE("a kept copy or a manifest that is not what it was is not put back") {
    const TempDir dir;
    const auto disk = make_linux(dir);
    lifeboat_ok({"repair", disk, "--all", "--undo", dir.file("u")});
    const auto folder = "/var/lib/lifeboat/" + time_of(lifeboat_ok({"kept", disk}));
    const auto listing = lifeboat_ok({"ls", disk + ":1:" + folder});
    const auto name = listing.substr(listing.find("-grub.cfg") - 1, 10);
    lifeboat_ok({"put", disk + ":1:" + folder + "/" + name, "--undo", dir.file("1")}, 0, "evil\n");
    CHECK(has(lifeboat_ok({"kept", disk}), "the kept copy is missing or damaged"));
    CHECK(has(lifeboat_ok({"restore", "latest", disk, "--only", kGrub, "--force"}, 1),
              "the kept original is not what it was"));
    lifeboat_ok({"put", disk + ":1:" + folder + "/manifest.json", "--undo", dir.file("2")}, 0,
                "{\"schema\": 7}\n");
    CHECK(has(lifeboat_ok({"kept", disk}), "cannot be read"));
    lifeboat_ok({"restore", "latest", disk}, 3);
}

TEST_CASE("nothing is kept with --no-keep, nor on a volume without space") {
    const TempDir dir;
    const auto disk = make_linux(dir);
    lifeboat_ok({"repair", disk, "--all", "--no-keep", "--undo", dir.file("u")});
    CHECK(has(lifeboat_ok({"kept", disk}), "No originals are kept"));

    // A hive of which there is no room for a second copy beside the new one.
    make_windows(dir, tests::stored(tests::sound_windows10()));
    const auto windows = dir.file("disk.img");
    lifeboat_ok({"registry", "import", windows, "SYSTEM", "--undo", dir.file("i")}, 0, kDebris);
    const auto hive = by_ntfscat(windows, kSystem).size();
    lifeboat_ok({"put", windows + ":1:/spare", "--undo", dir.file("p")}, 0,
                std::string(hive / 2, 'z'));
    int number = 0;
    for (std::size_t size = 16 * kMiB; size >= 4096;) {
        const auto file = std::to_string(++number);
        const auto put =
            run_lifeboat({"put", windows + ":1:/filler" + file, "--undo", dir.file("f" + file)},
                         std::string(size, 'y'));
        if (put.status != 0)
            size /= 2;
    }
    // What the repair needs, and not what the originals would need.
    lifeboat_ok({"rm", windows + ":1:/spare", "--undo", dir.file("s")});
    const auto report = lifeboat_ok({"repair", windows, "--all", "--undo", dir.file("w")});
    CHECK(has(report, "no originals are kept in the guest"));
    CHECK(has(lifeboat_ok({"kept", windows}), "No originals are kept"));
    lifeboat_ok({"diagnose", windows}, 0);
}

TEST_CASE("a Windows hive is kept where users may not read it, and put back whole") {
    const TempDir dir;
    make_windows(dir, tests::stored(tests::sound_windows10()));
    const auto disk = dir.file("disk.img");
    lifeboat_ok({"registry", "import", disk, "SYSTEM", "--undo", dir.file("i")}, 0, kDebris);
    const auto original = by_ntfscat(disk, kSystem);
    lifeboat_ok({"repair", disk, "--all", "--undo", dir.file("w")});
    const auto kept = lifeboat_ok({"kept", disk});
    INFO(kept);
    CHECK(has(kept, "changed " + kSystem));
    CHECK(by_ntfscat(disk, "/Lifeboat/" + time_of(kept) + "/1-SYSTEM") == original);
    REQUIRE(by_ntfscat(disk, kSystem) != original);
    const auto json = lifeboat_ok({"kept", disk, "--json"});
    CHECK(has(json, "\"kind\": \"kept\""));
    CHECK(has(json, "\"state\": \"as_left\""));
    lifeboat_ok({"restore", "latest", disk, "--undo", dir.file("r")});
    CHECK(by_ntfscat(disk, kSystem) == original);
}
