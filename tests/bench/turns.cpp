// SPDX-License-Identifier: GPL-2.0-or-later
// bench_turns ROUNDS TITLE NAME PREPARE COMMAND [NAME PREPARE COMMAND]...
// Runs the commands in turns (A B A B ...), each after its PREPARE ("-" for none, several parted by
// ";"), which is not measured, and prints a row per command: medians of wall time, CPU time and
// peak memory, and the ratios to the last command, the floor. One round before is not counted: it
// fills the page cache. Words of a command are parted by blanks; %v becomes 3 in even rounds and 4
// in odd ones, so that a change is always one. Exit codes 0 and 1 (findings) are good.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

struct Cost {
    double wall = 0; // ms
    double cpu = 0;  // ms, user and system, with all children
    double peak = 0; // MiB, of the largest process
};

struct Runner {
    std::string name, prepare, command;
    std::vector<Cost> costs;
};

double ms(const timeval& time) {
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_usec);
}

std::vector<std::string> words_of(std::string command, int round) {
    for (std::size_t at = 0; (at = command.find("%v", at)) != std::string::npos;)
        command.replace(at, 2, 1, round % 2 == 0 ? '3' : '4');
    std::istringstream in(command);
    std::vector<std::string> words;
    for (std::string word; in >> word;)
        words.push_back(word);
    return words;
}

[[noreturn]] void exec_quietly(std::vector<char*>& argv) {
    const int nothing = ::open("/dev/null", O_RDWR);
    ::dup2(nothing, 0);
    ::dup2(nothing, 1);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
}

Cost run(const std::string& command, int round) {
    auto words = words_of(command, round);
    std::vector<char*> argv;
    for (auto& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    const auto start = std::chrono::steady_clock::now();
    const pid_t child = ::vfork(); // a fork would count our own memory as the child's
    if (child == 0)
        exec_quietly(argv);
    int status = 0;
    rusage usage{};
    while (child < 0 || ::wait4(child, &status, 0, &usage) < 0)
        if (child < 0 || errno != EINTR) {
            std::perror("starting a program");
            std::exit(2);
        }
    const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - start;
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
        std::fprintf(stderr, "failed: %s\n", command.c_str());
        std::exit(2);
    }
    return {wall.count(), ms(usage.ru_utime) + ms(usage.ru_stime),
            static_cast<double>(usage.ru_maxrss) / 1024};
}

double median(const std::vector<Cost>& costs, double Cost::*part) {
    std::vector<double> all;
    for (const auto& cost : costs)
        all.push_back(cost.*part);
    std::sort(all.begin(), all.end());
    const auto half = all.size() / 2;
    return all.size() % 2 == 1 ? all[half] : (all[half - 1] + all[half]) / 2;
}

void print(const std::string& title, const std::vector<Runner>& runners) {
    const auto& floor = runners.back().costs;
    for (const auto& runner : runners) {
        const auto wall = median(runner.costs, &Cost::wall);
        const auto cpu = median(runner.costs, &Cost::cpu);
        std::printf("| %-28s | %-12s | %8.1f | %8.1f | %7.1f | %5.2f | %5.2f |\n", title.c_str(),
                    runner.name.c_str(), wall, cpu, median(runner.costs, &Cost::peak),
                    wall / median(floor, &Cost::wall),
                    cpu / std::max(0.1, median(floor, &Cost::cpu)));
    }
    std::fflush(stdout);
}

} // namespace

int main(int count, char** words) {
    const int rounds = count > 1 ? std::atoi(words[1]) : 0;
    if (rounds < 1 || count < 6 || count % 3 != 0) {
        std::fputs("usage: see the head of tests/bench/turns.cpp\n", stderr);
        return 2;
    }
    std::vector<Runner> runners;
    for (int i = 3; i + 2 < count; i += 3)
        runners.push_back({words[i], words[i + 1], words[i + 2], {}});
    for (int round = 0; round <= rounds; ++round)
        for (auto& runner : runners) {
            std::istringstream prepare(runner.prepare == "-" ? "" : runner.prepare);
            for (std::string step; std::getline(prepare, step, ';');)
                static_cast<void>(run(step, round));
            const auto cost = run(runner.command, round);
            if (round > 0)
                runner.costs.push_back(cost);
        }
    print(words[2], runners);
    return 0;
}
