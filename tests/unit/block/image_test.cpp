// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/image.hpp"

#include "block/in_use.hpp"
#include "support/images.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace lifeboat::block {
namespace {

using test::TempDir;

Error refusal(const std::string& path, Access access = Access::read) {
    const auto disk = open_image(path, access);
    REQUIRE_FALSE(disk);
    CHECK_FALSE(disk.error().what.empty());
    return disk.error();
}

} // namespace

TEST_CASE("a raw image is read and written in place, and stays sparse") {
    const TempDir dir;
    const auto path = dir.file("disk");
    test::make_sparse(path, 64 * test::kMiB);
    {
        auto disk = open_image(path, Access::write);
        REQUIRE(disk);
        CHECK((*disk)->size() == 64 * test::kMiB);
        CHECK((*disk)->sector_size() == 512);
        CHECK((*disk)->writable());
        REQUIRE((*disk)->write(12345, to_bytes("hello")));
        REQUIRE((*disk)->flush());
    }
    auto disk = open_image(path, Access::read, 4096);
    REQUIRE(disk);
    CHECK((*disk)->sector_size() == 4096);
    CHECK(to_text(*read_bytes(**disk, 12345, 5)) == "hello");
    CHECK_FALSE((*disk)->write(0, to_bytes("x")));
    CHECK_FALSE(read_bytes(**disk, 64 * test::kMiB - 2, 3));
    Bytes three(3);
    CHECK_FALSE((*disk)->read(64 * test::kMiB - 2, three));
    CHECK_FALSE((*disk)->read(~std::uint64_t{0}, three));
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK(info.st_blocks * 512 < 1 << 20);
}

TEST_CASE("what is not a disk is refused with its reason") {
    const TempDir dir;
    const auto path = dir.file("thing");
    CHECK(refusal(path).kind == ErrorKind::io); // missing
    CHECK(refusal(dir.path()).kind == ErrorKind::refused);
    CHECK(refusal(dir.path(), Access::write).kind == ErrorKind::refused);
    test::write_file(path, std::string_view());
    CHECK(refusal(path).kind == ErrorKind::refused);
    test::write_file(path, "too short");
    CHECK(refusal(path).kind == ErrorKind::refused);
    const auto pipe = dir.file("pipe");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(refusal(pipe).kind == ErrorKind::refused);
    CHECK(refusal("/dev/null").kind == ErrorKind::refused);
    CHECK(open_image(path, Access::read, 777).error().kind == ErrorKind::usage);
    if (::geteuid() != 0) {
        test::make_sparse(path, test::kMiB);
        REQUIRE(::chmod(path.c_str(), 0) == 0);
        CHECK(refusal(path).kind == ErrorKind::io);
    }
}

TEST_CASE("image formats that are not raw are named") {
    struct Case {
        std::size_t offset;
        std::string bytes;
        std::string name;
    };
    const auto [offset, bytes, name] = GENERATE(
        Case{0, "QFI\xfb", "qcow2"}, Case{0, "conectix", "VHD"},
        Case{4096 - 512, "conectix", "VHD"}, Case{0, "vhdxfile", "VHDX"}, Case{0, "KDMV", "VMDK"},
        Case{0, "# Disk DescriptorFile", "VMDK"}, Case{0x40, "\x7f\x10\xda\xbe", "VDI"},
        Case{0, "\x1f\x8b\x08", "gzip"}, Case{257, "ustar", "tar"});
    const TempDir dir;
    std::string content(4096, '\0');
    content.replace(offset, bytes.size(), bytes);
    test::write_file(dir.file("disk"), content);
    const auto error = refusal(dir.file("disk"));
    CHECK(error.kind == ErrorKind::unsupported);
    CHECK(error.what.find(name) != std::string::npos);
    CHECK_FALSE(error.next.empty());
}

TEST_CASE("a file that shrinks while it is open gives an error, and does not grow again") {
    const TempDir dir;
    const auto path = dir.file("disk");
    test::make_sparse(path, test::kMiB);
    auto disk = open_image(path, Access::write);
    REQUIRE(disk);
    test::files::resize_file(path, 4096);
    const auto bytes = read_bytes(**disk, 100000, 512);
    REQUIRE_FALSE(bytes);
    CHECK(bytes.error().kind == ErrorKind::io);
    CHECK_FALSE((*disk)->write(100000, to_bytes("x")));
    CHECK(test::files::file_size(path) == 4096);
}

TEST_CASE("only one lifeboat writes to a disk at a time") {
    const TempDir dir;
    const auto path = dir.file("disk");
    test::make_sparse(path, test::kMiB);
    {
        const auto reader = open_image(path, Access::read);
        const auto writer = open_image(path, Access::write);
        REQUIRE(writer); // a reader does not keep a writer out
        CHECK(refusal(path, Access::write).kind == ErrorKind::refused);
        CHECK(refusal(path, Access::read).kind == ErrorKind::refused);
    }
    CHECK(open_image(path, Access::write));
}

TEST_CASE("a disk that QEMU has open is not written to") {
    const TempDir dir;
    const auto path = dir.file("disk");
    test::make_sparse(path, test::kMiB);
    // The lock that QEMU holds on the image of a running guest: byte 101, shared.
    const int other = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(other >= 0);
    struct flock lock {};
    lock.l_type = F_RDLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = 101;
    lock.l_len = 1;
    REQUIRE(::fcntl(other, F_OFD_SETLK, &lock) == 0);
    CHECK(refusal(path, Access::write).kind == ErrorKind::refused);
    CHECK(open_image(path, Access::read));
    ::close(other);
    CHECK(open_image(path, Access::write));
}

TEST_CASE("mounts and holders of a block device and of its partitions are found") {
    const TempDir dir;
    const auto sys = dir.file("sys");
    const auto proc = dir.file("proc");
    test::files::create_directories(sys + "/dev/block/8:0/holders");
    test::files::create_directories(sys + "/dev/block/8:0/sda1/holders/dm-3");
    test::files::create_directories(sys + "/dev/block/8:0/queue");
    test::write_file(sys + "/dev/block/8:0/sda1/partition", "1\n");
    test::write_file(sys + "/dev/block/8:0/sda1/dev", "8:1\n");
    test::files::create_directories(proc + "/self");
    test::write_file(proc + "/self/mountinfo", "21 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
                                               "22 1 8:1 / /mnt/guest rw - ext4 /dev/sda1 rw\n");
    const auto users = users_of({8, 0}, proc, sys);
    REQUIRE(users);
    CHECK(*users == std::vector<std::string>{"held by dm-3", "mounted at /mnt/guest"});
    CHECK(users_of({8, 16}, proc, sys)->empty());
    CHECK_FALSE(users_of({8, 0}, dir.file("nothing"), sys));
}

TEST_CASE("a slice knows its borders") {
    auto disk = memory_device("disk", Bytes(1000, std::byte{7}));
    auto part = slice(disk, "part", 100, 50);
    REQUIRE(part);
    CHECK((*part)->size() == 50);
    REQUIRE((*part)->write(49, to_bytes("A")));
    CHECK(to_text(*read_bytes(*disk, 149, 1)) == "A");
    CHECK_FALSE((*part)->write(49, to_bytes("AB")));
    CHECK_FALSE(slice(disk, "part", 990, 11));
    CHECK_FALSE(slice(disk, "part", ~std::uint64_t{0}, 2));
}

} // namespace lifeboat::block
