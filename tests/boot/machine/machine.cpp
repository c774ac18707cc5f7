// SPDX-License-Identifier: GPL-2.0-or-later
// QMP: one JSON object per line each way; docs/interop/qmp-spec.txt of QEMU.
#include "machine/machine.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <set>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>

namespace lifeboat::test {
namespace {

using std::chrono::milliseconds;
constexpr auto kLock = "/tmp/lifeboat-qemu.lock";

void rest(int ms) { std::this_thread::sleep_for(milliseconds(ms)); }

// A /dev/kvm without the processor's own virtualization is some other hypervisor's substitute; one
// such runs a BIOS a hundred times slower than QEMU's emulation does.
bool kvm_is_useful() {
    std::ifstream in("/proc/cpuinfo");
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    return access("/dev/kvm", R_OK | W_OK) == 0 &&
           (text.find(" vmx") != std::string::npos || text.find(" svm") != std::string::npos);
}

int connect_to(const std::string& path, int seconds) {
    for (int tries = seconds * 20; tries > 0; --tries) {
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        REQUIRE(path.size() < sizeof address.sun_path);
        path.copy(address.sun_path, path.size());
        const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
            return descriptor;
        close(descriptor);
        rest(50);
    }
    return -1;
}

} // namespace

std::uint32_t Screen::at(int x, int y) const {
    REQUIRE((x >= 0 && x < width && y >= 0 && y < height));
    const auto offset = (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                         static_cast<std::size_t>(x)) *
                        3;
    std::uint32_t colour = 0;
    for (std::size_t i = 0; i < 3; ++i)
        colour = (colour << 8) | static_cast<unsigned char>(rgb[offset + i]);
    return colour;
}

std::size_t Screen::colours(std::size_t limit) const {
    std::set<std::uint32_t> seen;
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width && seen.size() < limit; ++x)
            seen.insert(at(x, y));
    }
    return seen.size();
}

Machine::Machine(const TempDir& folder, std::vector<std::string> arguments) : folder_(folder) {
    need_tools({"qemu-system-x86_64", "setpriv"});
    lock_ = open(kLock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    REQUIRE(lock_ >= 0);
    REQUIRE(flock(lock_, LOCK_EX) == 0);
    // The lock may have been made by a waiting sibling's umask; others must be able to take it too.
    [[maybe_unused]] const int ignored = fchmod(lock_, 0666);

    // A test that is killed must not leave its machine running.
    std::vector<std::string> words = {find_tool("setpriv"), "--pdeathsig", "KILL",
                                      find_tool("qemu-system-x86_64")};
    const auto add = [&words](std::initializer_list<const char*> more) {
        words.insert(words.end(), more.begin(), more.end());
    };
    if (kvm_is_useful())
        add({"-accel", "kvm"});
    add({"-accel", "tcg", "-m", "768", "-display", "none", "-nic", "none", "-no-reboot"});
    words.insert(words.end(), {"-qmp", "unix:" + folder.file("qmp") + ",server=on,wait=off"});
    words.insert(words.end(), {"-chardev",
                               "socket,id=serial,path=" + folder.file("tty") +
                                   ",server=on,wait=off,logfile=" + folder.file("serial"),
                               "-serial", "chardev:serial", "-device", "virtio-serial"});
    for (const auto& [channel, name] :
         {std::pair{"result", "org.lifeboat.0"}, std::pair{"undo", "org.lifeboat.undo"},
          std::pair{"log", "org.lifeboat.log"}}) {
        const std::string id = channel;
        words.insert(words.end(),
                     {"-chardev", "file,id=" + id + ",path=" + folder.file(channel), "-device",
                      "virtserialport,chardev=" + id + ",name=" + std::string(name)});
    }
    words.insert(words.end(), arguments.begin(), arguments.end());

    std::vector<char*> argv;
    for (auto& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, folder.file("qemu.out").c_str(),
                                     O_WRONLY | O_CREAT, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    const int started = posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    REQUIRE(started == 0);

    qmp_ = connect_to(folder.file("qmp"), 20);
    if (qmp_ < 0) {
        INFO(to_text(read_file(folder.file("qemu.out"))));
        FAIL("QEMU did not start");
    }
    command(R"({"execute":"qmp_capabilities"})");
    serial_ = connect_to(folder.file("tty"), 5);
    REQUIRE(serial_ >= 0);
    // The log file has what comes; but when nobody reads here, the socket is full after some
    // hundred bytes, and the machine's serial port stops.
    serial_reader_ = std::thread([descriptor = serial_] {
        std::array<char, 4096> buffer;
        while (read(descriptor, buffer.data(), buffer.size()) > 0) {
        }
    });
}

Machine::~Machine() {
    if (pid_ > 0 && !ended()) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    if (serial_reader_.joinable()) {
        shutdown(serial_, SHUT_RDWR);
        serial_reader_.join();
    }
    for (const int descriptor : {qmp_, serial_, lock_}) {
        if (descriptor >= 0)
            close(descriptor);
    }
}

bool Machine::ended() {
    if (pid_ <= 0)
        return true;
    if (waitpid(pid_, nullptr, WNOHANG) == 0)
        return false;
    pid_ = 0;
    return true;
}

std::string Machine::command(const std::string& json) {
    const std::string line = json + "\n";
    REQUIRE(write(qmp_, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    for (;;) {
        for (std::size_t end = 0; (end = pending_.find('\n')) != std::string::npos;) {
            const std::string reply = pending_.substr(0, end);
            pending_.erase(0, end + 1);
            if (reply.rfind(R"({"error")", 0) == 0) {
                INFO(json);
                FAIL("QEMU answered: " << reply);
            }
            if (reply.rfind(R"({"return")", 0) == 0)
                return reply;
            // Else the greeting or an event.
        }
        std::array<char, 4096> buffer;
        const ssize_t count = read(qmp_, buffer.data(), buffer.size());
        REQUIRE(count > 0);
        pending_.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

std::string Machine::said_on(std::string_view channel) const {
    std::ifstream in(folder_.file(channel), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::optional<std::size_t> Machine::wait_for(std::string_view channel, std::string_view text,
                                             int seconds, std::size_t from) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    for (;;) {
        const bool running = kill(pid_, 0) == 0;
        if (const auto found = said_on(channel).find(text, from); found != std::string::npos)
            return found;
        if (!running || std::chrono::steady_clock::now() > end)
            return std::nullopt;
        rest(200);
    }
}

bool Machine::wait_for_end(int seconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (std::chrono::steady_clock::now() < end) {
        if (ended())
            return true;
        rest(100);
    }
    return false;
}

void Machine::press(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
        // Held longer than QEMU's default: an emulated processor may poll late.
        command(
            R"({"execute":"send-key","arguments":{"hold-time":60,"keys":[{"type":"qcode","data":")" +
            key + R"("}]}})");
        rest(250);
    }
}

void Machine::type_on_serial(std::string_view text) const {
    REQUIRE(write(serial_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

void Machine::save_screen(const std::string& path) {
    command(R"({"execute":"screendump","arguments":{"filename":")" + path + R"("}})");
}

Screen Machine::screen() {
    const std::string path = folder_.file("screen.ppm");
    save_screen(path);
    // "P6\nWIDTH HEIGHT\n255\n" and the pixels.
    std::ifstream in(path, std::ios::binary);
    std::string magic;
    int depth = 0;
    Screen screen;
    in >> magic >> screen.width >> screen.height >> depth;
    in.get();
    REQUIRE((magic == "P6" && depth == 255));
    screen.rgb.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    REQUIRE(screen.rgb.size() ==
            static_cast<std::size_t>(screen.width) * static_cast<std::size_t>(screen.height) * 3);
    return screen;
}

} // namespace lifeboat::test
