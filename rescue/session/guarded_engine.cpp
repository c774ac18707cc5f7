// SPDX-License-Identifier: GPL-2.0-or-later
// Three processes: the front end, the keeper, and the child that works. The keeper (one thread, no
// disk) starts a child, says how it died, and starts the next. Requests and those obituaries are
// packets of one socket, so half of one is never read; answers come through a pipe, which may be
// left in the middle of an answer by a death, and is emptied then. Every answer and obituary has
// the number of its request, so that none is taken for that of another.
#include "session/guarded_engine.hpp"

#include "fs/kernel.hpp"
#include "session/engine_messages.hpp"
#include "session/prepare.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lifeboat::session {

namespace {

constexpr int kCancelPollMs = 100;
constexpr std::size_t kPiece = 64U << 10; // a pipe's own size
constexpr std::size_t kHead = 16;         // of an answer: its length and its request, 64 bits each
constexpr std::size_t kLargestRequest = 128U << 10; // below a socket's default buffer

// In memory that all three share.
struct Shared {
    std::atomic<bool> cancel = false;
    std::atomic<std::uint64_t> request = 0; // that the child works on; 0: none
};
static_assert(std::atomic<bool>::is_always_lock_free);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

struct Channel {
    int control = -1; // packets
    int answers = -1; // a pipe
    Shared* shared = nullptr;
};

// ---- in the child

volatile std::sig_atomic_t stop_asked = 0;

bool write_all(int fd, ByteSpan bytes) {
    while (!bytes.empty()) {
        const auto count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

bool say(const Channel& channel, const EngineMessage& message) {
    auto body = pack(message);
    if (body.size() > kLargestMessage)
        body = pack(EngineMessage(
            Error{ErrorKind::unsupported, "", "the answer is too large to be shown", ""}));
    Bytes head;
    append_le(head, static_cast<std::uint64_t>(body.size()));
    append_le(head, channel.shared->request.load());
    return write_all(channel.answers, head) && write_all(channel.answers, body);
}

class ChildProgress final : public Progress {
public:
    ChildProgress(const Channel& channel, Watch& watch) : channel_(channel), watch_(watch) {}

    void report(std::string_view doing, double fraction) override {
        watch_.doing(doing);
        say(channel_, Report{std::string(doing), fraction});
    }
    bool cancelled() const override { return stop_asked != 0 || channel_.shared->cancel; }
    void writing(std::string_view undo_file) override { watch_.writing(undo_file); }
    void written() override { watch_.written(); }

private:
    const Channel& channel_;
    Watch& watch_;
};

template <class T> EngineMessage answer(Result<T> result) {
    if (!result)
        return std::move(result).error();
    return std::move(*result);
}

EngineMessage obey(Engine& engine, const EngineRequest& request, Progress& progress) {
    switch (request.call) {
    case Call::look: return answer(engine.look(progress));
    case Call::kept: return answer(engine.kept(progress));
    case Call::stage: return answer(engine.stage(request.choices, request.agreed, progress));
    case Call::restore:
        return answer(engine.stage_restore(request.restore, request.agreed, progress));
    case Call::commit: return answer(engine.commit(progress));
    case Call::undo: return answer(engine.undo(request.undo_file, progress));
    case Call::discard: engine.discard(); break;
    }
    return Done{};
}

// Until the front end is gone, or this process is asked to stop.
int serve(const Channel& channel, Engine& engine, Watch& watch, const GuardLimits& limits) {
    struct sigaction action {};
    action.sa_handler = [](int) { stop_asked = 1; };
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaction(signal, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    Bytes packet(kLargestRequest);
    while (stop_asked == 0) {
        // Taken only once it is known whose death it would be.
        auto size = ::recv(channel.control, packet.data(), packet.size(), MSG_PEEK);
        const auto request =
            size > 0 ? unpack_request(ByteSpan(packet).first(static_cast<std::size_t>(size)))
                     : std::nullopt;
        if (!request)
            break;
        channel.shared->request = request->number;
        size = ::recv(channel.control, packet.data(), packet.size(), 0);
        watch.next_task(limits);
        ChildProgress progress(channel, watch);
        if (size <= 0 || !say(channel, obey(engine, *request, progress)))
            break;
        channel.shared->request = 0;
    }
    return 0;
}

[[noreturn]] void keep(const Channel& channel, pid_t parent,
                       const std::function<std::unique_ptr<Engine>()>& make,
                       const std::function<void()>& restrict, const GuardLimits& limits) {
    // Without the front end nobody would read an answer. A commit that has begun is finished.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    std::signal(SIGPIPE, SIG_IGN);
    while (getppid() == parent) {
        const auto ended = run_guarded(limits, [&](Watch& watch) {
            restrict();
            const auto engine = make();
            return serve(channel, *engine, watch, limits);
        });
        if (!ended.died)
            break;
        Bytes obituary;
        append_le(obituary, channel.shared->request.exchange(0));
        const auto body = pack(EngineMessage(*ended.died));
        obituary.insert(obituary.end(), body.begin(), body.end());
        if (::send(channel.control, obituary.data(), obituary.size(), 0) < 0)
            break;
    }
    _exit(0);
}

// ---- in the front end

Error gone(std::string_view what) {
    return {ErrorKind::internal, "the part of Lifeboat that reads disks", std::string(what),
            "start Lifeboat again; please report this"};
}

class GuardedEngine final : public Engine {
public:
    GuardedEngine(std::unique_ptr<Engine> front, Channel channel, pid_t keeper)
        : front_(std::move(front)), channel_(channel), keeper_(keeper) {}
    ~GuardedEngine() override {
        ::close(channel_.control);
        ::close(channel_.answers);
        while (waitpid(keeper_, nullptr, 0) < 0 && errno == EINTR) {
        }
        munmap(channel_.shared, sizeof(Shared));
    }
    GuardedEngine(const GuardedEngine&) = delete;
    GuardedEngine& operator=(const GuardedEngine&) = delete;

    std::vector<std::string> disks() const override { return front_->disks(); }
    std::optional<std::string_view> page(std::string_view id) const override {
        return front_->page(id);
    }
    Result<Inspection> look(Progress& progress) override {
        return call<Inspection>(request(Call::look), progress);
    }
    Result<std::vector<KeptInfo>> kept(Progress& progress) override {
        return call<std::vector<KeptInfo>>(request(Call::kept), progress);
    }
    Result<Preview> stage(std::span<const Choice> choices, const Agreements& agreed,
                          Progress& progress) override {
        auto asked = request(Call::stage);
        asked.choices.assign(choices.begin(), choices.end());
        asked.agreed = agreed;
        return call<Preview>(std::move(asked), progress);
    }
    Result<Preview> stage_restore(const RestoreChoice& choice, const Agreements& agreed,
                                  Progress& progress) override {
        auto asked = request(Call::restore);
        asked.restore = choice;
        asked.agreed = agreed;
        return call<Preview>(std::move(asked), progress);
    }
    void discard() override {
        Progress quiet;
        // When it fails the child is gone, and with it all that was staged.
        static_cast<void>(call<Done>(request(Call::discard), quiet));
    }
    Result<CommitInfo> commit(Progress& progress) override {
        return call<CommitInfo>(request(Call::commit), progress);
    }
    Result<CommitInfo> undo(const std::string& undo_file, Progress& progress) override {
        auto asked = request(Call::undo);
        asked.undo_file = undo_file;
        return call<CommitInfo>(std::move(asked), progress);
    }

private:
    static EngineRequest request(Call what) {
        EngineRequest out;
        out.call = what;
        return out;
    }

    template <class T> Result<T> call(EngineRequest request, Progress& progress) {
        request.number = ++number_;
        LIFEBOAT_TRY(auto message, exchange(request, progress));
        if (auto* error = std::get_if<Error>(&message))
            return fail(std::move(*error));
        if (auto* value = std::get_if<T>(&message))
            return std::move(*value);
        return fail(gone("it gave an answer to another question"));
    }

    Result<EngineMessage> exchange(const EngineRequest& request, Progress& progress) {
        channel_.shared->cancel = false;
        const auto packet = pack(request);
        if (packet.size() > kLargestRequest)
            return fail(ErrorKind::usage, "", "too many repairs are chosen at once");
        if (::send(channel_.control, packet.data(), packet.size(), MSG_NOSIGNAL) < 0)
            return fail(gone("it is not there any more"));
        for (;;) {
            if (progress.cancelled())
                channel_.shared->cancel = true;
            std::array<pollfd, 2> polls = {
                {{channel_.answers, POLLIN, 0}, {channel_.control, POLLIN, 0}}};
            ::poll(polls.data(), polls.size(), kCancelPollMs);
            // What it said before it died counts.
            LIFEBOAT_TRY(auto answer, read_answers(progress));
            if (answer)
                return std::move(*answer);
            if ((polls[1].revents & (POLLIN | POLLHUP)) != 0) {
                if (auto death = obituary())
                    return fail(std::move(*death));
            }
        }
    }

    // How the child that worked on this request died, if it did; what it left behind in the pipe
    // goes away.
    std::optional<Error> obituary() {
        Bytes packet(kLargestRequest);
        const auto size = ::recv(channel_.control, packet.data(), packet.size(), MSG_DONTWAIT);
        if (size < 0 && (errno == EAGAIN || errno == EINTR))
            return std::nullopt;
        if (size <= 0)
            return gone("it is not there any more");
        packet.resize(static_cast<std::size_t>(size));
        if (read_le<std::uint64_t>(packet, 0) != number_)
            return std::nullopt; // of one that had nothing to do
        fill();
        received_.clear();
        const auto message = unpack_message(ByteSpan(packet).subspan(sizeof(std::uint64_t)));
        const auto* error = message ? std::get_if<Error>(&*message) : nullptr;
        return error ? *error : gone("it died");
    }

    // Passes reports on. The answer, when it is there.
    Result<std::optional<EngineMessage>> read_answers(Progress& progress) {
        fill();
        for (;;) {
            const auto length = read_le<std::uint64_t>(received_, 0);
            const auto number = read_le<std::uint64_t>(received_, sizeof(std::uint64_t));
            if (!length || !number)
                return std::optional<EngineMessage>();
            if (*length > kLargestMessage)
                return fail(gone("it gave an answer that makes no sense"));
            const auto body = slice(received_, kHead, static_cast<std::size_t>(*length));
            if (!body)
                return std::optional<EngineMessage>();
            auto message = unpack_message(*body);
            received_.erase(received_.begin(),
                            received_.begin() + static_cast<std::ptrdiff_t>(kHead + *length));
            if (*number != number_)
                continue; // to a request that was given up
            if (!message)
                return fail(gone("it gave an answer that makes no sense"));
            const auto* report = std::get_if<Report>(&*message);
            if (report == nullptr)
                return message;
            progress.report(report->doing, report->fraction);
        }
    }

    void fill() {
        std::array<std::byte, kPiece> piece{};
        for (;;) {
            const auto size = ::read(channel_.answers, piece.data(), piece.size());
            if (size <= 0)
                return; // nothing more for now: the pipe does not block
            received_.insert(received_.end(), piece.begin(), piece.begin() + size);
        }
    }

    std::unique_ptr<Engine> front_;
    Channel channel_;
    pid_t keeper_;
    std::uint64_t number_ = 0; // of the last request
    Bytes received_;           // and not yet read
};

tl::unexpected<Error> cannot_start(int number) {
    return fail_errno("this machine", "starting the process that reads disks", number);
}

} // namespace

Result<std::unique_ptr<Engine>> guard_engine(std::function<std::unique_ptr<Engine>()> make,
                                             std::function<void()> restrict,
                                             const GuardLimits& limits) {
    void* memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return cannot_start(errno);
    auto* shared = new (memory) Shared{};
    std::array<int, 2> control = {-1, -1};
    std::array<int, 2> answers = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control.data()) != 0 ||
        pipe2(answers.data(), O_CLOEXEC) != 0)
        return cannot_start(errno);
    const pid_t parent = getpid();
    const pid_t keeper = fork();
    if (keeper == 0) {
        ::close(control[0]);
        ::close(answers[0]);
        keep({control[1], answers[1], shared}, parent, make, restrict, limits);
    }
    ::close(control[1]);
    ::close(answers[1]);
    if (keeper < 0)
        return cannot_start(errno);
    fcntl(answers[0], F_SETFL, O_NONBLOCK);
    return std::make_unique<GuardedEngine>(make(), Channel{control[0], answers[0], shared}, keeper);
}

Result<std::unique_ptr<Engine>> make_guarded_engine(const std::vector<std::string>& disks,
                                                    const std::string& undo_folder,
                                                    const std::string& sys_block) {
    std::error_code error;
    std::filesystem::create_directories(undo_folder, error);
    if (error)
        return fail(ErrorKind::io, undo_folder, "making the folder: " + error.message(),
                    "nothing was written to the disks");
    LIFEBOAT_TRY(auto prepared, prepare({disks, true, undo_folder + "/undo", {}}));
    auto& paths = prepared.paths;
    paths.readable.push_back(undo_folder);
    if (disks.empty()) {
        paths.writable.emplace_back("/dev");
        paths.readable.insert(paths.readable.end(), {"/proc", "/sys"});
    }
    return guard_engine(
        [=, options = prepared.options] {
            return make_engine(disks, undo_folder, sys_block, options);
        },
        [paths] {
            if (!fs::kernel_filesystems())
                static_cast<void>(restrict_process(paths));
        });
}

} // namespace lifeboat::session
