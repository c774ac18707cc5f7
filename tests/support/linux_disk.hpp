// SPDX-License-Identifier: GPL-2.0-or-later
// A Debian-like guest on ext4, as xen-tools lays it out.
#pragma once

#include "support/guest_disk.hpp"

namespace lifeboat::test {

inline void put_tree(const std::string& root, const std::map<std::string, std::string>& content) {
    for (const auto& [path, text] : content) {
        files::create_directories(files::path(root + path).parent_path());
        if (text.starts_with("-> "))
            files::create_symlink(text.substr(3), root + path);
        else
            write_file(root + path, text);
    }
}

inline const std::map<std::string, std::string>& debian() {
    static const std::map<std::string, std::string> tree = {
        {"/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian 12\"\n"},
        {"/etc/debian_version", "12.5\n"},
        {"/sbin/init", "-> /lib/systemd/systemd"},
        {"/lib/systemd/systemd", "x"},
        {"/etc/fstab", "/dev/xvda1 / ext4 defaults 0 1\n"},
        {"/etc/default/grub", "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n"
                              "GRUB_CMDLINE_LINUX=\"console=hvc0\"\n"},
        {"/boot/vmlinuz-6.1.0-18-amd64", "kernel"},
        {"/boot/initrd.img-6.1.0-18-amd64", "initrd"},
        {"/boot/grub/grub.cfg",
         "menuentry 'Debian' {\n"
         "\tlinux\t/boot/vmlinuz-6.1.0-18-amd64 root=/dev/xvda1 ro console=hvc0 quiet\n"
         "\tinitrd\t/boot/initrd.img-6.1.0-18-amd64\n}\n"}};
    return tree;
}

inline std::string make_linux(const TempDir& dir, const std::string& name = "disk.img") {
    const auto part = dir.file("part");
    const auto root = dir.file("root-" + name);
    put_tree(root, debian());
    make_ext(part, 48 * kMiB, {"-t", "ext4"}, root);
    disk_of(dir.file(name), part, "83");
    files::remove(part);
    return dir.file(name);
}

inline void check_part(const TempDir& dir, const std::string& disk) {
    take_from_disk(disk, kStart, files::file_size(disk) - 2 * kMiB, dir.file("fsck"));
    check_ext(dir.file("fsck"));
}

inline std::string by_debugfs(const TempDir& dir, const std::string& disk,
                              const std::string& path) {
    need_tools({"debugfs"});
    take_from_disk(disk, kStart, files::file_size(disk) - 2 * kMiB, dir.file("look"));
    return run_ok({"debugfs", "-R", "cat " + path, dir.file("look")});
}

} // namespace lifeboat::test
