// SPDX-License-Identifier: GPL-2.0-or-later
// Guests that consist of several disks, and what else a disk may hold: a GPT with two copies, an
// EFI system partition, a mirror.
#include "image/program.hpp"
#include "support/lvm.hpp"
#include "support/md.hpp"
#include "support/windows_guest.hpp"

#include <array>

using namespace lifeboat;
using namespace lifeboat::test;
namespace tests = lifeboat::tests;

namespace {

constexpr std::uint64_t kSector = 512;

void put_tree(const std::string& root, const std::map<std::string, std::string>& content) {
    for (const auto& [path, text] : content) {
        files::create_directories(files::path(root + path).parent_path());
        write_file(root + path, text);
    }
}

const std::map<std::string, std::string> kEtc = {
    {"/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian 12\"\n"},
    {"/etc/debian_version", "12.5\n"},
    {"/sbin/init", "x"},
    {"/lib/systemd/systemd", "x"},
    {"/etc/default/grub", "GRUB_CMDLINE_LINUX=\"console=hvc0\"\n"},
};

std::string grub_cfg(const std::string& root) {
    return "menuentry 'Debian' {\n\tlinux /vmlinuz-6.1.0-18-amd64 root=" + root +
           " ro console=hvc0\n\tinitrd /initrd.img-6.1.0-18-amd64\n}\n";
}

constexpr std::string_view kRootUuid = "5eed0000-0000-4000-8000-00000000000a";
constexpr std::string_view kBootUuid = "5eed0000-0000-4000-8000-00000000000b";

// A file system image from a tree; its name.
std::string ext_of(const TempDir& dir, const std::string& name,
                   const std::map<std::string, std::string>& content, std::string_view uuid) {
    const auto tree = dir.file(name + "-tree");
    put_tree(tree, content);
    const auto part = dir.file(name + "-part");
    make_ext(part, 24 * kMiB, {"-t", "ext4", "-U", std::string(uuid)}, tree);
    return part;
}

std::string cat(const std::string& disk, const std::string& volume_and_path,
                const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"cat", disk + ":" + volume_and_path};
    for (const auto& other : more) {
        words.emplace_back("--disk");
        words.push_back(other);
    }
    return lifeboat_ok(words);
}

bool has(const std::string& text, std::string_view words) {
    return text.find(words) != std::string::npos;
}

} // namespace

TEST_CASE("Linux with /boot on one disk and / on another is one guest, one repair, one undo") {
    const TempDir dir;
    auto etc = kEtc;
    etc["/etc/fstab"] = "UUID=" + std::string(kRootUuid) +
                        " / ext4 defaults 0 1\nUUID=" + std::string(kBootUuid) +
                        " /boot ext4 defaults 0 2\n";
    const auto boot = dir.file("boot.img");
    const auto root = dir.file("root.img");
    disk_of(root, ext_of(dir, "root", etc, kRootUuid), "83");
    disk_of(boot,
            ext_of(dir, "boot",
                   {{"/grub/grub.cfg", grub_cfg("/dev/xvdb1")},
                    {"/vmlinuz-6.1.0-18-amd64", "kernel"},
                    {"/initrd.img-6.1.0-18-amd64", "initrd"}},
                   kBootUuid),
            "83");
    const auto before = hash_of(boot) + hash_of(root);
    const auto undo = dir.file("undo");
    const auto found = lifeboat_ok({"diagnose", boot, root}, 1);
    CHECK(has(found, "linux.kernel-console"));
    CHECK_FALSE(has(found, "linux2"));
    const auto report = lifeboat_ok({"repair", boot, root, "--all", "--undo", undo});
    CHECK(has(report, "disk 1, partition 1"));
    CHECK(has(report, "disk 2, partition 1"));
    CHECK(has(cat(boot, "1:/grub/grub.cfg"), "console=ttyS0"));
    CHECK(has(cat(root, "1:/etc/default/grub"), "console=ttyS0"));
    take_from_disk(boot, kStart, 24 * kMiB, dir.file("fsck"));
    check_ext(dir.file("fsck"));
    take_from_disk(root, kStart, 24 * kMiB, dir.file("fsck"));
    check_ext(dir.file("fsck"));
    lifeboat_ok({"diagnose", boot, root});
    lifeboat_ok({"undo", undo, boot, root});
    CHECK(hash_of(boot) + hash_of(root) == before);
}

TEST_CASE("Linux on LVM over two disks is one guest, and a repair writes to both") {
    const TempDir dir;
    auto content = kEtc;
    content["/etc/fstab"] = "/dev/vg0/root / ext4 defaults 0 1\n";
    content["/boot/grub/grub.cfg"] = grub_cfg("/dev/mapper/vg0-root");
    const auto part = ext_of(dir, "root", content, kRootUuid);
    const auto halves = lvm_over_two(read_file(part));
    std::vector<std::string> disks;
    for (std::size_t i = 0; i < halves.size(); ++i) {
        write_file(dir.file("part"), ByteSpan(halves[i]));
        disks.push_back(dir.file("disk" + std::to_string(i)));
        disk_of(disks.back(), dir.file("part"), "8e");
    }
    const auto before = hash_of(disks[0]) + hash_of(disks[1]);
    CHECK(has(lifeboat_ok({"layout", disks[0], disks[1]}), "vg0/root"));
    CHECK(has(lifeboat_ok({"layout", disks[0]}), "not here"));
    const auto undo = dir.file("undo");
    lifeboat_ok({"diagnose", disks[0], disks[1]}, 1);
    lifeboat_ok({"repair", disks[0], disks[1], "--all", "--undo", undo});
    CHECK(has(cat(disks[0], "vg0/root:/boot/grub/grub.cfg", {disks[1]}), "console=ttyS0"));
    // Put together by hand: the first half of the extents from one disk, the rest from the other.
    Bytes whole;
    const std::array<Bytes, 2> after{read_file(disks[0]), read_file(disks[1])};
    for (std::size_t extent = 0; extent * kMiB < 24 * kMiB; ++extent) {
        const auto& from = after[extent < 12 ? 0 : 1];
        const auto at = static_cast<std::ptrdiff_t>(kStart + kMiB + extent % 12 * kMiB);
        whole.insert(whole.end(), from.begin() + at, from.begin() + at + std::ptrdiff_t{kMiB});
    }
    write_file(dir.file("fsck"), ByteSpan(whole));
    check_ext(dir.file("fsck"));
    CHECK(has(run_ok({"debugfs", "-R", "cat /boot/grub/grub.cfg", dir.file("fsck")}),
              "console=ttyS0"));
    lifeboat_ok({"undo", undo, disks[0], disks[1]});
    CHECK(hash_of(disks[0]) + hash_of(disks[1]) == before);
}

TEST_CASE("Windows on the second disk, its boot files on the first") {
    const auto system = tests::specimen("system/SYSTEM.win7sp1-x86-vmware");
    const auto store = tests::specimen("bcd/bios-win7-vm-plus-pe.BCD");
    if (!system || !store)
        SKIP(tests::kNoSpecimens);
    const TempDir dir;
    const auto boot = dir.file("boot.img");
    const auto windows = dir.file("windows.img");
    make_ntfs(dir.file("part"), 16 * kMiB, 4096, 2048, "System");
    fill_ntfs(dir.file("part"),
              {{"/bootmgr", tests::fake_program()}, {"/Boot/", {}}, {"/Boot/BCD", *store}});
    disk_of(boot, dir.file("part"), "7");
    make_ntfs(dir.file("part"), 64 * kMiB, 4096, 2048);
    fill_ntfs(dir.file("part"), {{"/Windows/", {}},
                                 {"/Windows/System32/", {}},
                                 {"/Windows/System32/cmd.exe", tests::fake_program()},
                                 {"/Windows/System32/config/", {}},
                                 {"/Windows/System32/config/SYSTEM", *system},
                                 {"/Windows/System32/drivers/", {}}});
    disk_of(windows, dir.file("part"), "7");
    const auto before = hash_of(boot) + hash_of(windows);
    CHECK(has(lifeboat_ok({"layout", boot, windows}), "disk 2, partition 1"));
    CHECK(has(lifeboat_ok({"registry", "list", boot, "BCD", "--disk", windows}), "Objects"));
    CHECK(has(lifeboat_ok({"registry", "list", boot, "SYSTEM", "--disk", windows}), "Select"));
    const auto undo = dir.file("undo");
    lifeboat_ok({"registry", "set", boot, "BCD", "Description", "T", "1", "--type", "dword",
                 "--disk", windows, "--undo", undo});
    CHECK(has(lifeboat_ok({"registry", "get", boot, "BCD", "Description", "T", "--disk", windows}),
              "0x00000001"));
    lifeboat_ok({"undo", undo, boot, windows});
    CHECK(hash_of(boot) + hash_of(windows) == before);
}

TEST_CASE("a GPT whose second copy is not at the end is put in order when asked for") {
    const TempDir dir;
    const auto disk = dir.file("disk.img");
    make_disk(disk, 16 * kMiB, "label: gpt\nstart=2048, size=4096\nstart=8192, size=4096\n");
    files::resize_file(disk, 32 * kMiB);
    const auto before = hash_of(disk);
    CHECK(has(lifeboat_ok({"layout", disk}), "--gpt-backup"));
    CHECK(has(lifeboat_ok({"repair", disk, "--gpt-backup", "--dry-run"}), "Nothing was written"));
    CHECK(hash_of(disk) == before);
    const auto undo = dir.file("undo");
    const auto report = lifeboat_ok({"repair", disk, "--gpt-backup", "--undo", undo});
    CHECK(has(report, "Both copies of the GPT"));
    CHECK(has(run_ok({"sfdisk", "--verify", disk}), "No errors detected"));
    CHECK_FALSE(has(lifeboat_ok({"layout", disk}), "--gpt-backup"));
    const auto repaired = hash_of(disk);
    lifeboat_ok({"repair", disk, "--gpt-backup"});
    CHECK(hash_of(disk) == repaired);
    lifeboat_ok({"undo", undo, disk});
    CHECK(hash_of(disk) == before);
    lifeboat_ok({"repair", disk, "--gpt-backup", "--all"}, 2);
}

TEST_CASE("the BCD store of a UEFI Windows lies on the EFI system partition") {
    need_tools({"mkfs.fat", "fsck.fat", "mcopy", "mmd"});
    const auto store = tests::specimen("bcd/uefi-win81-vmware.BCD");
    if (!store)
        SKIP(tests::kNoSpecimens);
    const TempDir dir;
    const auto esp = dir.file("esp");
    make_sparse(esp, 40 * kMiB);
    run_ok({"mkfs.fat", "-F", "32", "-s", "1", esp});
    write_file(dir.file("BCD"), ByteSpan(*store));
    run_ok({"mmd", "-i", esp, "::/EFI", "::/EFI/Microsoft", "::/EFI/Microsoft/Boot"});
    run_ok({"mcopy", "-i", esp, dir.file("BCD"), "::/EFI/Microsoft/Boot/BCD"});
    const auto disk = dir.file("disk.img");
    make_disk(disk, 48 * kMiB,
              "label: gpt\nstart=2048, size=81920, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B\n");
    put_into_disk(disk, 2048 * kSector, esp);
    const auto before = hash_of(disk);
    CHECK(has(lifeboat_ok({"registry", "list", disk, "BCD", "Objects"}),
              "{9dea862c-5cdd-4e70-acc1-f32b344d4795}"));
    CHECK(has(lifeboat_ok({"ls", disk + ":1:/efi/microsoft/boot"}), "BCD"));
    CHECK(hash_of(disk) == before);
    const auto undo = dir.file("undo");
    lifeboat_ok({"registry", "set", disk, "BCD", "Description", "TestValue", "7", "--type", "dword",
                 "--undo", undo});
    take_from_disk(disk, 2048 * kSector, 81920 * kSector, dir.file("after"));
    const auto fsck = run_tool({"fsck.fat", "-n", dir.file("after")});
    INFO(fsck.output);
    CHECK(fsck.status == 0);
    run_ok({"mcopy", "-n", "-i", dir.file("after"), "::/EFI/Microsoft/Boot/BCD", dir.file("new")});
    CHECK(read_file(dir.file("new")) != *store);
    CHECK(has(lifeboat_ok({"registry", "get", disk, "BCD", "Description", "TestValue"}), "7"));
    lifeboat_ok({"undo", undo, disk});
    CHECK(hash_of(disk) == before);
}

TEST_CASE("a Linux on a mirror is diagnosed, and changes are refused with the way to make them") {
    const TempDir dir;
    auto content = kEtc;
    content["/etc/fstab"] = "/dev/md0 / ext4 defaults 0 1\n";
    content["/boot/grub/grub.cfg"] = grub_cfg("/dev/md0");
    const auto data = read_file(ext_of(dir, "root", content, kRootUuid));
    std::vector<std::string> disks;
    for (std::uint16_t role = 0; role < 2; ++role) {
        write_file(dir.file("part"), md_member(data, {.role = role}));
        disks.push_back(dir.file("disk" + std::to_string(role)));
        disk_of(disks.back(), dir.file("part"), "fd");
    }
    const auto before = hash_of(disks[0]) + hash_of(disks[1]);
    const auto layout = lifeboat_ok({"layout", disks[0], disks[1]});
    CHECK(has(layout, "md/0"));
    CHECK(has(layout, "Debian 12"));
    const auto found = lifeboat_ok({"diagnose", disks[0], disks[1]}, 1);
    CHECK(has(found, "linux.kernel-console"));
    CHECK(has(found, "put the RAID together"));
    CHECK(cat(disks[0], "md/0:/etc/fstab", {disks[1]}) == content["/etc/fstab"]);
    const auto put = run_lifeboat({"put", disks[0] + ":md/0:/etc/fstab", "--disk", disks[1]}, "x");
    INFO(put.output);
    CHECK(put.status == 3);
    CHECK(has(put.output, "software RAID"));
    CHECK(run_lifeboat({"repair", disks[0], disks[1], "--all"}).status == 3);
    CHECK(hash_of(disks[0]) + hash_of(disks[1]) == before);
}
