// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/guard.hpp"

#include "block/qemu_helper.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
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
    CHECK_FALSE(ended.began_writing);
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

TEST_CASE("endless work ends", "[session]") {
    const auto slow = run_guarded({0, 1}, [](Watch&) {
        std::signal(SIGXCPU, SIG_DFL);
        for (std::atomic<unsigned> n = 0;; ++n) {
        }
        return 0;
    });
    REQUIRE(slow.died);
    CHECK(slow.died->what == "could not look: it took too long");
}

TEST_CASE("endless memory ends", "[session]") {
#ifdef __SANITIZE_ADDRESS__
    SKIP("the address sanitizer has a limit of its own");
#endif
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
    const auto earlier = undo.file("earlier");
    const auto ended = run_guarded({}, [&](Watch&) {
        const auto done = restrict_process({{}, {disk}, {undo.path}});
        // What lies beside the undo file is safe: Landlock lets it be written but not read, and
        // the filter of calls lets nothing be opened for writing alone that is there already.
        return possible({can_open(disk, O_RDWR), done.files && can_open(other, O_RDWR),
                         can_open(undo.path / "new", O_WRONLY | O_CREAT | O_EXCL),
                         done.files && can_open(disks.path / "new", O_WRONLY | O_CREAT | O_EXCL),
                         done.files && can_open(earlier, O_RDWR), can_open(earlier, O_WRONLY),
                         can_open(earlier, O_WRONLY | O_TRUNC)});
    });
    CHECK_FALSE(ended.died);
    CHECK(ended.exit_code == 5);
    const auto removing = run_guarded({}, [&](Watch&) {
        static_cast<void>(restrict_process({{}, {disk}, {undo.path}}));
        return possible({unlink(earlier.c_str()) == 0, rename(disk.c_str(), earlier.c_str()) == 0,
                         link(earlier.c_str(), (undo.path / "x").c_str()) == 0,
                         truncate(earlier.c_str(), 0) == 0});
    });
    CHECK(removing.exit_code == 0);
    CHECK(std::filesystem::file_size(earlier) == 7);
}

TEST_CASE("a restricted process cannot reach around itself", "[session]") {
    const auto parent = getpid();
    const auto ended = run_guarded({}, [&](Watch&) {
        static_cast<void>(restrict_process({}));
        const char letter = 'x';
        rlimit limits{};
        void* page = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return possible(
            {ioctl(0, TIOCSTI, &letter) == 0 || errno != EPERM,
             fcntl(0, F_SETOWN, parent) == 0 || errno != EPERM,
             syscall(SYS_tgkill, parent, parent, 0) == 0,
             prlimit(parent, RLIMIT_CPU, nullptr, &limits) == 0,
             page == MAP_FAILED || mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0,
             mmap(nullptr, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED,
             getrlimit(RLIMIT_CPU, &limits) != 0});
    });
    CHECK_FALSE(ended.died);
    CHECK(ended.exit_code == 0);
}

TEST_CASE("a crash after the last write does not hide that all is written", "[session]") {
    const auto ended = run_guarded({}, [](Watch& watch) {
        watch.writing("disk.undo");
        watch.written();
        std::signal(SIGSEGV, SIG_DFL);
        return raise(SIGSEGV);
    });
    CHECK(ended.exit_code == 1);
    CHECK(ended.began_writing);
    REQUIRE(ended.died);
    CHECK(ended.died->what.find("everything was written") == 0);
    CHECK(ended.died->next.find("lifeboat undo disk.undo") != std::string::npos);
}

TEST_CASE("the limit of time does not cut off a commit", "[session]") {
    const auto ended = run_guarded({0, 1}, [](Watch& watch) {
        watch.writing("disk.undo");
        rlimit now{};
        getrlimit(RLIMIT_CPU, &now);
        return now.rlim_cur == now.rlim_max ? 0 : 1;
    });
    CHECK(ended.exit_code == 0);
}

TEST_CASE("the helper starts QEMU for the disks that were named, and for no other", "[session]") {
    const Folder folder;
    const auto named = folder.file("named.qcow2");
    const auto other = folder.file("other.qcow2");
    const std::vector<std::string> names = {named};
    auto helper = block::QemuHelper::start(names);
    REQUIRE(helper);
    REQUIRE(*helper);
    CHECK((*helper)->keeper({named, "qcow2", false, named, 0, 0, {}}));
    CHECK_FALSE((*helper)->keeper({other, "qcow2", false, other, 0, 0, {}}));
    CHECK_FALSE((*helper)->keeper({named, "qcow2", true, named, 0, 0, {}})); // nobody vouched
    CHECK_FALSE((*helper)->keeper({named, "raw", false, named, 0, 0, {}}));
    CHECK_FALSE((*helper)->keeper({named, "blkdebug", false, named, 0, 0, {}}));
    const std::vector<std::string> plain = {"raw:" + named, folder.path / "missing"};
    const auto none = block::QemuHelper::start(plain);
    REQUIRE(none);
    CHECK_FALSE(*none);
}
