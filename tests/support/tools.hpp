// SPDX-License-Identifier: GPL-2.0-or-later
// For tests only: temporary directories, files, and other people's programs as independent judges.
#pragma once

#include "base/bytes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <spawn.h>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace lifeboat::test {

namespace files = std::filesystem;

// A directory of its own that goes away with the object.
class TempDir {
public:
    TempDir() {
        std::string name = (files::temp_directory_path() / "lifeboat-test-XXXXXX").string();
        path_ = ::mkdtemp(name.data()) != nullptr ? name : std::string();
        REQUIRE_FALSE(path_.empty());
    }
    ~TempDir() {
        std::error_code ignored;
        files::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] std::string file(std::string_view name) const {
        return (files::path(path_) / name).string();
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

inline void write_file(const std::string& path, ByteSpan content) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    for (const auto byte : content)
        out.put(static_cast<char>(byte));
    REQUIRE(out.flush().good());
}
inline void write_file(const std::string& path, std::string_view content) {
    write_file(path, ByteSpan(to_bytes(content)));
}

[[nodiscard]] inline Bytes read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in.good());
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    return to_bytes(text);
}

// The program's full path, also from the sbin directories; empty when it is not installed.
[[nodiscard]] inline std::string find_tool(std::string_view name) {
    for (const auto* const directory :
         {"/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/bin"}) {
        const auto path = files::path(directory) / name;
        if (::access(path.c_str(), X_OK) == 0)
            return path.string();
    }
    return {};
}

// Skips the test, saying why, when a program is missing.
inline void need_tools(const std::vector<std::string_view>& names) {
    for (const auto name : names)
        if (find_tool(name).empty())
            SKIP("the program " << name << " is not installed");
}

struct Ran {
    int status = -1;    // exit status, or 128 + signal
    std::string output; // stdout and stderr together
};

// Runs a program without a shell; `input` becomes its standard input. The output goes through
// files, so that neither side can block.
[[nodiscard]] inline Ran run_tool(const std::vector<std::string>& arguments,
                                  std::string_view input = {}) {
    const TempDir scratch;
    const auto in = scratch.file("in");
    const auto out = scratch.file("out");
    write_file(in, input);
    const auto program = find_tool(arguments.front());
    REQUIRE_FALSE(program.empty());
    std::vector<std::string> words = arguments;
    std::vector<char*> argv;
    for (auto& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, in.c_str(), O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t child = 0;
    const int started =
        ::posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    REQUIRE(started == 0);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        REQUIRE(errno == EINTR);
    Ran ran;
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ran.output = to_text(read_file(out));
    return ran;
}

// The same for what must succeed; returns the output.
inline std::string run_ok(const std::vector<std::string>& arguments, std::string_view input = {}) {
    const auto ran = run_tool(arguments, input);
    std::string line;
    for (const auto& word : arguments)
        line += word + " ";
    INFO(line << "\n" << ran.output);
    REQUIRE(ran.status == 0);
    return ran.output;
}

} // namespace lifeboat::test
