// SPDX-License-Identifier: GPL-2.0-or-later
// Disks that are no files here but addresses which QEMU knows: a network block device, an iSCSI
// target, and a web server. All listen on this machine only.
#include "image/program.hpp"
#include "support/linux_disk.hpp"

#include <charconv>
#include <chrono>
#include <csignal>
#include <sys/types.h>
#include <thread>
#include <unistd.h>

using namespace lifeboat;
using namespace lifeboat::test;

namespace {

// A program that runs until the end of the test.
class Server {
public:
    explicit Server(const std::string& command, int end = SIGTERM) : end_(end) {
        const auto said = run_ok({"sh", "-c", command + " >/dev/null 2>&1 & echo $!"});
        std::from_chars(said.data(), said.data() + said.size(), pid_);
        REQUIRE(pid_ > 1);
    }
    ~Server() { ::kill(pid_, end_); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

private:
    int end_;
    pid_t pid_ = 0;
};

// The first answer that is not about the connection.
Ran patient(const std::vector<std::string>& arguments) {
    constexpr int kTries = 100;
    Ran ran;
    for (int i = 0; i < kTries; ++i) {
        ran = run_lifeboat(arguments);
        if (ran.output.find("onnect") == std::string::npos)
            break;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return ran;
}

// The guest at `address`, whose first diagnosis is `found` and whose hash was `before`, is repaired
// and undone; `disk` is the file that the server serves, and is judged without lifeboat.
void check_repair(const TempDir& dir, const std::string& disk, const std::string& address,
                  const Ran& found, const std::string& before) {
    CHECK(found.status == 1);
    CHECK(icontains(found.output, "linux.kernel-console"));
    lifeboat_ok({"repair", address, "--all", "--undo", dir.file("u")});
    CHECK(hash_of(disk) != before);
    lifeboat_ok({"diagnose", address}, 0);
    check_part(dir, disk);
    lifeboat_ok({"undo", dir.file("u"), address});
    CHECK(hash_of(disk) == before);
}

} // namespace

TEST_CASE("a guest behind a network block device is repaired and undone where it lies") {
    need_tools({"qemu-nbd"});
    const TempDir dir;
    const auto disk = make_linux(dir);
    const auto before = hash_of(disk);
    const Server server("exec qemu-nbd -t -e 4 -f raw -k " + dir.file("socket") + " " + disk);
    const auto address = "nbd+unix:///?socket=" + dir.file("socket");
    check_repair(dir, disk, address, patient({"diagnose", address}), before);
}

TEST_CASE("a guest on an iSCSI target is repaired and undone where it lies") {
    need_tools({"tgtd", "tgtadm"});
    if (::geteuid() != 0)
        SKIP("the iSCSI target's server needs root");
    const TempDir dir;
    const auto disk = make_linux(dir);
    const auto before = hash_of(disk);
    constexpr int kFirstPort = 40000;
    constexpr int kPorts = 20000;
    const auto number = ::getpid() % kPorts;
    const auto portal = "127.0.0.1:" + std::to_string(kFirstPort + number);
    const std::string control = std::to_string(number + 1); // of its administration socket
    const std::string name = "iqn.2026-11.example:guest";
    const struct Sockets {
        std::string name;
        ~Sockets() {
            files::remove(name);
            files::remove(name + ".lock");
        }
    } sockets{"/run/tgtd/socket." + control};
    // It does not end by a request while it has targets.
    const Server server("exec tgtd -f -C " + control + " --iscsi portal=" + portal, SIGKILL);
    const auto administer = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"tgtadm", "-C", control, "--lld", "iscsi"});
        return run_tool(words);
    };
    constexpr int kTries = 100;
    int tries = 0;
    while (administer({"--mode", "target", "--op", "new", "--tid", "1", "-T", name}).status != 0 &&
           ++tries < kTries)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    REQUIRE(
        administer({"--mode", "logicalunit", "--op", "new", "--tid", "1", "--lun", "1", "-b", disk})
            .status == 0);
    REQUIRE(administer({"--mode", "target", "--op", "bind", "--tid", "1", "-I", "ALL"}).status ==
            0);

    const auto address = "iscsi://" + portal + "/" + name + "/1";
    const auto found = run_lifeboat({"diagnose", address});
    INFO(found.output);
    if (found.output.find("Unknown protocol") != std::string::npos)
        SKIP("QEMU's driver for iSCSI is not installed");
    check_repair(dir, disk, address, found, before);
}

TEST_CASE("a disk on a web server is looked at, and refused before anything is written") {
    need_tools({"qemu-nbd", "busybox"});
    const TempDir dir;
    const auto disk = make_linux(dir);
    constexpr int kFirstPort = 20000;
    const auto port = std::to_string(kFirstPort + ::getpid() % kFirstPort);
    const Server server("exec busybox httpd -f -p 127.0.0.1:" + port + " -h " +
                        files::path(disk).parent_path().string());
    const auto address = "http://127.0.0.1:" + port + "/disk.img";
    const auto found = patient({"diagnose", address});
    INFO(found.output);
    if (found.output.find("Unknown protocol") != std::string::npos)
        SKIP("QEMU's driver for addresses of web servers is not installed");
    CHECK(found.status == 1);
    CHECK(icontains(found.output, "linux.kernel-console"));
    const auto refused = run_lifeboat({"repair", address, "--all", "--undo", dir.file("u")});
    CHECK(refused.status == 3);
    CHECK(icontains(refused.output, "can only be read"));
    CHECK_FALSE(files::exists(dir.file("u")));
}

TEST_CASE("a disk's name may have characters that libraries give a meaning to") {
    const TempDir dir;
    const auto plain = make_linux(dir);
    for (const std::string name : {"a?b=c.img", "a,b%20 c.img", "json:{}.img", "-x.img"}) {
        INFO(name);
        const auto disk = dir.file(name);
        files::rename(plain, disk);
        const auto before = hash_of(disk);
        CHECK(icontains(lifeboat_ok({"diagnose", disk}, 1), "linux.kernel-console"));
        lifeboat_ok({"repair", disk, "--all", "--undo", dir.file("u")});
        check_part(dir, disk);
        lifeboat_ok({"undo", dir.file("u"), disk});
        CHECK(hash_of(disk) == before);
        files::remove(dir.file("u"));
        files::rename(disk, plain);
    }
}
