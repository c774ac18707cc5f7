// SPDX-License-Identifier: GPL-2.0-or-later
// Disks in QEMU's formats, made and judged by qemu-img.
#include "base/text.hpp"
#include "block/open.hpp"
#include "block/overlay.hpp"
#include "support/images.hpp"
#include "unit/block/qemu_servers.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
#include <csignal>
#include <random>
#include <thread>

using namespace lifeboat;
using namespace lifeboat::block;
using namespace lifeboat::test;

namespace {

constexpr std::uint64_t kDiskSize = 24 * kMiB;

// A disk with an ext4 and an NTFS volume, and some bytes between that no file system cleans up.
void make_guest_disk(const TempDir& folder, const std::string& disk) {
    make_disk(disk, kDiskSize,
              "label: dos\nstart=2048, size=20480, type=83\nstart=22528, size=20480, type=7\n");
    make_ext(folder.file("ext"), 10 * kMiB);
    make_ntfs(folder.file("ntfs"), 10 * kMiB);
    put_into_disk(disk, 2048 * 512, folder.file("ext"));
    put_into_disk(disk, 22528 * 512, folder.file("ntfs"));
}

struct Case {
    std::string name; // of the file
    std::vector<std::string> options;
};

// Every form that QEMU can write.
const std::vector<Case> kCases = {
    {"disk.qcow2", {"-O", "qcow2"}},
    {"small.qcow2", {"-O", "qcow2", "-o", "compat=0.10,cluster_size=4096"}},
    {"packed.qcow2", {"-c", "-O", "qcow2"}},
    {"disk.vhd", {"-O", "vpc", "-o", "force_size=on"}},
    {"fixed.vhd", {"-O", "vpc", "-o", "subformat=fixed,force_size=on"}},
    {"disk.vhdx", {"-O", "vhdx"}},
    {"disk.vmdk", {"-O", "vmdk"}},
    {"flat.vmdk", {"-O", "vmdk", "-o", "subformat=monolithicFlat"}},
    {"parts.vmdk", {"-O", "vmdk", "-o", "subformat=twoGbMaxExtentSparse"}},
    {"disk.vdi", {"-O", "vdi"}},
};

void convert(const std::vector<std::string>& options, const std::string& from,
             const std::string& to) {
    std::vector<std::string> words{"qemu-img", "convert", "-f", "raw"};
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(from);
    words.push_back(to);
    run_ok(words);
}

Bytes all_of(BlockDevice& device) {
    auto bytes = read_bytes(device, 0, static_cast<std::size_t>(device.size()));
    REQUIRE(bytes);
    return *bytes;
}

Error why_not(const std::string& name, Access access = Access::read) {
    const auto device = open_disk(name, access);
    REQUIRE_FALSE(device);
    INFO(device.error().text());
    CHECK_FALSE(device.error().what.empty());
    return device.error();
}

DevicePtr opened(const std::string& name, Access access = Access::read) {
    auto device = open_disk(name, access);
    INFO((device ? std::string() : device.error().text()));
    REQUIRE(device);
    return *device;
}

bool no_server_within(const std::string& path, int milliseconds) {
    for (int waited = 0; waited < milliseconds; waited += 20) {
        if (servers_of(path).empty())
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
}

// Another program that has the image open: a qemu-nbd of the test, as a running guest would.
class OtherUser {
public:
    OtherUser(const std::string& image, const std::string& format, const std::string& socket) {
        std::vector<std::string> words{
            find_tool("qemu-nbd"), "-t", "-f", format, "-k", socket, image};
        std::vector<char*> argv;
        for (auto& word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        REQUIRE(::posix_spawn(&child_, argv[0], nullptr, nullptr, argv.data(), environ) == 0);
        for (int tries = 0; tries < 500 && !files::exists(socket); ++tries)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        REQUIRE(files::exists(socket));
    }
    ~OtherUser() {
        ::kill(child_, SIGTERM);
        ::waitpid(child_, nullptr, 0);
    }
    OtherUser(const OtherUser&) = delete;
    OtherUser& operator=(const OtherUser&) = delete;

private:
    pid_t child_ = 0;
};

void need_qemu() { need_tools({"qemu-nbd", "qemu-img"}); }

} // namespace

TEST_CASE("every format shows the same bytes as the plain disk", "[block]") {
    need_qemu();
    const TempDir folder;
    const auto plain = folder.file("plain.raw");
    make_guest_disk(folder, plain);
    const auto expected = read_file(plain);
    for (const auto& each : kCases) {
        INFO(each.name);
        const auto image = folder.file(each.name);
        convert(each.options, plain, image);
        const auto before = read_file(image);
        {
            const auto device = opened(image);
            CHECK(device->size() == kDiskSize);
            CHECK_FALSE(device->writable());
            CHECK(all_of(*device) == expected);
            CHECK_FALSE(device->write(0, expected));
            // Odd offsets and lengths, and the last byte.
            const auto odd = read_bytes(*device, 1048577, 12345);
            REQUIRE(odd);
            CHECK(equal(*odd, ByteSpan(expected).subspan(1048577, 12345)));
            CHECK(read_bytes(*device, kDiskSize - 1, 1));
            Bytes one(1);
            CHECK_FALSE(device->read(kDiskSize, one));
        }
        CHECK(read_file(image) == before); // looking changes nothing
        CHECK(servers_of(folder.path()).empty());
    }
}

TEST_CASE("what is written to an image is what qemu-img reads afterwards", "[block]") {
    need_qemu();
    const TempDir folder;
    const auto plain = folder.file("plain.raw");
    make_guest_disk(folder, plain);
    for (const auto& each : kCases) {
        INFO(each.name);
        const auto image = folder.file(each.name);
        convert(each.options, plain, image);
        auto expected = read_file(plain);
        std::mt19937 random(7);
        {
            const auto device = opened(image, Access::write);
            CHECK(device->writable());
            for (int i = 0; i < 20; ++i) {
                const std::uint64_t at = random() % (kDiskSize / 512 - 16) * 512;
                Bytes data(512 * (1 + random() % 16));
                for (auto& byte : data)
                    byte = static_cast<std::byte>(random());
                REQUIRE(device->write(at, data));
                std::copy(data.begin(), data.end(),
                          expected.begin() + static_cast<std::ptrdiff_t>(at));
            }
            REQUIRE(device->flush());
            CHECK(all_of(*device) == expected);
        }
        const auto judged = folder.file("judged.raw");
        write_file(judged, expected);
        // qemu-img itself does not see that a fixed VHD is one.
        run_ok({"qemu-img", "compare", "-f", "raw", "-F",
                each.options[each.options[0] == "-c" ? 2 : 1], judged, image});
        const auto check = run_tool({"qemu-img", "check", image});
        INFO(check.output);
        CHECK((check.status == 0 || check.status == 63)); // 63: this format has no check
    }
}

TEST_CASE("a plain disk whose guest wrote the head of a qcow2 image is not opened as one",
          "[block]") {
    need_qemu();
    const TempDir folder;
    run_ok({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", "-u",
            folder.file("evil.qcow2"), "8M"});
    const auto head = read_file(folder.file("evil.qcow2"));
    for (const auto* name : {"disk.img", "disk.raw", "disk", "disk.vmdk"}) {
        const auto disk = folder.file(name);
        make_sparse(disk, 8 * kMiB);
        put_into_disk(disk, 0, folder.file("evil.qcow2"));
        const auto error = why_not(disk);
        CHECK(error.kind == ErrorKind::refused);
        CHECK(error.next.find("raw:" + disk) != std::string::npos);
        CHECK(why_not(disk, Access::write).kind == ErrorKind::refused);
        const auto raw = opened("raw:" + disk);
        CHECK(raw->size() == 8 * kMiB);
        const auto same = read_bytes(*raw, 0, 512);
        REQUIRE(same);
        CHECK(equal(*same, ByteSpan(head).first(512)));
    }
}

TEST_CASE("a backing file beside the image is fine, one elsewhere needs the user's word",
          "[block]") {
    need_qemu();
    const TempDir folder;
    files::create_directory(folder.file("elsewhere"));
    const auto base = folder.file("elsewhere/base.raw");
    make_guest_disk(folder, base);
    const auto near = folder.file("elsewhere/over.qcow2");
    run_ok({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", near});
    CHECK(all_of(*opened(near)) == read_file(base));
    const auto far = folder.file("over.qcow2");
    run_ok({"qemu-img", "create", "-q", "-f", "qcow2", "-b", near, "-F", "qcow2", far});
    CHECK(why_not(far).kind == ErrorKind::refused);
    CHECK(why_not(far).what.find(near) != std::string::npos);
    CHECK(all_of(*opened("qcow2:" + far)) == read_file(base));

    // A write goes to the top only.
    const auto before = read_file(base);
    {
        const auto device = opened("qcow2:" + far, Access::write);
        REQUIRE(device->write(4096, Bytes(4096, std::byte{0x5a})));
        REQUIRE(device->flush());
    }
    CHECK(read_file(base) == before);
    const auto got = read_bytes(*opened("qcow2:" + far), 4096, 4096);
    REQUIRE(got);
    CHECK(*got == Bytes(4096, std::byte{0x5a}));
}

TEST_CASE("a backing file without a stated format is plain, or nobody knows", "[block]") {
    need_qemu();
    const TempDir folder;
    const auto base = folder.file("base.raw");
    make_guest_disk(folder, base);
    const auto over = folder.file("over.qcow2");
    run_ok({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", over});
    // What older qemu-img left out, today's will not: make the header extension an unknown one.
    auto bytes = read_file(over);
    const auto text = to_text(bytes);
    const auto at = text.find("\xe2\x79\x2a\xca");
    REQUIRE(at < 512);
    bytes[at] = std::byte{0x11};
    write_file(over, bytes);
    CHECK(run_ok({"qemu-img", "info", over}).find("backing file format") == std::string::npos);
    CHECK(all_of(*opened(over)) == read_file(base));
    run_ok({"qemu-img", "create", "-q", "-f", "qcow2", folder.file("inner.qcow2"), "1M"});
    put_into_disk(base, 0, folder.file("inner.qcow2"));
    CHECK(why_not(over).kind == ErrorKind::refused);
    CHECK(why_not("qcow2:" + over).kind == ErrorKind::refused);
}

TEST_CASE("an image that would lead QEMU to other files is refused", "[block]") {
    need_qemu();
    const TempDir folder;
    const auto secret = folder.file("host-disk");
    make_sparse(secret, 2 * kMiB);
    SECTION("qcow2 with its data in another file") {
        const auto image = folder.file("disk.qcow2");
        run_ok({"qemu-img", "create", "-q", "-f", "qcow2", "-o",
                "data_file=" + folder.file("data") + ",data_file_raw=on", image, "2M"});
        CHECK(why_not("qcow2:" + image).kind == ErrorKind::unsupported);
        CHECK(why_not("qcow2:" + image, Access::write).kind == ErrorKind::unsupported);
    }
    SECTION("qcow2 that names a network address") {
        const auto image = folder.file("disk.qcow2");
        run_ok({"qemu-img", "create", "-q", "-f", "qcow2", "-u", "-b", "nbd://127.0.0.1:1/x", "-F",
                "raw", image, "2M"});
        CHECK(why_not("qcow2:" + image).kind == ErrorKind::unsupported);
    }
    SECTION("VMDK whose part is a file of the host") {
        const auto image = folder.file("disk.vmdk");
        const auto text = [&](const std::string& part) {
            return "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n"
                   "createType=\"monolithicFlat\"\nRW\t4096\tFLAT\t\"" +
                   part + "\" 0\n" + std::string(400, '#');
        };
        write_file(image, text(secret));
        CHECK(why_not("vmdk:" + image).kind == ErrorKind::refused);
        write_file(image, text("nbd:unix:x"));
        CHECK(why_not("vmdk:" + image).kind == ErrorKind::refused);
        files::create_symlink(secret, folder.file("part"));
        write_file(image, text("part"));
        CHECK(why_not("vmdk:" + image).kind == ErrorKind::refused);
        write_file(image, text("host-disk"));
        CHECK(opened("vmdk:" + image)->size() == 2 * kMiB);
    }
}

TEST_CASE("images that can only be read wrongly are refused with the reason", "[block]") {
    need_qemu();
    const TempDir folder;
    const auto plain = folder.file("plain.raw");
    make_sparse(plain, 8 * kMiB);
    SECTION("a VHD that holds only differences") {
        const auto image = folder.file("child.vhd");
        convert({"-O", "vpc"}, plain, image);
        auto bytes = read_file(image);
        bytes[63] = std::byte{4}; // disk type in the copy of the footer at the head
        write_file(image, bytes);
        CHECK(why_not(image).what.find("parent") != std::string::npos);
        CHECK(why_not(image).kind == ErrorKind::unsupported);
    }
    SECTION("a VHDX with sectors of 4096 bytes") {
        const auto image = folder.file("disk.vhdx");
        convert({"-O", "vhdx"}, plain, image);
        auto bytes = read_file(image);
        const auto text = to_text(bytes);
        // [MS-VHDX] 2.6.1.2: the entry of the logical sector size, then the offset of its value in
        // the metadata region.
        const auto region = text.find("metadata");
        const auto entry = text.find("\x1d\xbf\x41\x81\x6f\xa9\x09\x47", region);
        REQUIRE(entry != text.npos);
        const auto at = region + *read_le<std::uint32_t>(bytes, entry + 16);
        REQUIRE(read_le<std::uint32_t>(bytes, at) == 512U);
        REQUIRE(write_le<std::uint32_t>(bytes, at, 4096));
        write_file(image, bytes);
        CHECK(why_not(image).kind == ErrorKind::unsupported);
    }
    SECTION("an encrypted image") {
        const auto image = folder.file("secret.qcow2");
        run_ok({"qemu-img", "create", "-q", "-f", "qcow2", image, "2M"});
        auto bytes = read_file(image);
        bytes[35] = std::byte{1}; // crypt_method: AES
        write_file(image, bytes);
        CHECK(why_not(image).kind == ErrorKind::refused);
        CHECK(why_not(image).what.find("encrypted") != std::string::npos);
    }
    SECTION("a compressed VMDK, for writing") {
        const auto image = folder.file("stream.vmdk");
        convert({"-O", "vmdk", "-o", "subformat=streamOptimized"}, plain, image);
        CHECK(opened(image)->size() == 8 * kMiB);
        const auto error = why_not(image, Access::write);
        CHECK(error.kind == ErrorKind::refused);
        CHECK(error.what.find("streamOptimized") != std::string::npos);
    }
}

TEST_CASE("an image in use by a running guest is refused", "[block]") {
    need_qemu();
    const TempDir folder;
    const auto plain = folder.file("plain.raw");
    make_sparse(plain, 8 * kMiB);
    const auto image = folder.file("disk.qcow2");
    convert({"-O", "qcow2"}, plain, image);
    const OtherUser guest(image, "qcow2", folder.file("socket"));
    for (const auto access : {Access::read, Access::write}) {
        const auto error = why_not(image, access);
        INFO(error.text());
        CHECK(error.kind == ErrorKind::refused);
        CHECK(error.what.find("running virtual machine") != std::string::npos);
        CHECK(error.next.find("shut the guest down") != std::string::npos);
    }
}

TEST_CASE("without qemu-nbd the error says what to install", "[block]") {
    need_qemu();
    const TempDir folder;
    const auto image = folder.file("disk.qcow2");
    run_ok({"qemu-img", "create", "-q", "-f", "qcow2", image, "8M"});
    const std::string path = std::getenv("PATH");
    ::setenv("PATH", folder.path().c_str(), 1);
    const auto device = open_disk(image, Access::read);
    ::setenv("PATH", path.c_str(), 1);
    REQUIRE_FALSE(device);
    CHECK(device.error().kind == ErrorKind::unsupported);
    CHECK(device.error().next.find("qemu-utils") != std::string::npos);
}

TEST_CASE("when qemu-nbd dies, that is said, and nothing hangs", "[block]") {
    need_qemu();
    const TempDir folder;
    const auto image = folder.file("disk.qcow2");
    run_ok({"qemu-img", "create", "-q", "-f", "qcow2", image, "8M"});
    const auto access = GENERATE(Access::read, Access::write);
    const auto device = opened(image, access);
    const auto servers = servers_of(image);
    REQUIRE(servers.size() == 1);
    REQUIRE(::kill(servers.front(), SIGKILL) == 0);
    Bytes block(4096);
    const auto read = device->read(4096, block);
    REQUIRE_FALSE(read);
    CHECK(read.error().kind == ErrorKind::io);
    CHECK(read.error().what.find("qemu-nbd ended") != std::string::npos);
    if (access == Access::write) {
        CHECK_FALSE(device->write(0, block));
        CHECK_FALSE(device->flush());
    }
}

TEST_CASE("no server stays behind when lifeboat is killed", "[block]") {
    need_qemu();
    const TempDir folder;
    const auto image = folder.file("disk.qcow2");
    run_ok({"qemu-img", "create", "-q", "-f", "qcow2", image, "8M"});
    const auto child = ::fork();
    if (child == 0) {
        const auto device = open_disk(image, Access::write);
        ::_exit(device ? (::raise(SIGKILL), 1) : 2);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(no_server_within(image, 5000));
    CHECK(opened(image, Access::write)->size() == 8 * kMiB); // and its lock is gone
}

TEST_CASE("a writer comes from the reader, also when nothing can be started any more", "[block]") {
    need_qemu();
    const TempDir folder;
    const auto image = folder.file("disk.qcow2");
    run_ok({"qemu-img", "create", "-q", "-f", "qcow2", image, "8M"});
    const auto reader = opened(image);
    // QEMU now keeps the map of the image in memory, and the reader these bytes.
    REQUIRE(read_bytes(*reader, 1048576, 4096));
    const std::string path = std::getenv("PATH");
    ::setenv("PATH", folder.path().c_str(), 1);
    auto by_name = open_disk(image, Access::write);
    auto writer = open_for_writing(*reader, image);
    ::setenv("PATH", path.c_str(), 1);
    CHECK_FALSE(by_name);
    REQUIRE(writer);
    const Bytes block(4096, std::byte{0x42});
    REQUIRE((*writer)->write(1048576, block));
    CHECK(*read_bytes(*reader, 1048576, 4096) == block); // while both are there
    REQUIRE((*writer)->flush());
    writer->reset();
    CHECK(*read_bytes(*reader, 1048576, 4096) == block); // by a new server
    CHECK_FALSE(reader->writable());
    CHECK_FALSE(reader->write(0, block));
    CHECK(servers_of(image).size() == 1);
}

TEST_CASE("an address is opened through QEMU, plain unless the user says a format", "[block]") {
    need_qemu();
    const TempDir folder;
    const auto plain = folder.file("plain.raw");
    make_guest_disk(folder, plain);
    const auto address = "nbd+unix:///?socket=" + folder.file("socket");
    SECTION("a plain disk, also for writing") {
        {
            const OtherUser server(plain, "raw", folder.file("socket"));
            const auto device = opened(address, Access::write);
            CHECK(all_of(*device) == read_file(plain));
            REQUIRE(device->write(512, Bytes(512, std::byte{0x77})));
            REQUIRE(device->flush());
        }
        CHECK(read_file(plain)[600] == std::byte{0x77});
    }
    SECTION("an image at the other end") {
        const auto image = folder.file("disk.qcow2");
        convert({"-O", "qcow2"}, plain, image);
        const OtherUser server(image, "raw", folder.file("socket"));
        CHECK(why_not(address).kind == ErrorKind::refused);
    }
    SECTION("nobody there") { CHECK(why_not(address).kind == ErrorKind::io); }
}
