// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/guard.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lifeboat::session {

// Shared between parent and child; plain bytes, so that a child that dies while writing leaves at
// worst a cut sentence.
struct Watch::Page {
    std::array<char, 512> doing;
    std::array<char, 1024> undo_file;
    volatile bool writing;
};

struct GuardAccess {
    using Page = Watch::Page;
    static Watch watch(Page* page) { return Watch(page); }
};

namespace {

using Page = GuardAccess::Page;

template <std::size_t size> void store(std::array<char, size>& to, std::string_view text) {
    const auto length = std::min(text.size(), size - 1);
    std::memcpy(to.data(), text.data(), length);
    to[length] = '\0';
}

constexpr std::array kPassedOn = {SIGINT, SIGTERM, SIGHUP};
volatile std::sig_atomic_t child_of_guard = 0;

extern "C" void pass_on(int signal) {
    // A terminal sends Ctrl-C to the child as well; asking twice to stop is harmless.
    if (child_of_guard > 0)
        kill(static_cast<pid_t>(child_of_guard), signal);
}

void limit(int what, std::uint64_t value) {
    if (value == 0)
        return;
    rlimit now{};
    if (getrlimit(static_cast<__rlimit_resource_t>(what), &now) != 0)
        return;
    now.rlim_cur = std::min<rlim_t>(value, now.rlim_max);
    setrlimit(static_cast<__rlimit_resource_t>(what), &now);
}

[[noreturn]] void run_child(pid_t parent, const GuardLimits& limits, Page* page,
                            const std::function<int(Watch&)>& work) {
    // Without its parent nobody would read its answer.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(4);
    limit(RLIMIT_AS, limits.memory);
    limit(RLIMIT_CPU, limits.cpu_seconds);
    limit(RLIMIT_CORE, 1); // a core would hold the guest's data
    int code = 4;
    try {
        Watch watch = GuardAccess::watch(page);
        code = work(watch);
    } catch (const std::bad_alloc&) {
        raise(SIGABRT);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "lifeboat: %s (please report this)\n", error.what());
    }
    std::fflush(nullptr);
    _exit(code);
}

std::string how(int status) {
    const int signal = WTERMSIG(status);
    if (signal == SIGXCPU)
        return "it took too long";
    if (signal == SIGABRT)
        return "it ran out of memory or met an impossible state";
    return "it was stopped by signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

Error obituary(int status, const Page& page) {
    const std::string doing = printable(page.doing.data());
    if (page.writing)
        return {ErrorKind::internal, doing, "the commit did not end: " + how(status),
                "run: lifeboat undo " + printable(page.undo_file.data())};
    return {ErrorKind::internal, doing, "could not look: " + how(status),
            "nothing was written; please report this"};
}

int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

} // namespace

void Watch::doing(std::string_view what) { store(page_->doing, what); }
void Watch::writing(std::string_view undo_file) {
    store(page_->undo_file, undo_file);
    page_->writing = true;
}
void Watch::written() { page_->writing = false; }

Ended run_guarded(const GuardLimits& limits, const std::function<int(Watch&)>& work) {
    void* memory =
        mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return {4, Error{ErrorKind::io, "", "there is no memory left to start with", ""}};
    auto* page = new (memory) Page{};
    std::fflush(nullptr);
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child == 0)
        run_child(parent, limits, page, work);
    Ended ended;
    if (child < 0) {
        ended = {4, Error{ErrorKind::io, "", "no process could be started", "try again"}};
    } else {
        std::array<struct sigaction, kPassedOn.size()> before{};
        struct sigaction action {};
        action.sa_handler = pass_on;
        child_of_guard = child;
        for (std::size_t i = 0; i < kPassedOn.size(); ++i)
            sigaction(kPassedOn[i], &action, &before[i]);
        const int status = wait_for(child);
        child_of_guard = 0;
        for (std::size_t i = 0; i < kPassedOn.size(); ++i)
            sigaction(kPassedOn[i], &before[i], nullptr);
        if (WIFEXITED(status))
            ended.exit_code = WEXITSTATUS(status);
        else
            ended = {4, obituary(status, *page)};
    }
    munmap(memory, sizeof(Page));
    return ended;
}

} // namespace lifeboat::session
