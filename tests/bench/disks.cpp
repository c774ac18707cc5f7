// SPDX-License-Identifier: GPL-2.0-or-later
// bench_disks windows PARTITION   fills an NTFS volume: a Windows with what Xen left, and a driver
//                                 store of 18,000 files. The SYSTEM hive is a real one where the
//                                 specimens are at hand, otherwise made up; which one is printed.
// bench_disks put FROM DISK OFFSET  copies a sparse file into a disk; holes stay holes
// bench_disks copy FROM TO          the same into a new file
// bench_disks warm FILE             reads what is not a hole, so that it lies in the page cache
#include "block/image.hpp"
#include "fs/filesystem.hpp"
#include "registry/hive.hpp"
#include "support/hives.hpp"
#include "support/specimens.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace lifeboat;

namespace {

const char* const kSets[] = {"ControlSet001", "ControlSet002"};

[[noreturn]] void die(const std::string& what) {
    std::fprintf(stderr, "bench_disks: %s\n", what.c_str());
    std::exit(2);
}
template <class T> T must(Result<T> result) {
    if (!result)
        die(result.error().text());
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

// The image without flushes: 20,000 files are made one by one, and each would wait for the medium.
class Unflushed final : public block::BlockDevice {
public:
    explicit Unflushed(block::DevicePtr below) : below_(std::move(below)) {}
    [[nodiscard]] std::string name() const override { return below_->name(); }
    [[nodiscard]] std::uint64_t size() const override { return below_->size(); }
    [[nodiscard]] std::uint32_t sector_size() const override { return below_->sector_size(); }
    [[nodiscard]] bool writable() const override { return true; }
    Result<void> read(std::uint64_t offset, MutableByteSpan out) override {
        return below_->read(offset, out);
    }
    Result<void> write(std::uint64_t offset, ByteSpan data) override {
        return below_->write(offset, data);
    }
    Result<void> flush() override { return {}; }

private:
    block::DevicePtr below_;
};

// The start of a 32-bit program, enough to be recognised.
Bytes program() {
    Bytes out(256);
    static_cast<void>(write_le(out, 0, std::uint16_t{0x5a4d}));
    static_cast<void>(write_le(out, 0x3C, std::uint32_t{0x80}));
    static_cast<void>(write_le(out, 0x80, std::uint32_t{0x4550}));
    static_cast<void>(write_le(out, 0x84, std::uint16_t{0x14c}));
    return out;
}

// As large as that of a Windows 7, when there is no real one: 2 sets, 3,000 keys in each.
Bytes made_up_hive() {
    auto hive = must(registry::Hive::open(tests::empty_hive(), "SYSTEM"));
    for (const auto* const set : kSets)
        for (int i = 0; i < 3000; ++i) {
            const auto key = std::string(set) + "\\Services\\filler" + std::to_string(i);
            must(hive.set(key, registry::dword_value("Start", 3)));
            must(hive.set(key, registry::string_value("ImagePath", std::string(600, 'x'))));
        }
    for (const auto* const name : {"Current", "Default"})
        must(hive.set("Select", registry::dword_value(name, 1)));
    must(hive.set("Select", registry::dword_value("LastKnownGood", 2)));
    return must(hive.serialize());
}

// What XenServer's drivers leave.
Bytes infected(Bytes image) {
    auto hive = must(registry::Hive::open(std::move(image), "SYSTEM"));
    for (const std::string set : kSets) {
        if (!must(hive.has_key(set)))
            continue;
        for (const auto* const id :
             {"{4d36e96a-e325-11ce-bfc1-08002be10318}", "{4d36e97d-e325-11ce-bfc1-08002be10318}"})
            must(hive.set(set + "\\Control\\Class\\" + id,
                          registry::multi_value("UpperFilters", {"XENFILT"})));
        for (const auto* const service : {"xenbus", "xenfilt", "xenvbd"}) {
            const auto key = set + "\\Services\\" + service;
            must(hive.set(key, registry::dword_value("Type", 1)));
            must(hive.set(key, registry::dword_value("Start", 0)));
        }
    }
    return must(hive.serialize());
}

void fill_driver_store(fs::FileSystem& ntfs) {
    const std::string root = "/Windows/System32/DriverStore";
    const auto bytes = program();
    must(ntfs.make_directory(root, {}));
    must(ntfs.make_directory(root + "/FileRepository", {}));
    for (int package = 0; package < 600; ++package) {
        const auto folder =
            root + "/FileRepository/driver" + std::to_string(package) + ".inf_x86_neutral";
        must(ntfs.make_directory(folder, {}));
        for (int file = 0; file < 30; ++file)
            must(ntfs.create(folder + "/file" + std::to_string(file) + ".sys", bytes, {}));
    }
}

void make_windows(const std::string& part) {
    auto hive = tests::specimen("system/SYSTEM.win7sp1-x86-vmware");
    const bool real = hive.has_value();
    const auto system = infected(real ? std::move(*hive) : made_up_hive());
    auto device = must(block::open_image(part, block::Access::write));
    auto ntfs = must(fs::open_ntfs(std::make_shared<Unflushed>(device), fs::Access::write));
    const std::string root = "/Windows/System32";
    for (const auto& folder : {std::string("/Windows"), root, root + "/config", root + "/drivers"})
        must(ntfs->make_directory(folder, {}));
    must(ntfs->create(root + "/cmd.exe", program(), {}));
    must(ntfs->create(root + "/config/SYSTEM", system, {}));
    for (const auto* const name :
         {"disk", "partmgr", "mountmgr", "ftdisk", "volmgr", "volume", "volsnap", "atapi",
          "intelide", "pciide", "msahci", "xenbus", "xenfilt", "xenvbd"})
        must(ntfs->create(root + "/drivers/" + name + ".sys", program(), {}));
    for (int i = 0; i < 3000; ++i) // a real System32 has about as many
        must(ntfs->create(root + "/library" + std::to_string(i) + ".dll", program(), {}));
    fill_driver_store(*ntfs);
    must(ntfs->close());
    must(device->flush());
    std::printf("SYSTEM hive: %s, %.1f MB\n", real ? "a real one (Windows 7 SP1)" : "made up",
                static_cast<double>(system.size()) / 1e6);
}

void check(bool good, const char* what) {
    if (!good)
        die(std::string(what) + ": " + std::strerror(errno));
}

void copy_piece(int from, int to, off_t start, off_t end, off_t shift) { // to -1: nowhere
    std::vector<char> buffer(1U << 20);
    while (start < end) {
        const auto wanted = std::min(static_cast<std::size_t>(end - start), buffer.size());
        const auto got = ::pread(from, buffer.data(), wanted, start);
        check(got > 0, "reading");
        check(to < 0 ||
                  ::pwrite(to, buffer.data(), static_cast<std::size_t>(got), start + shift) == got,
              "writing");
        start += got;
    }
}

void each_piece(int from, int to, off_t shift) {
    for (off_t start = 0; (start = ::lseek(from, start, SEEK_DATA)) >= 0;) {
        const auto end = ::lseek(from, start, SEEK_HOLE);
        check(end > start, "looking for data");
        copy_piece(from, to, start, end, shift);
        start = end;
    }
}

void warm(const char* source) {
    const int from = ::open(source, O_RDONLY);
    check(from >= 0, "opening");
    each_piece(from, -1, 0);
    ::close(from);
}

void copy(const char* source, const char* target, off_t shift, bool whole) {
    const int from = ::open(source, O_RDONLY);
    const int to = ::open(target, whole ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY, 0600);
    check(from >= 0 && to >= 0, "opening");
    struct stat info {};
    check(::fstat(from, &info) == 0, "asking for the size");
    if (whole)
        check(::ftruncate(to, info.st_size) == 0, "setting the size");
    each_piece(from, to, shift);
    check(::fsync(to) == 0, "flushing"); // or the next program's flush would pay for it
    ::close(from);
    ::close(to);
}

} // namespace

int main(int count, char** words) {
    const std::string what = count > 1 ? words[1] : "";
    if (what == "windows" && count == 3)
        make_windows(words[2]);
    else if (what == "put" && count == 5)
        copy(words[2], words[3], static_cast<off_t>(std::strtoll(words[4], nullptr, 10)), false);
    else if (what == "copy" && count == 4)
        copy(words[2], words[3], 0, true);
    else if (what == "warm" && count == 3)
        warm(words[2]);
    else
        die("usage: see the head of tests/bench/disks.cpp");
    return 0;
}
