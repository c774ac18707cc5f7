// SPDX-License-Identifier: GPL-2.0-or-later
#include "initramfs/cpio.hpp"
#include "support/tools.hpp"

#include <algorithm>

using namespace lifeboat;
using namespace lifeboat::bootmedia;

namespace {

std::string archive_of(const std::string& manifest) {
    auto entries = parse_manifest(manifest);
    REQUIRE(entries);
    auto ordered = in_order(*entries);
    REQUIRE(ordered);
    auto bytes = archive(*ordered);
    REQUIRE(bytes);
    return *bytes;
}

} // namespace

TEST_CASE("cpio itself reads the archive, with modes, links and devices", "[bootmedia]") {
    test::need_tools({"cpio"});
    const test::TempDir folder;
    test::write_file(folder.file("a"), "hello\n");
    const std::string bytes =
        archive_of("dir /bin 755\nfile /bin/a " + folder.file("a") +
                   " 755\nlink /bin/b a\nnod /dev/console 600 c 5 1\ndir /dev 755\n");
    const std::string listing = test::run_ok({"cpio", "-itvn", "--quiet"}, bytes);
    INFO(listing);
    CHECK(listing.find("-rwxr-xr-x   1 0        0               6 Jan  1  1970 bin/a") !=
          std::string::npos);
    CHECK(listing.find("bin/b -> a") != std::string::npos);
    CHECK(listing.find("crw-------   1 0        0          5,   1") != std::string::npos);

    const test::TempDir out;
    test::write_file(out.file("archive"), bytes);
    test::run_ok({"cpio", "-id", "--quiet", "-D", out.path(), "-F", out.file("archive"), "bin/a"});
    CHECK(to_text(test::read_file(out.file("bin/a"))) == "hello\n");
}

TEST_CASE("the same entries in any order give the same bytes", "[bootmedia]") {
    const test::TempDir folder;
    test::write_file(folder.file("x"), "x");
    std::vector<std::string> lines = {"dir /b 755\n", "file /b/2 " + folder.file("x") + " 644\n",
                                      "file /b/10 " + folder.file("x") + " 644\n",
                                      "complete /whole\n", "dir /a 700\n"};
    std::sort(lines.begin(), lines.end());
    const std::string first = archive_of(lines[0] + lines[1] + lines[2] + lines[3] + lines[4]);
    do {
        CHECK(archive_of(lines[0] + lines[1] + lines[2] + lines[3] + lines[4]) == first);
    } while (std::next_permutation(lines.begin(), lines.end()));
}

TEST_CASE("PID 1 is stored before other files, the mark of completeness last", "[bootmedia]") {
    auto entries = parse_manifest(
        "complete /aaa\nfile /bin/a /x 755\nfile /init /x 755\nfile /bin/0 /x 755\ndir /z 755\n");
    REQUIRE(entries);
    auto ordered = in_order(*entries);
    REQUIRE(ordered);
    std::vector<std::string> paths;
    for (const Entry& entry : *ordered)
        paths.push_back(entry.path);
    CHECK(paths == std::vector<std::string>{"/z", "/init", "/bin/0", "/bin/a", "/aaa"});
}

TEST_CASE("a manifest that makes no sense is refused with its line", "[bootmedia]") {
    for (const char* line : {"file /a", "dir relative 755", "dir /a 9", "dir /a 17777", "link /a",
                             "nod /dev/x 600 q 1 2", "nod /dev/x 600 c 1", "fifo /a 600"}) {
        const auto entries = parse_manifest(std::string("dir /ok 755\n") + line + "\n");
        INFO(line);
        REQUIRE_FALSE(entries);
        CHECK(entries.error().where == "manifest line 2");
    }
    auto twice = parse_manifest("dir /a 755\nlink /a b\n");
    REQUIRE(twice);
    CHECK_FALSE(in_order(*twice));
}

TEST_CASE("a file that is not there is an error, not an empty file", "[bootmedia]") {
    const auto entries = parse_manifest("file /a /nonexistent/file 644\n");
    REQUIRE(entries);
    CHECK_FALSE(archive(*entries));
}
