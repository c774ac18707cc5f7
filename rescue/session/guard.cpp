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
#include <malloc.h>
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
    volatile bool written;
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

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kAddressSanitizer = true;
#else
constexpr bool kAddressSanitizer = false;
#endif
#else
constexpr bool kAddressSanitizer = false;
#endif

constexpr std::array kPassedOn = {SIGINT, SIGTERM, SIGHUP};
volatile std::sig_atomic_t child_of_guard = 0;

extern "C" void pass_on(int signal) {
    // A terminal sends Ctrl-C to the child as well; asking twice to stop is harmless.
    if (child_of_guard > 0)
        kill(static_cast<pid_t>(child_of_guard), signal);
}

void limit(int what, std::uint64_t value) {
    rlimit now{};
    if (getrlimit(static_cast<__rlimit_resource_t>(what), &now) != 0)
        return;
    now.rlim_cur = std::min<rlim_t>(value, now.rlim_max);
    setrlimit(static_cast<__rlimit_resource_t>(what), &now);
}

// Hives of megabytes come and go. Given back to the kernel, their pages would be cleared and mapped
// anew each time, which took a tenth of the time of a small change.
void keep_freed_memory() {
    mallopt(M_MMAP_THRESHOLD, 32 << 20); // bytes; the most that glibc takes
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

[[noreturn]] void run_child(pid_t parent, const GuardLimits& limits, Page* page,
                            const std::function<int(Watch&)>& work) {
    // Without its parent nobody would read its answer.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(4);
    if (limits.memory != 0 && !kAddressSanitizer)
        limit(RLIMIT_AS, limits.memory);
    if (limits.cpu_seconds != 0)
        limit(RLIMIT_CPU, limits.cpu_seconds);
    limit(RLIMIT_CORE, 1); // a core would hold the guest's data
    keep_freed_memory();
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

// The page may hold anything: the child may have been taken over.
template <std::size_t size> std::string text_of(const std::array<char, size>& from) {
    return printable(std::string_view(from.data(), strnlen(from.data(), size)));
}

Error obituary(int status, const Page& page) {
    const auto doing = text_of(page.doing);
    if (page.writing)
        return {ErrorKind::internal, doing, "the commit did not end: " + how(status),
                "run: lifeboat undo " + text_of(page.undo_file)};
    if (page.written)
        return {ErrorKind::internal, doing,
                "everything was written, but looking again failed: " + how(status),
                "to take it back: lifeboat undo " + text_of(page.undo_file)};
    return {ErrorKind::internal, doing, "could not look: " + how(status),
            "nothing was written; please report this"};
}

// Waits, and passes signals on meanwhile; `unblocked` is the mask under which they come.
int wait_for(pid_t child, const sigset_t& unblocked) {
    std::array<struct sigaction, kPassedOn.size()> before{};
    struct sigaction action {};
    action.sa_handler = pass_on;
    child_of_guard = child;
    for (std::size_t i = 0; i < kPassedOn.size(); ++i)
        sigaction(kPassedOn[i], &action, &before[i]);
    sigprocmask(SIG_SETMASK, &unblocked, nullptr);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    child_of_guard = 0;
    for (std::size_t i = 0; i < kPassedOn.size(); ++i)
        sigaction(kPassedOn[i], &before[i], nullptr);
    return status;
}

} // namespace

void Watch::doing(std::string_view what) { store(page_->doing, what); }
void Watch::writing(std::string_view undo_file) {
    store(page_->undo_file, undo_file);
    rlimit now{};
    if (getrlimit(RLIMIT_CPU, &now) == 0) {
        now.rlim_cur = now.rlim_max;
        setrlimit(RLIMIT_CPU, &now);
    }
    page_->writing = true;
}
void Watch::written() {
    page_->written = true;
    page_->writing = false;
}

void Watch::next_task(const GuardLimits& limits) {
    page_->writing = false;
    page_->written = false;
    if (limits.cpu_seconds == 0)
        return;
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    limit(RLIMIT_CPU, static_cast<std::uint64_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                          limits.cpu_seconds);
}

Ended run_guarded(const GuardLimits& limits, const std::function<int(Watch&)>& work) {
    void* memory =
        mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return {4, Error{ErrorKind::io, "", "there is no memory left to start with", ""}, false};
    auto* page = new (memory) Page{};
    std::fflush(nullptr);
    const pid_t parent = getpid();
    // A request to stop that comes between the fork and the handlers waits.
    sigset_t passed_on;
    sigset_t before;
    sigemptyset(&passed_on);
    for (const int signal : kPassedOn)
        sigaddset(&passed_on, signal);
    sigprocmask(SIG_BLOCK, &passed_on, &before);
    const pid_t child = fork();
    if (child == 0) {
        sigprocmask(SIG_SETMASK, &before, nullptr);
        run_child(parent, limits, page, work);
    }
    Ended ended;
    if (child < 0) {
        ended = {4, Error{ErrorKind::io, "", "no process could be started", "try again"}, false};
        sigprocmask(SIG_SETMASK, &before, nullptr);
    } else {
        const int status = wait_for(child, before);
        if (WIFEXITED(status))
            ended.exit_code = WEXITSTATUS(status);
        else
            ended = {page->written && !page->writing ? 1 : 4, obituary(status, *page), false};
        ended.began_writing = page->writing || page->written;
    }
    munmap(memory, sizeof(Page));
    return ended;
}

} // namespace lifeboat::session
