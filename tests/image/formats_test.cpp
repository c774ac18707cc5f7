// SPDX-License-Identifier: GPL-2.0-or-later
// A whole repair of a guest whose disk is not a plain file, through the program itself.
#include "image/program.hpp"

using namespace lifeboat;
using namespace lifeboat::test;

namespace {

void write_below(const std::string& root, const std::string& path, const std::string& text) {
    files::create_directories(files::path(root + path).parent_path());
    write_file(root + path, text);
}

// A Debian guest with the console of Xen.
std::string make_guest(const TempDir& dir) {
    const auto root = dir.file("root");
    write_below(root, "/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
    write_below(root, "/etc/debian_version", "12.5\n");
    write_below(root, "/lib/systemd/systemd", "x");
    write_below(root, "/sbin/x", "x");
    files::create_symlink("/lib/systemd/systemd", root + "/sbin/init");
    write_below(root, "/etc/fstab", "/dev/xvda1 / ext4 defaults 0 1\n");
    write_below(root, "/etc/default/grub", "GRUB_CMDLINE_LINUX=\"console=hvc0\"\n");
    write_below(root, "/boot/vmlinuz-6.1.0-18-amd64", "kernel");
    write_below(root, "/boot/grub/grub.cfg",
                "menuentry 'Debian' {\n\tlinux /boot/vmlinuz-6.1.0-18-amd64 root=/dev/xvda1 ro "
                "console=hvc0\n}\n");
    make_ext(dir.file("part"), 32 * kMiB, {"-t", "ext4"}, root);
    disk_of(dir.file("disk.raw"), dir.file("part"), "83");
    return dir.file("disk.raw");
}

} // namespace

TEST_CASE("a guest in every format of QEMU is repaired and restored") {
    need_tools({"qemu-img", "qemu-nbd"});
    const TempDir dir;
    const auto raw = make_guest(dir);
    const std::map<std::string, std::string> formats = {{"disk.qcow2", "qcow2"},
                                                        {"disk.vhd", "vpc"},
                                                        {"disk.vhdx", "vhdx"},
                                                        {"disk.vmdk", "vmdk"},
                                                        {"disk.vdi", "vdi"}};
    for (const auto& [name, driver] : formats) {
        INFO(name);
        const auto image = dir.file(name);
        std::vector<std::string> words{"qemu-img", "convert", "-f", "raw", "-O", driver};
        if (driver == "vpc")
            words.insert(words.end(), {"-o", "force_size=on"});
        words.insert(words.end(), {raw, image});
        run_ok(words);
        const auto before = hash_of(image);
        lifeboat_ok({"diagnose", image}, 1);
        lifeboat_ok({"repair", image, "--all", "--dry-run"}, 1);
        CHECK(hash_of(image) == before); // looking and planning change nothing
        const auto undo = dir.file(name + ".undo");
        lifeboat_ok({"repair", image, "--all", "--undo", undo});
        run_ok({"qemu-img", "convert", "-f", driver, "-O", "raw", image, dir.file("seen.raw")});
        take_from_disk(dir.file("seen.raw"), kStart, files::file_size(raw) - 2 * kMiB,
                       dir.file("seen.part"));
        check_ext(dir.file("seen.part"));
        const auto config =
            run_ok({"debugfs", "-R", "cat /boot/grub/grub.cfg", dir.file("seen.part")});
        CHECK(config.find("console=ttyS0") != std::string::npos);
        lifeboat_ok({"undo", undo, image});
        run_ok({"qemu-img", "compare", "-f", "raw", "-F", driver, raw, image});
    }
}

TEST_CASE("an OVA shows its machine, and says why it is not changed in place") {
    need_tools({"qemu-img", "qemu-nbd", "tar"});
    const TempDir dir;
    const auto raw = make_guest(dir);
    run_ok({"qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized",
            raw, dir.file("disk1.vmdk")});
    write_file(
        dir.file("guest.ovf"),
        std::string_view("<Envelope xmlns:ovf=\"urn:a\" xmlns:rasd=\"urn:b\"><References>"
                         "<File ovf:id=\"f\" ovf:href=\"disk1.vmdk\"/></References><DiskSection>"
                         "<Disk ovf:diskId=\"d\" ovf:fileRef=\"f\"/></DiskSection>"
                         "<VirtualSystem ovf:id=\"web\"><VirtualHardwareSection><Item>"
                         "<rasd:ResourceType>10</rasd:ResourceType>"
                         "<rasd:Address>00:16:3e:aa:bb:cc</rasd:Address>"
                         "</Item></VirtualHardwareSection></VirtualSystem></Envelope>"));
    const auto ova = dir.file("guest.ova");
    run_ok({"tar", "-C", dir.path(), "-cf", ova, "guest.ovf", "disk1.vmdk"});
    const auto before = hash_of(ova);
    const auto layout = lifeboat_ok({"layout", ova});
    CHECK(layout.find("disk1.vmdk") != std::string::npos);
    CHECK(layout.find("00:16:3e:aa:bb:cc") != std::string::npos);
    CHECK(lifeboat_ok({"cat", ova + ":disk1.vmdk:1:/etc/debian_version"}) == "12.5\n");
    const auto refusal = lifeboat_ok({"repair", ova, "--all", "--undo", dir.file("undo")}, 3);
    CHECK(refusal.find("cannot be changed in place") != std::string::npos);
    CHECK_FALSE(files::exists(dir.file("undo")));
    CHECK(hash_of(ova) == before);
}
