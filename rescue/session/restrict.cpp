// SPDX-License-Identifier: GPL-2.0-or-later
// Landlock and seccomp, through system calls alone (no library has them static in Debian). Facts:
// Linux Documentation/userspace-api/landlock.rst and seccomp_filter.rst. The two work together:
// Landlock knows paths but not how a file is opened, seccomp the reverse.
#include "session/guard.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace lifeboat::session {

namespace {

// In headers newer than those of Debian 12.
constexpr std::uint64_t kRefer = 1ULL << 13;
constexpr std::uint64_t kTruncate = 1ULL << 14;

// The same in the headers of the C library, behind _GNU_SOURCE (asm-generic/fcntl.h).
constexpr std::uint32_t kOfdGetLock = 36;
constexpr std::uint32_t kOfdSetLock = 37;

constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWriteFile = LANDLOCK_ACCESS_FS_WRITE_FILE;
// Without the right to read, a file of such a directory can be opened for writing only, and that
// the filter of calls allows only for new files. READ_DIR: the directory itself must be flushed.
constexpr std::uint64_t kMake =
    LANDLOCK_ACCESS_FS_MAKE_REG | kWriteFile | LANDLOCK_ACCESS_FS_READ_DIR;

std::uint64_t known_rights(long abi) {
    std::uint64_t rights = (1ULL << 13) - 1; // the thirteen of the first version
    if (abi >= 2)
        rights |= kRefer;
    if (abi >= 3)
        rights |= kTruncate;
    return rights;
}

void allow(int ruleset, const std::string& path, std::uint64_t rights) {
    const int fd = open(path.c_str(), O_PATH | O_CLOEXEC);
    if (fd < 0)
        return; // what is not there cannot be opened either; the open itself will say so
    struct stat info {};
    if (fstat(fd, &info) == 0 && !S_ISDIR(info.st_mode))
        rights &= kReadFile | kWriteFile;
    landlock_path_beneath_attr rule{};
    rule.allowed_access = rights;
    rule.parent_fd = fd;
    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(fd);
}

bool restrict_files(const GuardPaths& paths) {
    const long abi =
        syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return false;
    landlock_ruleset_attr attributes{};
    attributes.handled_access_fs = known_rights(abi);
    const auto made =
        syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes.handled_access_fs, 0);
    if (made < 0)
        return false;
    const int ruleset = static_cast<int>(made);
    const std::uint64_t known = known_rights(abi);
    for (const auto& path : paths.readable)
        allow(ruleset, path, kRead & known);
    for (const auto& path : paths.writable)
        allow(ruleset, path, (kRead | kWriteFile) & known);
    for (const auto& path : paths.directories)
        allow(ruleset, path, kMake & known);
    const bool done = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    close(ruleset);
    return done;
}

// Everything a static program of ours calls to compute, to read and write what it has open or may
// open, and to talk to the NBD servers it is already connected to. No exec, fork, socket, connect,
// ptrace, mount, kill, rename, link, unlink, or anything newer than this list.
constexpr std::array kCalls = {
    SYS_read,
    SYS_readv,
    SYS_pread64,
    SYS_preadv,
    SYS_write,
    SYS_writev,
    SYS_pwrite64,
    SYS_pwritev,
    SYS_lseek,
    SYS_close,
    SYS_fstat,
    SYS_stat,
    SYS_lstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_statfs,
    SYS_fstatfs,
    SYS_access,
    SYS_faccessat,
    SYS_readlink,
    SYS_readlinkat,
    SYS_getdents64,
    SYS_getcwd,
    SYS_ftruncate,
    SYS_fallocate,
    SYS_fsync,
    SYS_fdatasync,
    SYS_fadvise64,
    SYS_flock,
    SYS_dup,
    SYS_dup2,
    SYS_dup3,
    SYS_memfd_create,
    SYS_pipe2,
    SYS_poll,
    SYS_ppoll,
    SYS_select,
    SYS_pselect6,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_sendto,
    SYS_sendmsg,
    SYS_shutdown,
    SYS_getsockopt,
    SYS_setsockopt,
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_brk,
    SYS_futex,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_time,
    SYS_getrandom,
    SYS_getpid,
    SYS_gettid,
    SYS_getppid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_uname,
    SYS_sysinfo,
    SYS_getrusage,
    SYS_getrlimit,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_restart_syscall,
    SYS_set_robust_list,
    SYS_rseq,
    SYS_arch_prctl,
    SYS_sched_yield,
    SYS_umask,
    SYS_exit,
    SYS_exit_group,
};

// Calls that are allowed with some arguments only.
struct Allowed {
    enum class When { one_of, none_of_bits };
    long call;
    std::size_t argument;
    When when;
    std::vector<std::uint32_t> values; // the argument's lower half, which is all the kernel uses
};

std::vector<Allowed> with_conditions() {
    using When = Allowed::When;
    return {
        // Not TIOCSTI and TIOCLINUX, which type into the user's terminal.
        {SYS_ioctl, 1, When::one_of, {TCGETS, TIOCGWINSZ, BLKGETSIZE64, BLKSSZGET}},
        // Not F_SETOWN and F_SETSIG, which send signals to others.
        {SYS_fcntl,
         1,
         When::one_of,
         {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK,
          kOfdGetLock, kOfdSetLock}},
        {SYS_mmap, 2, When::none_of_bits, {PROT_EXEC}},
        {SYS_mprotect, 2, When::none_of_bits, {PROT_EXEC}},
        {SYS_prlimit64, 0, When::one_of, {0}}, // of this process
        {SYS_tgkill, 0, When::one_of, {static_cast<std::uint32_t>(getpid())}},
    };
}

sock_filter load(std::size_t offset) {
    return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)};
}
sock_filter load_argument(std::size_t number) { // its lower half
    return load(offsetof(seccomp_data, args) + number * sizeof(std::uint64_t));
}
sock_filter answer(std::uint32_t value) { return {BPF_RET | BPF_K, 0, 0, value}; }
sock_filter test(unsigned how, std::uint32_t value, std::size_t if_true, std::size_t if_false) {
    return {static_cast<std::uint16_t>(BPF_JMP | how | BPF_K), static_cast<std::uint8_t>(if_true),
            static_cast<std::uint8_t>(if_false), value};
}

constexpr std::uint32_t kNo = SECCOMP_RET_ERRNO | EPERM;

using Program = std::vector<sock_filter>;

// Puts `body`, which ends in answers, behind a test for the call.
void add_call(Program& program, long call, const Program& body) {
    program.push_back(test(BPF_JEQ, static_cast<std::uint32_t>(call), 0, body.size()));
    program.insert(program.end(), body.begin(), body.end());
}

Program body_of(const Allowed& allowed) {
    Program body = {load_argument(allowed.argument)};
    const bool one_of = allowed.when == Allowed::When::one_of;
    for (const auto value : allowed.values) {
        body.push_back(test(one_of ? BPF_JEQ : BPF_JSET, value, 0, 1));
        body.push_back(answer(one_of ? SECCOMP_RET_ALLOW : kNo));
    }
    body.push_back(answer(one_of ? kNo : SECCOMP_RET_ALLOW));
    return body;
}

// New files only with O_EXCL, nothing is cut to length 0, and what is there already is not opened
// for writing alone: see kMake.
Program body_of_open(std::size_t flags) {
    return {
        load_argument(flags),
        test(BPF_JSET, O_TRUNC, 0, 1),
        answer(kNo),
        test(BPF_JSET, O_CREAT, 0, 2),
        test(BPF_JSET, O_EXCL, 3, 0),
        answer(kNo),
        test(BPF_JSET, O_WRONLY, 0, 1),
        answer(kNo),
        answer(SECCOMP_RET_ALLOW),
    };
}

bool restrict_calls() {
    // Calls of the 32-bit and x32 tables have other numbers: none of them is ours.
    Program program = {
        load(offsetof(seccomp_data, arch)),
        test(BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0),
        answer(SECCOMP_RET_KILL_PROCESS),
        load(offsetof(seccomp_data, nr)),
    };
    for (const long call : kCalls)
        add_call(program, call, {answer(SECCOMP_RET_ALLOW)});
    add_call(program, SYS_open, body_of_open(1));
    add_call(program, SYS_openat, body_of_open(2));
    for (const auto& allowed : with_conditions())
        add_call(program, allowed.call, body_of(allowed));
    program.push_back(answer(kNo));
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

} // namespace

Restricted restrict_process(const GuardPaths& paths) {
    Restricted done;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return done;
    done.files = restrict_files(paths);
    done.calls = restrict_calls();
    return done;
}

} // namespace lifeboat::session
