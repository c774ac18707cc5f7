// SPDX-License-Identifier: GPL-2.0-or-later
// bench_floor diagnose DISK OFFSET            what the class filters and Xen services are
// bench_floor set DISK OFFSET KEY NAME NUMBER one REG_DWORD of SYSTEM
// bench_floor repair DISK OFFSET              Xen filters out, Xen services off, as Lifeboat does
// bench_floor grub DISK OFFSET PATH FROM TO   a text edit on ext
#include "floor.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <hivex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace floor_;

namespace {

const std::string kSystem = "/Windows/System32/config/SYSTEM";

class Disk {
public:
    Disk(const char* path, bool write) : file(::open(path, write ? O_RDWR : O_RDONLY)) {
        if (file < 0)
            die(path);
    }
    ~Disk() { ::close(file); }
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;
    const int file;
};

// hivex wants a path: a file in memory has one.
class HiveFile {
public:
    HiveFile(const Content& image, bool write) : file_(::memfd_create("hive", 0)) {
        write_at(file_, 0, image.data(), image.size());
        path_ = "/proc/self/fd/" + std::to_string(file_);
        hive = hivex_open(path_.c_str(), write ? HIVEX_OPEN_WRITE : 0);
        if (hive == nullptr)
            die("opening the hive");
    }
    ~HiveFile() {
        hivex_close(hive);
        ::close(file_);
    }
    HiveFile(const HiveFile&) = delete;
    HiveFile& operator=(const HiveFile&) = delete;
    Content stored() {
        if (hivex_commit(hive, path_.c_str(), 0) != 0)
            die("storing the hive");
        struct stat info {};
        if (::fstat(file_, &info) != 0)
            die("asking for the size");
        Content out(static_cast<std::size_t>(info.st_size));
        read_at(file_, 0, out.data(), out.size());
        return out;
    }
    hive_node_h at(const std::string& key) const {
        auto node = hivex_root(hive);
        for (std::size_t from = 0; from < key.size() && node != 0;) {
            const auto to = std::min(key.find('\\', from), key.size());
            node = hivex_node_get_child(hive, node, key.substr(from, to - from).c_str());
            from = to + 1;
        }
        return node;
    }
    hive_h* hive;

private:
    int file_;
    std::string path_;
};

void set_dword(hive_h* hive, hive_node_h key, const char* name, std::uint32_t number) {
    char key_name[32];
    std::snprintf(key_name, sizeof key_name, "%s", name);
    char bytes[4];
    std::memcpy(bytes, &number, sizeof bytes); // this machine is little endian, like the hive
    const hive_set_value value{key_name, hive_t_REG_DWORD, sizeof bytes, bytes};
    if (hivex_node_set_value(hive, key, &value, 0) != 0)
        die("setting a value");
}

bool is_xen(const char* name) { return ::strncasecmp(name, "xen", 3) == 0; }

// Calls `use(key, name)` for every child of `path`.
template <class Use> void each_child(const HiveFile& file, const std::string& path, Use use) {
    const auto parent = file.at(path);
    auto* const children = parent == 0 ? nullptr : hivex_node_children(file.hive, parent);
    for (auto* child = children; child != nullptr && *child != 0; ++child) {
        char* const name = hivex_node_name(file.hive, *child);
        if (name != nullptr)
            use(*child, name);
        std::free(name);
    }
    std::free(children);
}

// Finds what Xen left, and takes it away when `cure`. The debris of the bench's disks is one
// filter per class key, so that the value goes as a whole.
int debris(const HiveFile& file, bool cure) {
    int found = 0;
    for (const std::string set : {"ControlSet001", "ControlSet002"}) {
        each_child(file, set + "\\Services", [&](hive_node_h key, const char* name) {
            if (!is_xen(name))
                return;
            const auto start = hivex_node_get_value(file.hive, key, "Start");
            if (start == 0 || hivex_value_dword(file.hive, start) == 4)
                return;
            ++found;
            if (cure)
                set_dword(file.hive, key, "Start", 4);
        });
        each_child(file, set + "\\Control\\Class", [&](hive_node_h key, const char*) {
            const auto filters = hivex_node_get_value(file.hive, key, "UpperFilters");
            char** const names =
                filters == 0 ? nullptr : hivex_value_multiple_strings(file.hive, filters);
            if (names != nullptr && names[0] != nullptr && is_xen(names[0])) {
                ++found;
                char name[] = "UpperFilters";
                char nothing[4] = {};
                const hive_set_value value{name, hive_t_REG_MULTI_SZ, 2, nothing};
                if (cure && hivex_node_set_value(file.hive, key, &value, 0) != 0)
                    die("setting a filter");
            }
            for (auto* one = names; one != nullptr && *one != nullptr; ++one)
                std::free(*one);
            std::free(names);
        });
    }
    return found;
}

void diagnose(const char* path, std::uint64_t offset) {
    const Disk disk(path, false);
    Ntfs ntfs(disk.file, offset, false);
    const HiveFile file(ntfs.read(kSystem), false);
    std::printf("%d left by Xen\n", debris(file, false));
}

template <class Edit> void edit_hive(const char* path, std::uint64_t offset, Edit edit) {
    const Disk disk(path, true);
    {
        Ntfs ntfs(disk.file, offset, true);
        const auto before = ntfs.read(kSystem);
        HiveFile file(before, true);
        edit(file);
        ntfs.write(kSystem, before, file.stored());
    }
    if (::fsync(disk.file) != 0)
        die("flushing");
}

} // namespace

namespace floor_ {

void die(const char* what) {
    std::perror(what);
    std::exit(1);
}
void read_at(int file, std::uint64_t offset, void* out, std::size_t size) {
    if (::pread(file, out, size, static_cast<off_t>(offset)) != static_cast<ssize_t>(size))
        die("reading");
}
void write_at(int file, std::uint64_t offset, const void* data, std::size_t size) {
    if (::pwrite(file, data, size, static_cast<off_t>(offset)) != static_cast<ssize_t>(size))
        die("writing");
}

} // namespace floor_

int main(int count, char** words) {
    const std::string what = count > 3 ? words[1] : "";
    const auto offset = count > 3 ? std::strtoull(words[3], nullptr, 10) : 0;
    if (what == "diagnose" && count == 4) {
        diagnose(words[2], offset);
    } else if (what == "set" && count == 7) {
        edit_hive(words[2], offset, [&](HiveFile& file) {
            const auto key = file.at(words[4]);
            if (key == 0)
                die("there is no such key");
            set_dword(file.hive, key, words[5],
                      static_cast<std::uint32_t>(std::strtoul(words[6], nullptr, 10)));
        });
    } else if (what == "repair" && count == 4) {
        edit_hive(words[2], offset, [](HiveFile& file) { debris(file, true); });
    } else if (what == "grub" && count == 7) {
        edit_ext(words[2], offset, words[4], words[5], words[6]);
    } else {
        std::fputs("usage: see the head of tests/bench/floor.cpp\n", stderr);
        return 2;
    }
    return 0;
}
