// SPDX-License-Identifier: GPL-2.0-or-later
// Each mistake a person makes, and each thing that goes wrong, gives one clear line and the exit
// code of the contract.
#include "image/program.hpp"

#include <sys/stat.h>

using namespace lifeboat;
using namespace lifeboat::test;

namespace {

// The message is one line that begins with the program's name and names the file.
void one_line(const std::vector<std::string>& arguments, int code, const std::string& about) {
    const auto output = lifeboat_ok(arguments, code);
    INFO(output);
    CHECK(std::count(output.begin(), output.end(), '\n') == 1);
    CHECK(output.starts_with("lifeboat: "));
    CHECK(output.find(about) != std::string::npos);
}

// The program, and the files it needs, for a user who may not do everything.
Ran as_nobody(std::vector<std::string> arguments) {
    need_tools({"setpriv"});
    arguments.insert(arguments.begin(), {"setpriv", "--reuid=65534", "--regid=65534",
                                         "--clear-groups", LIFEBOAT_PROGRAM});
    return run_tool(arguments);
}

std::string ext_disk(const TempDir& dir) {
    const auto part = dir.file("part");
    make_ext(part, 16 * kMiB);
    const auto disk = dir.file("disk.img");
    disk_of(disk, part, "83");
    return disk;
}

} // namespace

TEST_CASE("a disk that cannot be opened is told in one line") {
    const TempDir dir;
    write_file(dir.file("empty"), std::string_view());
    files::create_directory(dir.file("folder"));
    for (const std::string command : {"diagnose", "layout"}) {
        one_line({command, dir.file("missing")}, 4, "missing");
        one_line({command, dir.file("empty")}, 3, "empty");
        one_line({command, dir.file("folder")}, 3, "folder");
    }
}

TEST_CASE("what is no disk at all has no guest, and that is not called healthy") {
    const TempDir dir;
    write_file(dir.file("noise"), std::string(3U << 20, 'x'));
    const auto output = lifeboat_ok({"diagnose", dir.file("noise")}, 3);
    CHECK(output.find("No operating system") != std::string::npos);
    lifeboat_ok({"layout", dir.file("noise")});
    one_line({"repair", dir.file("noise"), "--all"}, 3, "no operating system");
}

TEST_CASE("an image that was cut off is no reason to crash or to call it healthy") {
    const TempDir dir;
    const auto disk = ext_disk(dir);
    for (const std::uint64_t size : {512ULL, 4096ULL, 1048576ULL, 1049600ULL, 9000000ULL}) {
        files::resize_file(disk, size);
        const auto ran = run_lifeboat({"diagnose", disk});
        INFO(size << "\n" << ran.output);
        CHECK(ran.status == 3);
        CHECK_FALSE(ran.output.empty());
    }
}

TEST_CASE("a file that may not be read is told in one line") {
    const TempDir dir;
    const auto disk = ext_disk(dir);
    REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
    REQUIRE(::chmod(disk.c_str(), 0600) == 0);
    if (::geteuid() != 0)
        SKIP("only root can become another user");
    const auto ran = as_nobody({"diagnose", disk});
    INFO(ran.output);
    CHECK(ran.status == 4);
    CHECK(ran.output.find("ermission") != std::string::npos);
}

TEST_CASE("diagnosing needs no more than to read, also as an ordinary user") {
    const TempDir dir;
    const auto disk = ext_disk(dir);
    const auto before = hash_of(disk);
    REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
    REQUIRE(::chmod(disk.c_str(), 0444) == 0);
    const auto ran =
        ::geteuid() == 0 ? as_nobody({"layout", disk}) : run_lifeboat({"layout", disk});
    INFO(ran.output);
    CHECK(ran.status == 0);
    CHECK(ran.output.find("ext4") != std::string::npos);
    const auto mine = run_lifeboat({"diagnose", disk});
    CHECK(mine.status == 3); // no operating system on it
    CHECK(hash_of(disk) == before);
}

TEST_CASE("a disk that may not be written is left alone, and no undo file is left behind") {
    const TempDir dir;
    const auto disk = ext_disk(dir);
    if (::geteuid() != 0)
        SKIP("only root can become another user");
    REQUIRE(::chmod(dir.path().c_str(), 0777) == 0);
    REQUIRE(::chmod(disk.c_str(), 0444) == 0);
    const auto before = hash_of(disk);
    write_file(dir.file("new"), "text\n");
    const auto ran = as_nobody({"put", disk + ":1:/new", dir.file("new"), "--undo", dir.file("u")});
    INFO(ran.output);
    CHECK((ran.status == 3 || ran.status == 4));
    CHECK(hash_of(disk) == before);
    CHECK_FALSE(files::exists(dir.file("u")));
}

TEST_CASE("places in a guest that are not there are told in one line") {
    const TempDir dir;
    const auto disk = ext_disk(dir);
    one_line({"cat", disk + ":1:/nope"}, 3, "/nope");
    one_line({"cat", disk + ":9:/nope"}, 3, "volume");
    one_line({"cat", disk + ":1:/"}, 2, "not a file");
    one_line({"cat", disk}, 2, "DISK:VOLUME:PATH");
    one_line({"rm", disk + ":1:/nope"}, 3, "/nope");
    one_line({"registry", "list", disk, "SYSTEM"}, 3, "SYSTEM");
    one_line({"explain", "no.such-finding"}, 2, "no.such-finding");
}

TEST_CASE("an undo file that is none, or is missing, is told in one line") {
    const TempDir dir;
    const auto disk = ext_disk(dir);
    write_file(dir.file("noise"), std::string(5000, 'x'));
    const auto before = hash_of(disk);
    const auto noise = run_lifeboat({"undo", dir.file("noise"), disk});
    INFO(noise.output);
    CHECK(noise.status == 3);
    one_line({"undo", dir.file("missing"), disk}, 4, "missing");
    CHECK(hash_of(disk) == before);
}

TEST_CASE("repairing without saying what, where nobody can be asked, is a usage error") {
    const TempDir dir;
    const auto disk = ext_disk(dir);
    one_line({"repair", disk}, 2, "--dry-run");
}

TEST_CASE("errors are JSON when JSON was asked for") {
    const auto output = lifeboat_ok({"diagnose", "/no/such/disk", "--json"}, 4);
    CHECK(output.starts_with("{"));
    CHECK(output.find("\"kind\": \"io\"") != std::string::npos);
    CHECK(lifeboat_ok({"diagnose", "--json"}, 2).find("\"kind\": \"usage\"") != std::string::npos);
}

TEST_CASE("a reader that goes away does not make the program fail") {
    const TempDir dir;
    const auto disk = ext_disk(dir);
    const auto ran = run_tool(
        {"sh", "-c", "(\"$0\" layout \"$1\"; echo code $? >&2) | true", LIFEBOAT_PROGRAM, disk});
    INFO(ran.output);
    CHECK(ran.output == "code 0\n");
    const auto full = run_tool(
        {"sh", "-c", "\"$0\" layout \"$1\" >/dev/full; echo code $?", LIFEBOAT_PROGRAM, disk});
    INFO(full.output);
    CHECK(full.output.find("code 4") != std::string::npos);
}

TEST_CASE("bash completes commands, options and ids from the program's own script") {
    need_tools({"bash"});
    const TempDir dir;
    write_file(dir.file("c"), lifeboat_ok({"completion", "bash"}));
    const auto complete = [&](const std::string& words) {
        return run_ok({"bash", "-c",
                       ". \"$0\"; COMP_WORDS=(" + words +
                           "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _lifeboat; "
                           "echo \"${COMPREPLY[@]}\"",
                       dir.file("c")});
    };
    CHECK(complete("lifeboat dia") == "diagnose\n");
    CHECK(complete("lifeboat registry ex") == "export\n");
    CHECK(complete("lifeboat repair x --dr") == "--dry-run\n");
    CHECK(complete("lifeboat registry set d SYS") == "SYSTEM\n");
    CHECK(complete("lifeboat registry set d S K V --type dw") == "dword\n");
    CHECK(complete("lifeboat completion z") == "zsh\n");
    for (const std::string shell : {"zsh", "fish"}) {
        if (find_tool(shell).empty())
            continue;
        write_file(dir.file(shell), lifeboat_ok({"completion", shell}));
        run_ok({shell, "-n", dir.file(shell)});
    }
}
