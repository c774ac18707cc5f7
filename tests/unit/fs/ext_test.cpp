// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/image.hpp"
#include "block/overlay.hpp"
#include "fs/filesystem.hpp"
#include "support/images.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace lifeboat::fs {
namespace {

using test::kMiB;
using test::TempDir;

std::shared_ptr<block::Overlay> overlay_of(const std::string& path) {
    auto disk = block::open_image(path, block::Access::read);
    REQUIRE(disk);
    return std::make_shared<block::Overlay>(*disk);
}

FileSystemPtr opened(const block::DevicePtr& disk, Access access) {
    auto fs = open_ext(disk, access);
    INFO((fs ? "" : fs.error().text()));
    REQUIRE(fs);
    return *fs;
}

void ok(const Result<void>& result) {
    INFO((result ? "" : result.error().text()));
    REQUIRE(result);
}

// What the overlay holds, as a file that other programs can judge.
void save(block::Overlay& overlay, const std::string& path) {
    auto content = block::read_bytes(overlay, 0, static_cast<std::size_t>(overlay.size()));
    REQUIRE(content);
    test::write_file(path, *content);
}

std::string debugfs(const std::string& image, const std::string& command) {
    test::need_tools({"debugfs"});
    auto output = test::run_ok({"debugfs", "-R", command, image});
    const auto banner = output.find("debugfs "); // its version, on stderr
    if (banner != std::string::npos)
        output.erase(banner, output.find('\n', banner) + 1 - banner);
    // For a file inside its inode debugfs prints all of the room, not only the content.
    while (!output.empty() && output.back() == '\0')
        output.pop_back();
    return output;
}

std::string pattern(std::size_t length, unsigned seed) {
    std::string text(length, '\0');
    for (std::size_t i = 0; i < length; ++i)
        text[i] = static_cast<char>('a' + (i * 7 + i / 251 + seed) % 26);
    return text;
}

std::string make_tree(const TempDir& dir) {
    const auto root = dir.file("tree");
    test::files::create_directories(root + "/boot/grub");
    test::files::create_directories(root + "/etc/Größe 日本");
    test::write_file(root + "/boot/grub/grub.cfg", pattern(9000, 1));
    test::write_file(root + "/etc/hostname", "guest\n");
    test::write_file(root + "/etc/empty", std::string_view());
    test::write_file(root + "/etc/Größe 日本/ünïcode", "é\n");
    test::files::create_symlink("/boot/grub", root + "/grub");
    test::files::create_symlink(std::string(200, 'x'), root + "/slow");
    test::files::create_hard_link(root + "/etc/hostname", root + "/etc/mailname");
    return root;
}

// Everything that changes an ext file system, once; judged by e2fsck and debugfs.
void edit_all(FileSystem& fs) {
    ok(fs.replace("/boot/grub/grub.cfg", to_bytes(pattern(30000, 2))));
    ok(fs.replace("/etc/hostname", to_bytes("renamed-guest\n")));
    ok(fs.create("/etc/new", to_bytes(pattern(5000, 3)), NewFile{0600, 70000, 5}));
    ok(fs.make_directory("/var", NewFile{0755, 0, 0}));
    ok(fs.make_directory("/var/lib", NewFile{0700, 1, 2}));
    ok(fs.create("/var/lib/naïve", to_bytes("x"), NewFile{}));
    ok(fs.make_symlink("/short", "etc/hostname"));
    ok(fs.make_symlink("/long", std::string(300, 'y')));
    ok(fs.rename("/etc/Größe 日本", "/var/lib/moved"));
    ok(fs.rename("/slow", "/etc/slow2"));
    ok(fs.remove("/etc/mailname"));
    ok(fs.remove("/etc/empty"));
    ok(fs.remove("/grub"));
}

} // namespace

TEST_CASE("ext file systems of every kind are read, edited, and found clean by e2fsck") {
    const std::vector<std::string> options = GENERATE(
        std::vector<std::string>{"-t", "ext2", "-b", "1024", "-I", "128"},
        std::vector<std::string>{"-t", "ext3", "-b", "1024", "-I", "128"},
        std::vector<std::string>{"-t", "ext3", "-b", "4096", "-I", "256"},
        std::vector<std::string>{"-t", "ext4", "-b", "1024", "-I", "256"},
        std::vector<std::string>{"-t", "ext4", "-b", "4096"},
        std::vector<std::string>{"-t", "ext4", "-O", "metadata_csum,64bit,inline_data"},
        std::vector<std::string>{"-t", "ext4", "-O", "^metadata_csum,uninit_bg,^64bit,^flex_bg"},
        std::vector<std::string>{"-t", "ext4", "-O",
                                 "bigalloc,metadata_csum_seed,large_dir,ea_inode"});
    const TempDir dir;
    const auto image = dir.file("image");
    test::make_ext(image, 32 * kMiB, options, make_tree(dir));
    const auto overlay = overlay_of(image);
    {
        const auto fs = opened(overlay, Access::write);
        CHECK(to_text(*fs->read("/boot/grub/grub.cfg")) == pattern(9000, 1));
        CHECK(to_text(*fs->read("/etc/Größe 日本/ünïcode")) == "é\n");
        CHECK(fs->stat("/grub").value()->target == "/boot/grub");
        CHECK(fs->stat("/slow").value()->target == std::string(200, 'x'));
        CHECK(fs->stat("/etc/hostname").value()->id == fs->stat("/etc/mailname").value()->id);
        const auto before = fs->stat("/boot/grub/grub.cfg").value();
        edit_all(*fs);
        const auto after = fs->stat("/boot/grub/grub.cfg").value();
        CHECK(after->id == before->id);
        CHECK(after->mode == before->mode);
        ok(fs->close());
    }
    const auto result = dir.file("result");
    save(*overlay, result);
    test::check_ext(result);
    CHECK(debugfs(result, "cat /boot/grub/grub.cfg") == pattern(30000, 2));
    CHECK(debugfs(result, "cat /etc/hostname") == "renamed-guest\n");
    CHECK(debugfs(result, "cat /etc/new") == pattern(5000, 3));
    CHECK(debugfs(result, "cat /var/lib/moved/ünïcode") == "é\n");
    CHECK(debugfs(result, "cat /var/lib/naïve") == "x");
    const auto stat = debugfs(result, "stat /etc/new");
    CHECK(stat.find("Mode:  0600") != std::string::npos);
    CHECK(stat.find("User: 70000") != std::string::npos);
    CHECK(debugfs(result, "stat /short").find("etc/hostname") != std::string::npos);
}

TEST_CASE("looking at an ext file system changes nothing, also when it could") {
    const TempDir dir;
    const auto image = dir.file("image");
    test::make_ext(image, 16 * kMiB, {"-t", "ext4"}, make_tree(dir));
    for (const auto access : {Access::read, Access::write}) {
        const auto overlay = overlay_of(image);
        const auto fs = opened(overlay, access);
        CHECK(fs->list("/etc")->size() == 4);
        CHECK(to_text(*fs->read("/etc/hostname")) == "guest\n");
        if (access == Access::write)
            ok(fs->replace("/etc/hostname", to_bytes("guest\n"))); // the same content
        ok(fs->close());
        CHECK(overlay->changes()->empty());
    }
}

} // namespace lifeboat::fs
