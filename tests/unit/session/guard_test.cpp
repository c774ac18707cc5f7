// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/guard.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

using namespace lifeboat;
using namespace lifeboat::session;

namespace {

struct Folder {
    std::filesystem::path path;
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "guard-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string file(const char* name) const {
        std::ofstream(path / name) << "content";
        return path / name;
    }
};

// The bits of an exit code, one per thing that turned out to be possible.
int possible(const std::vector<bool>& things) {
    int code = 0;
    for (std::size_t i = 0; i < things.size(); ++i)
        code |= things[i] ? 1 << i : 0;
    return code;
}

bool can_open(const std::string& path, int flags) {
    const int fd = open(path.c_str(), flags, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

} // namespace

TEST_CASE("the guarded child's exit code is passed on", "[session]") {
    CHECK(run_guarded({}, [](Watch&) { return 3; }).exit_code == 3);
}

TEST_CASE("a crash while looking is an answer that says where", "[session]") {
    const auto ended = run_guarded({}, [](Watch& watch) {
        watch.doing("reading disk 1, partition 2");
        std::signal(SIGSEGV, SIG_DFL); // the test framework's own handler would talk
        return raise(SIGSEGV);
    });
    CHECK(ended.exit_code == 4);
    REQUIRE(ended.died);
    CHECK(ended.died->where == "reading disk 1, partition 2");
    CHECK(ended.died->what.find("could not look") == 0);
    CHECK(ended.died->next.find("nothing was written") == 0);
}

TEST_CASE("a crash while writing names the undo file", "[session]") {
    const auto ended = run_guarded({}, [](Watch& watch) {
        watch.writing("disk.undo");
        std::signal(SIGSEGV, SIG_DFL);
        return raise(SIGSEGV);
    });
    REQUIRE(ended.died);
    CHECK(ended.died->next == "run: lifeboat undo disk.undo");
}

TEST_CASE("endless work and endless memory end", "[session]") {
    const auto slow = run_guarded({0, 1}, [](Watch&) {
        std::signal(SIGXCPU, SIG_DFL);
        for (std::atomic<unsigned> n = 0;; ++n) {
        }
        return 0;
    });
    REQUIRE(slow.died);
    CHECK(slow.died->what == "could not look: it took too long");
    const auto large = run_guarded({256U << 20, 20}, [](Watch&) {
        std::signal(SIGABRT, SIG_DFL);
        std::vector<std::vector<char>> all;
        for (int n = 0; n < 4096; ++n)
            all.emplace_back(16U << 20, 'x');
        return static_cast<int>(all.size());
    });
    REQUIRE(large.died);
    CHECK(large.died->what.find("memory") != std::string::npos);
}

TEST_CASE("a restricted process can do nothing but read what it was given", "[session]") {
    const Folder folder;
    const auto given = folder.file("given");
    const auto other = folder.file("other");
    // Without Landlock (before Linux 5.13) other files stay readable; nothing else changes.
    int expected = 1 << 0;
    const auto ended = run_guarded({}, [&](Watch&) {
        const auto done = restrict_process({{given}, {}, {}});
        const bool no_exec = execl("/bin/true", "true", nullptr) != 0;
        return possible({can_open(given, O_RDONLY), done.files && can_open(other, O_RDONLY),
                         done.files && can_open(given, O_RDWR),
                         done.files && can_open(folder.path / "new", O_RDWR | O_CREAT),
                         socket(AF_UNIX, SOCK_STREAM, 0) >= 0, fork() > 0, !no_exec, !done.calls});
    });
    CHECK_FALSE(ended.died);
    CHECK(ended.exit_code == expected);
}

TEST_CASE("a repair can write its disk and make its undo file, no more", "[session]") {
    const Folder disks;
    const Folder undo;
    const auto disk = disks.file("disk");
    const auto other = disks.file("other");
    const auto ended = run_guarded({}, [&](Watch&) {
        const auto done = restrict_process({{}, {disk}, {undo.path}});
        return possible({can_open(disk, O_RDWR), done.files && can_open(other, O_RDWR),
                         can_open(undo.path / "new", O_RDWR | O_CREAT | O_EXCL),
                         done.files && can_open(disks.path / "new", O_RDWR | O_CREAT)});
    });
    CHECK_FALSE(ended.died);
    CHECK(ended.exit_code == 5);
}
