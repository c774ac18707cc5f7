// SPDX-License-Identifier: GPL-2.0-or-later
// The program around its own parsers: what it may do while it reads a disk, what comes of a crash,
// and several of it at once. docs/safety.md makes these promises.
#include "image/program.hpp"

#include <algorithm>

using namespace lifeboat;
using namespace lifeboat::test;

namespace {

std::string ext_disk(const TempDir& dir, const std::string& name = "disk.img",
                     std::uint64_t size = 16 * kMiB) {
    const auto part = dir.file("part");
    make_ext(part, size);
    auto disk = dir.file(name);
    disk_of(disk, part, "83");
    return disk;
}

std::size_t count(const std::string& text, std::string_view what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++found;
    return found;
}

// The system calls of the process that read the disk, after it gave its rights up.
std::string calls_after_restriction(const std::vector<std::string>& arguments) {
    need_tools({"strace"});
    const TempDir dir;
    std::vector<std::string> words = {"strace", "-f", "-o", dir.file("trace"), LIFEBOAT_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const auto ran = run_tool(words);
    INFO(ran.output);
    if (ran.status == 1 && ran.output.find("ptrace") != std::string::npos)
        SKIP("processes cannot be traced here");
    std::string process;
    std::string out;
    const auto trace = to_text(read_file(dir.file("trace")));
    for (const auto line : split_nonempty(trace, '\n')) {
        const auto id = std::string(line.substr(0, line.find(' ')));
        if (process.empty() && line.find("SECCOMP_MODE_FILTER") != std::string_view::npos)
            process = id;
        else if (id == process)
            out += std::string(line) + "\n";
    }
    REQUIRE_FALSE(process.empty());
    return out;
}

// Starts the program with a pipe as its input, does `then` while it waits, and gives exit code and
// output. In `then`, $p is the program and $c the child that reads the disk.
Ran while_waiting(const TempDir& dir, const std::string& disk, const std::string& options,
                  const std::string& then) {
    need_tools({"sh", "pgrep", "mkfifo"});
    return run_tool({"sh", "-c",
                     "mkfifo \"$2/in\"; \"$0\" put \"$1:1:/new\" - " + options +
                         " <\"$2/in\" >\"$2/out\" 2>&1 & p=$!; exec 3>\"$2/in\"; "
                         // The helper for QEMU's formats is a child for a moment; the one that
                         // stays is meant.
                         "c=; d=; until [ -n \"$c\" ] && [ \"$c\" = \"$d\" ]; do d=$c; sleep 0.4; "
                         "c=$(pgrep -P $p); done; " +
                         then + "; wait $p; code=$?; cat \"$2/out\"; exit $code",
                     LIFEBOAT_PROGRAM, disk, dir.path()});
}

} // namespace

TEST_CASE("what reads a disk starts no program, makes no connection and opens the disk only") {
    const TempDir dir;
    const auto disk = ext_disk(dir);
    const auto calls = calls_after_restriction({"diagnose", disk});
    INFO(calls);
    for (const std::string call : {"execve(", "fork(", "clone(", "clone3(", "socket(", "connect(",
                                   "kill(", "unlink(", "rename("})
        CHECK(calls.find(" " + call) == std::string::npos);
    CHECK(calls.find("EPERM") == std::string::npos); // nothing that it needs is missing
    for (const auto line : split_nonempty(calls, '\n'))
        if (line.find("open(") != std::string_view::npos ||
            line.find("openat(") != std::string_view::npos) {
            INFO(line);
            CHECK(line.find("\"" + disk + "\"") != std::string_view::npos);
            CHECK(line.find("O_RDWR") == std::string_view::npos);
        }
}

TEST_CASE("a dry run could not write even if it wanted to") {
    const TempDir dir;
    const auto disk = ext_disk(dir);
    write_file(dir.file("new"), "text\n");
    const auto calls = calls_after_restriction(
        {"put", disk + ":1:/new", dir.file("new"), "--dry-run", "--undo", dir.file("undo")});
    INFO(calls);
    CHECK(calls.find("O_RDWR") == std::string::npos);
    CHECK(calls.find("O_CREAT") == std::string::npos);
}

TEST_CASE("no memory left while reading is an answer in one line, and nothing was written") {
    need_tools({"prlimit", "debugfs"});
    const TempDir dir;
    const auto part = dir.file("part");
    const auto folder = dir.file("content");
    files::create_directory(folder);
    write_file(folder + "/small", "text\n");
    make_sparse(folder + "/big", 200 * kMiB);
    make_ext(part, 16 * kMiB, {"-t", "ext4"}, folder);
    const auto disk = dir.file("disk.img");
    disk_of(disk, part, "83");
    const auto before = hash_of(disk);
    const auto cat = [&](const std::vector<std::string>& more) {
        std::vector<std::string> words = {"prlimit", "--as=100000000", "--core=0", LIFEBOAT_PROGRAM,
                                          "cat"};
        words.push_back(disk + ":1:/big");
        words.insert(words.end(), more.begin(), more.end());
        return run_tool(words);
    };
    const auto ran = cat({});
    if (ran.output.find("AddressSanitizer") != std::string::npos)
        SKIP("the sanitizer needs all address space");
    INFO(ran.output);
    CHECK(ran.status == 4);
    CHECK(count(ran.output, "\n") == 1);
    CHECK(ran.output.find("ran out of memory") != std::string::npos);
    CHECK(ran.output.find("nothing was written") != std::string::npos);
    CHECK(lifeboat_ok({"cat", disk + ":1:/small"}) == "text\n");
    CHECK(hash_of(disk) == before);
}

TEST_CASE("a crash is an answer in one line, also as JSON, and leaves nothing behind") {
    const TempDir dir;
    const auto disk = ext_disk(dir);
    const auto before = hash_of(disk);
    const auto undo = dir.file("undo");
    auto ran = while_waiting(dir, disk, "--undo " + undo, "kill -SEGV $c");
    INFO(ran.output);
    CHECK(ran.status == 4);
    CHECK(count(ran.output, "\n") == 1);
    CHECK(ran.output.starts_with("lifeboat: "));
    CHECK(ran.output.find("signal 11") != std::string::npos);
    CHECK_FALSE(files::exists(undo));
    files::remove(dir.file("in"));
    ran = while_waiting(dir, disk, "--json", "kill -SEGV $c");
    INFO(ran.output);
    CHECK(ran.status == 4);
    CHECK(ran.output.starts_with("{"));
    CHECK(ran.output.find("\"kind\": \"internal\"") != std::string::npos);
    CHECK(hash_of(disk) == before);
}

TEST_CASE("a request to stop reaches the child that works, and is obeyed") {
    const TempDir dir;
    const auto disk = ext_disk(dir);
    const auto ran = while_waiting(dir, disk, "", "kill -TERM $p");
    INFO(ran.output);
    CHECK(ran.status == 4);
    CHECK(ran.output.find("stopped") != std::string::npos);
    CHECK(ran.output.find("nothing was written") != std::string::npos);
}

TEST_CASE("an undo file that nothing needs is not left behind") {
    need_tools({"strace"});
    const TempDir dir;
    const auto disk = ext_disk(dir);
    write_file(dir.file("new"), std::string(100000, 'x'));
    const auto before = hash_of(disk);
    // The medium fails when the undo file is flushed to it.
    const auto ran = run_tool({"strace", "-f", "-qq", "-o", dir.file("trace"), "-e", "trace=fsync",
                               "-e", "inject=fsync:error=ENOSPC", LIFEBOAT_PROGRAM, "put",
                               disk + ":1:/new", dir.file("new"), "--undo", dir.file("undo")});
    INFO(ran.output);
    if (ran.output.find("ptrace") != std::string::npos)
        SKIP("processes cannot be traced here");
    CHECK(ran.status == 4);
    CHECK(ran.output.find("No space left") != std::string::npos);
    CHECK_FALSE(files::exists(dir.file("undo")));
    CHECK(hash_of(disk) == before);
}

TEST_CASE("the menu is guarded, too, and its folder goes away when nothing was kept in it") {
    need_tools({"sh"});
    const TempDir dir;
    const auto disk = ext_disk(dir);
    const auto ran = run_tool({"sh", "-c", "cd \"$1\" && echo q | \"$0\" menu \"$2\"",
                               LIFEBOAT_PROGRAM, dir.path(), disk});
    INFO(ran.output);
    CHECK(ran.output.find("ext4") != std::string::npos);
    CHECK_FALSE(files::exists(dir.file("lifeboat-undo")));
}

TEST_CASE("several of the program work on different disks at once") {
    need_tools({"sh"});
    const TempDir dir;
    std::vector<std::string> words = {
        "sh",
        "-c",
        "cd \"$1\"; p=$0; new=$2; shift 2; ids=; for d; do \"$p\" put \"$d:1:/new\" \"$new\" & "
        "ids=\"$ids $!\"; done; bad=0; for i in $ids; do wait $i || bad=1; done; exit $bad",
        LIFEBOAT_PROGRAM,
        dir.path(),
        dir.file("new")};
    write_file(dir.file("new"), "text\n");
    std::vector<std::string> disks;
    std::vector<std::string> before;
    for (int i = 0; i < 4; ++i) {
        disks.push_back(ext_disk(dir, "disk" + std::to_string(i) + ".img"));
        before.push_back(hash_of(disks.back()));
        words.push_back(disks.back());
    }
    const auto ran = run_tool(words);
    INFO(ran.output);
    REQUIRE(ran.status == 0);
    for (std::size_t i = 0; i < disks.size(); ++i) {
        CHECK(lifeboat_ok({"cat", disks[i] + ":1:/new"}) == "text\n");
        // Each has an undo file of its own.
        std::string undo;
        for (const auto& entry : files::directory_iterator(dir.path()))
            if (entry.path().filename().string().starts_with("disk" + std::to_string(i) +
                                                             ".img.lifeboat-undo-"))
                undo = entry.path().string();
        REQUIRE_FALSE(undo.empty());
        lifeboat_ok({"undo", undo, disks[i]});
        CHECK(hash_of(disks[i]) == before[i]);
    }
}

TEST_CASE("on the same disk the second that writes is refused") {
    const TempDir dir;
    const auto disk = ext_disk(dir);
    write_file(dir.file("new"), "text\n");
    {
        // What a commit holds while it writes.
        const auto first = block::open_image(disk, block::Access::write);
        REQUIRE(first);
        for (const std::vector<std::string>& arguments :
             {std::vector<std::string>{"put", disk + ":1:/new", dir.file("new"), "--undo",
                                       dir.file("undo")},
              std::vector<std::string>{"diagnose", disk}}) {
            const auto output = lifeboat_ok(arguments, 3);
            INFO(output);
            CHECK(output.find("another lifeboat is writing") != std::string::npos);
        }
        CHECK_FALSE(files::exists(dir.file("undo")));
    }
    lifeboat_ok({"put", disk + ":1:/new", dir.file("new"), "--undo", dir.file("undo")});
}

TEST_CASE("two that write the same disk at once: each is done or refused, never mixed") {
    need_tools({"sh"});
    const TempDir dir;
    const auto disk = ext_disk(dir);
    write_file(dir.file("a"), std::string(5000, 'a'));
    write_file(dir.file("b"), std::string(5000, 'b'));
    const auto ran =
        run_tool({"sh", "-c",
                  "\"$0\" put \"$1:1:/a\" \"$2/a\" --undo \"$2/u1\" & p=$!; "
                  "\"$0\" put \"$1:1:/b\" \"$2/b\" --undo \"$2/u2\"; second=$?; wait $p; "
                  "echo \"codes $? $second\"",
                  LIFEBOAT_PROGRAM, disk, dir.path()});
    INFO(ran.output);
    const auto codes = ran.output.substr(ran.output.find("codes "));
    const bool first = codes.starts_with("codes 0");
    const bool second = codes.ends_with(" 0\n");
    CHECK((first || second));
    CHECK((first || codes.starts_with("codes 3")));
    CHECK((second || codes.ends_with(" 3\n")));
    for (const auto& [done, name] : {std::pair{first, "a"}, std::pair{second, "b"}}) {
        const auto read = run_lifeboat({"cat", disk + ":1:/" + name});
        CHECK(read.status == (done ? 0 : 3));
        if (done)
            CHECK(read.output == std::string(5000, name[0]));
    }
    take_from_disk(disk, kStart, 16 * kMiB, dir.file("judge"));
    check_ext(dir.file("judge"));
}
