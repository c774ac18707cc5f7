// SPDX-License-Identifier: GPL-2.0-or-later
// One guest on XFS and one on Btrfs, repaired together in the rescue environment; judged from
// outside by xfsprogs and btrfs-progs, which took no part, and put back to the bit.
#include "base/text.hpp"
#include "machine/machine.hpp"
#include "support/images.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace lifeboat;
using namespace lifeboat::test;

namespace {

// Without KVM, on a busy host, a boot was seen to take ten times its usual 20 seconds.
constexpr int kBoot = 600;

constexpr auto kGrub = "menuentry 'Linux' {\n"
                       "\tlinux\t/boot/vmlinuz-6.1.0-18-amd64 root=/dev/xvda1 ro console=hvc0\n"
                       "\tinitrd\t/boot/initrd.img-6.1.0-18-amd64\n}\n";

std::string sha256_of(const std::string& path) { return run_ok({"sha256sum", path}).substr(0, 64); }

void make_tree(const std::string& root, const std::string& title, const std::string& type) {
    for (const auto* const directory : {"/etc/default", "/boot/grub", "/lib/systemd", "/sbin"})
        files::create_directories(root + directory);
    const auto put = [&](const char* path, const std::string& text) {
        write_file(root + path, std::string_view(text));
    };
    put("/etc/os-release", "ID=rocky\nVERSION_ID=\"9.3\"\nPRETTY_NAME=\"" + title + "\"\n");
    put("/etc/fstab", "/dev/xvda1 / " + type + " defaults 0 0\n");
    put("/etc/default/grub", "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX=\"console=hvc0\"\n");
    put("/boot/vmlinuz-6.1.0-18-amd64", "kernel");
    put("/boot/initrd.img-6.1.0-18-amd64", "initrd");
    put("/boot/grub/grub.cfg", kGrub);
    put("/lib/systemd/systemd", "x");
    files::create_symlink("/lib/systemd/systemd", root + "/sbin/init");
}

// The lines of a prototype file (mkfs.xfs(8), -p) for a directory and all below it.
std::string prototype(const files::path& directory) {
    std::string out;
    for (const auto& entry : files::directory_iterator(directory)) {
        const auto name = entry.path().filename().string();
        if (entry.is_symlink())
            out += name + " l--777 0 0 " + files::read_symlink(entry.path()).string() + "\n";
        else if (entry.is_directory())
            out += name + " d--755 0 0\n" + prototype(entry.path()) + "$\n";
        else // an owner and a mode that a repair has to keep
            out += name + " ---640 7 8 " + entry.path().string() + "\n";
    }
    return out;
}

std::string make_xfs(const TempDir& dir) {
    need_tools({"mkfs.xfs"});
    make_tree(dir.file("xfs-tree"), "On XFS", "xfs");
    write_file(dir.file("prototype"), std::string_view("/none\n0 0\nd--755 0 0\n" +
                                                       prototype(dir.file("xfs-tree")) + "$\n"));
    const auto disk = dir.file("xfs.img"); // on a whole disk
    make_sparse(disk, 320 * kMiB);
    run_ok({"mkfs.xfs", "-q", "-p", dir.file("prototype"), disk});
    return disk;
}

// In a partition, in the default subvolume: mkfs makes no other.
std::string make_btrfs(const TempDir& dir) {
    need_tools({"mkfs.btrfs"});
    make_tree(dir.file("btrfs-tree"), "On Btrfs", "btrfs");
    const auto part = dir.file("btrfs-part");
    make_sparse(part, 256 * kMiB);
    run_ok({"mkfs.btrfs", "-q", "--rootdir", dir.file("btrfs-tree"), part});
    const auto disk = dir.file("btrfs.img");
    make_disk(disk, 258 * kMiB, "label: dos\nstart=2048, type=83, bootable\n");
    put_into_disk(disk, kMiB, part);
    return disk;
}

// An ext4 that a kernel had mounted when the power went.
std::string make_unclean_ext(const TempDir& dir) {
    need_tools({"debugfs"});
    make_tree(dir.file("ext-tree"), "On ext4", "ext4");
    const auto disk = dir.file("ext.img"); // on a whole disk
    make_ext(disk, 64 * kMiB, {"-t", "ext4"}, dir.file("ext-tree"));
    run_ok({"debugfs", "-w", "-R", "feature needs_recovery", disk});
    return disk;
}

std::string drive(const std::string& disk) {
    return "file=" + disk + ",format=raw,if=virtio,cache=unsafe";
}

// A file of an XFS by xfs_db: its inode, and its first block.
std::string xfs_inode(const std::string& disk, const std::string& path) {
    return run_ok(
        {"xfs_db", "-r", "-c", "path " + path, "-c", "print core.mode core.uid core.gid", disk});
}

// From lines such as "010:  20 64 65 66 ...  .def".
std::string xfs_file(const std::string& disk, const std::string& path) {
    const auto dump = run_ok({"xfs_db", "-r", "-c", "path " + path, "-c", "dblock 0", "-c",
                              "type text", "-c", "print", disk});
    constexpr std::size_t kFirst = 6, kPerLine = 16;
    std::string out;
    for (const auto line : split_nonempty(dump, '\n'))
        for (std::size_t i = 0; i < kPerLine && kFirst + 3 * i + 2 <= line.size(); ++i)
            out.push_back(static_cast<char>(
                std::stoi(std::string(line.substr(kFirst + 3 * i, 2)), nullptr, 16)));
    return out.substr(0, out.find('\0'));
}

} // namespace

TEST_CASE("guests on XFS and Btrfs are repaired by the rescue environment, and undone", "[boot]") {
    const TempDir dir;
    const auto xfs = make_xfs(dir);
    const auto btrfs = make_btrfs(dir);
    const auto xfs_before = sha256_of(xfs);
    const auto btrfs_before = sha256_of(btrfs);
    // On the host nothing of them is read, and the reason is given.
    const auto host = run_tool({"sh", "-c", LIFEBOAT_COMMAND " diagnose " + xfs});
    CHECK(host.output.find("rescue medium") != std::string::npos);

    std::string result;
    {
        Machine machine(dir, {"-kernel", LIFEBOAT_VMLINUZ, "-initrd", LIFEBOAT_INITRD_FILE,
                              "-append", "console=ttyS0 lifeboat.run=repair", "-vga", "none",
                              "-drive", drive(xfs), "-drive", drive(btrfs)});
        const bool ended = machine.wait_for_end(kBoot);
        result = machine.said_on("result");
        INFO(result);
        INFO(printable(machine.said_on("serial")));
        REQUIRE(ended);
        CHECK(result.find("\nlifeboat-exit 0\n") != std::string::npos);
    }
    CHECK(result.find("not unmounted cleanly") == std::string::npos);
    CHECK(sha256_of(xfs) != xfs_before);
    CHECK(sha256_of(btrfs) != btrfs_before);

    need_tools({"xfs_repair", "xfs_db", "btrfs"});
    const auto sound = run_tool({"xfs_repair", "-n", xfs});
    INFO(sound.output);
    CHECK(sound.status == 0);
    const auto grub = xfs_file(xfs, "/boot/grub/grub.cfg");
    INFO(grub);
    CHECK(grub.find("ttyS0") != std::string::npos);
    CHECK(grub.find("hvc0") == std::string::npos);
    const auto inode = xfs_inode(xfs, "/boot/grub/grub.cfg");
    INFO(inode);
    CHECK(inode.find("core.mode = 0100640") != std::string::npos);
    CHECK(inode.find("core.uid = 7") != std::string::npos);
    CHECK(inode.find("core.gid = 8") != std::string::npos);

    const auto part = dir.file("btrfs-after");
    take_from_disk(btrfs, kMiB, 256 * kMiB, part);
    const auto checked = run_tool({"btrfs", "check", "--check-data-csum", part});
    INFO(checked.output);
    CHECK(checked.status == 0);
    files::create_directories(dir.file("restored"));
    run_ok({"btrfs", "restore", part, dir.file("restored")});
    const auto restored = to_text(read_file(dir.file("restored/boot/grub/grub.cfg")));
    CHECK(restored.find("console=ttyS0") != std::string::npos);
    CHECK(restored.find("hvc0") == std::string::npos);
    CHECK(to_text(read_file(dir.file("restored/etc/fstab"))).find("UUID=") == 0);

    // The undo file that the host got holds plain blocks: it needs neither kernel nor medium.
    run_ok({"sh", "-c", LIFEBOAT_COMMAND " undo " + dir.file("undo") + " " + xfs + " " + btrfs});
    CHECK(sha256_of(xfs) == xfs_before);
    CHECK(sha256_of(btrfs) == btrfs_before);
}

// The way past an obstacle is tried on further overlays, where the kernel mounts the other guests'
// file systems once more.
TEST_CASE("a guest that was not shut down is offered a way, beside guests on XFS and Btrfs",
          "[boot]") {
    const TempDir dir;
    const auto xfs = make_xfs(dir);
    const auto btrfs = make_btrfs(dir);
    const auto ext = make_unclean_ext(dir);
    const auto before = sha256_of(xfs) + sha256_of(btrfs) + sha256_of(ext);
    std::string result;
    {
        Machine machine(dir, {"-kernel", LIFEBOAT_VMLINUZ, "-initrd", LIFEBOAT_INITRD_FILE,
                              "-append", "console=ttyS0 lifeboat.run=diagnose", "-vga", "none",
                              "-drive", drive(xfs), "-drive", drive(btrfs), "-drive", drive(ext)});
        const bool ended = machine.wait_for_end(kBoot);
        result = machine.said_on("result");
        INFO(result);
        INFO(printable(machine.said_on("serial")));
        REQUIRE(ended);
    }
    INFO(result);
    std::string flat;
    for (const char c : result)
        if (c != ' ' && c != '\n' && c != '\r')
            flat.push_back(c);
    const auto guest = [&](const std::string& title) { return flat.find("\"title\":\"" + title); };
    CHECK(guest("OnXFS") != std::string::npos);
    CHECK(guest("OnBtrfs") != std::string::npos);
    REQUIRE(guest("Onext4") != std::string::npos);
    CHECK(flat.find("\"ways\":[\"--replay-journal\"]", guest("Onext4")) != std::string::npos);
    CHECK(sha256_of(xfs) + sha256_of(btrfs) + sha256_of(ext) == before);
}
