// SPDX-License-Identifier: GPL-2.0-or-later
// For tests only: a Linux guest in memory from a short list of files, on made-up disks.
#pragma once

#include "guest/editor.hpp"
#include "repair/repair.hpp"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace lifeboat::test {

// Path -> content; a content "-> target" makes a symbolic link, a path ending in '/' a directory.
using Files = std::map<std::string, std::string>;

inline void put_file(fs::FileSystem& fs, const std::string& path, const std::string& content) {
    for (auto slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        const auto directory = path.substr(0, slash);
        const auto node = fs.stat(directory);
        REQUIRE(node);
        if (!*node)
            REQUIRE(fs.make_directory(directory, {0755, 0, 0}));
    }
    if (path.back() == '/')
        return;
    if (content.rfind("-> ", 0) == 0)
        REQUIRE(fs.make_symlink(path, content.substr(3)));
    else
        REQUIRE(fs.create(path, to_bytes(content), {}));
}

inline fs::FileSystemPtr memory_files(const Files& files) {
    auto fs = fs::memory_filesystem(false);
    for (const auto& [path, content] : files)
        put_file(*fs, path, content);
    return fs;
}

inline void read_files(fs::FileSystem& fs, const std::string& directory, Files& out) {
    const auto nodes = fs.list(directory.empty() ? "/" : directory);
    REQUIRE(nodes);
    for (const auto& node : *nodes) {
        const auto path = directory + "/" + node.name;
        if (node.type == fs::NodeType::directory) {
            read_files(fs, path, out);
        } else if (node.type == fs::NodeType::symlink) {
            out[path] = "-> " + node.target;
        } else {
            const auto content = fs.read(path);
            REQUIRE(content);
            out[path] = to_text(*content);
        }
    }
}

inline volume::Volume made_volume(const std::string& id, volume::Content content,
                                  const std::string& uuid,
                                  const std::string& content_name = "ext4") {
    volume::Volume volume;
    volume.id = id;
    volume.size = 1U << 30;
    volume.content = content;
    volume.content_name = content == volume::Content::swap ? "swap" : content_name;
    volume.uuid = uuid;
    volume.partition_uuid = uuid.empty() || id == "0" ? "" : "part-" + uuid;
    return volume;
}

// One Linux system in memory; its root is the first volume with a file system of the first disk
// unless told otherwise.
class LinuxGuest {
public:
    LinuxGuest(const Files& files, std::vector<std::vector<volume::Volume>> disks,
               const std::string& root)
        : machine_(made_disks(std::move(disks)), fs::Access::write), root_(memory_files(files)) {
        fs::Tree tree;
        tree.mount("/", root, root_);
        auto guest = guest::linux_from_tree(tree, machine_);
        REQUIRE(guest);
        guest_ = *guest;
    }
    // The usual one: partition 1 swap "S-1", partition 2 root "R-1".
    explicit LinuxGuest(const Files& files)
        : LinuxGuest(files,
                     {{made_volume("1", volume::Content::swap, "S-1"),
                       made_volume("2", volume::Content::ext, "R-1")}},
                     "disk 1, partition 2") {}

    [[nodiscard]] const guest::GuestPtr& guest() const { return guest_; }
    [[nodiscard]] Files files() const {
        Files out;
        read_files(*root_, "", out);
        return out;
    }
    std::vector<guest::FileChange> apply(const repair::Repair& repair) const {
        guest::Editor editor(guest_);
        const auto done = repair.apply(editor);
        if (!done)
            FAIL(done.error().text());
        REQUIRE(editor.finish());
        return editor.changes();
    }
    [[nodiscard]] repair::Diagnosis diagnose(const repair::Repair& repair) const {
        const auto before = files();
        auto diagnosis = repair.diagnose(*guest_);
        REQUIRE(files() == before); // looking changes nothing
        return diagnosis;
    }

private:
    static std::vector<guest::Disk> made_disks(std::vector<std::vector<volume::Volume>> volumes) {
        std::vector<guest::Disk> disks;
        for (auto& list : volumes) {
            guest::Disk disk;
            disk.path = "disk" + std::to_string(disks.size() + 1);
            disk.layout.table = volume::TableKind::mbr;
            disk.layout.volumes = std::move(list);
            disks.push_back(std::move(disk));
        }
        return disks;
    }

    guest::Machine machine_;
    fs::FileSystemPtr root_;
    guest::GuestPtr guest_;
};

inline bool healthy(const repair::Diagnosis& diagnosis) {
    return std::holds_alternative<repair::Healthy>(diagnosis);
}
inline const repair::Trouble* trouble(const repair::Diagnosis& diagnosis) {
    return std::get_if<repair::Trouble>(&diagnosis);
}

} // namespace lifeboat::test
