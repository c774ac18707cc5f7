// SPDX-License-Identifier: GPL-2.0-or-later
// The FileSystem over a directory of the kernel, on plain directories.
#include "block/image.hpp"
#include "fs/directory.hpp"
#include "fs/kernel.hpp"
#include "fs/tree.hpp"
#include "support/images.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <map>
#include <random>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace lifeboat::fs {
namespace {

using test::TempDir;

Descriptor root_of(const std::string& path) {
    Descriptor root(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(root);
    return root;
}

std::shared_ptr<DirectoryFileSystem> opened(const std::string& path, bool writable = true) {
    return std::make_shared<DirectoryFileSystem>(root_of(path), "test", writable);
}

void ok(const Result<void>& result) {
    INFO((result ? "" : result.error().text()));
    REQUIRE(result);
}

struct stat state_of(const std::string& path) {
    struct stat info {};
    REQUIRE(lstat(path.c_str(), &info) == 0);
    return info;
}

std::string text_of(FileSystem& fs, std::string_view path) {
    const auto content = fs.read(path, kReadLimit);
    INFO((content ? "" : content.error().text()));
    REQUIRE(content);
    return to_text(*content);
}

// "guest" beside "secret" and "host/secret", with links that lead there.
struct Hostile {
    TempDir dir;
    std::string guest = dir.file("guest");
    Hostile() {
        test::files::create_directories(guest + "/etc");
        test::files::create_directories(dir.file("host"));
        test::write_file(dir.file("secret"), std::string_view("secret"));
        test::write_file(dir.file("host/secret"), std::string_view("secret"));
        test::write_file(guest + "/etc/plain", std::string_view("plain"));
        const auto link = [&](const std::string& target, const char* name) {
            REQUIRE(symlink(target.c_str(), (guest + name).c_str()) == 0);
        };
        link("../secret", "/up");
        link("../host", "/up-directory");
        link(dir.file("secret"), "/absolute");
        link(dir.file("host"), "/absolute-directory");
        link("/", "/root");
        link("/proc/self/root", "/magic");
        link("loop", "/loop");
        link("/etc", "/inside");
        REQUIRE(mkfifo((guest + "/fifo").c_str(), 0600) == 0);
    }
};

} // namespace

TEST_CASE("no link of a guest leads out of its directory, whoever follows it") {
    const Hostile hostile;
    const auto fs = opened(hostile.guest);
    const auto secret = hostile.dir.file("secret");
    for (const std::string path : {"/up-directory/secret", "/absolute-directory/secret",
                                   "/root/etc/passwd", "/magic/etc/passwd", "/loop/x"}) {
        INFO(path);
        const auto node = fs->stat(path);
        REQUIRE(node);
        CHECK_FALSE(*node);
        CHECK_FALSE(fs->read(path, kReadLimit));
        CHECK_FALSE(fs->read_head(path, 10));
        CHECK_FALSE(fs->replace(path, to_bytes("x")));
        CHECK_FALSE(fs->create(path + "-new", to_bytes("x"), {}));
        CHECK_FALSE(fs->make_directory(path + "-new", {}));
        CHECK_FALSE(fs->make_symlink(path + "-new", "x"));
        CHECK_FALSE(fs->rename("/etc/plain", path + "-new"));
        CHECK_FALSE(fs->rename(path, "/etc/taken"));
        CHECK_FALSE(fs->remove(path));
    }
    for (const std::string path : {"/up", "/absolute", "/magic", "/loop", "/fifo", "/etc"}) {
        INFO(path);
        CHECK_FALSE(fs->read(path, kReadLimit)); // a FIFO would block for ever
        CHECK_FALSE(fs->replace(path, to_bytes("x")));
        CHECK_FALSE(fs->create(path, to_bytes("x"), {}));
    }
    for (const std::string path : {"/../secret", "/etc/../../secret", "secret", "/./up", ""}) {
        INFO(path);
        CHECK_FALSE(fs->stat(path));
        CHECK_FALSE(fs->read(path, kReadLimit));
        CHECK_FALSE(fs->create(path, to_bytes("x"), {}));
        CHECK_FALSE(fs->remove(path));
    }
    CHECK_FALSE(fs->make_symlink("/nul", std::string_view("a\0b", 3)));
    CHECK_FALSE(fs->list("/absolute-directory"));
    CHECK_FALSE(fs->remove("/etc")); // not empty
    // Through the tree a link means what it means to the guest.
    Tree tree;
    tree.mount("/", "test", fs);
    CHECK(tree.read("/inside/plain"));
    CHECK(tree.read("/root/etc/plain"));
    for (const auto* const path : {"/up", "/absolute", "/absolute-directory/secret", "/loop"})
        CHECK_FALSE(tree.read(path));
    // Links are seen as what they are, and can go.
    const auto node = fs->stat("/absolute");
    REQUIRE((node && *node));
    CHECK((*node)->type == NodeType::symlink);
    CHECK((*node)->target == secret);
    ok(fs->remove("/absolute-directory"));
    ok(fs->remove("/up"));
    CHECK(to_text(test::read_file(secret)) == "secret");
    CHECK(to_text(test::read_file(hostile.dir.file("host/secret"))) == "secret");
    CHECK(text_of(*fs, "/etc/plain") == "plain");
}

TEST_CASE("a replaced file keeps its mode, owner and attributes, and all of its names") {
    const TempDir dir;
    const auto path = dir.file("file");
    const auto fs = opened(dir.path());
    test::write_file(path, std::string_view("the old content"));
    REQUIRE(chmod(path.c_str(), 04751) == 0);
    const bool owner = chown(path.c_str(), 1234, 4321) == 0; // as root only
    REQUIRE(chmod(path.c_str(), 04751) == 0);
    const bool attributes = setxattr(path.c_str(), "user.test", "kept", 4, 0) == 0;

    ok(fs->replace("/file", to_bytes("new")));
    CHECK(text_of(*fs, "/file") == "new");
    const auto info = state_of(path);
    CHECK((info.st_mode & 07777U) == 04751);
    if (owner)
        CHECK((info.st_uid == 1234 && info.st_gid == 4321));
    if (attributes) {
        std::string value(4, '\0');
        CHECK(getxattr(path.c_str(), "user.test", value.data(), 4) == 4);
        CHECK(value == "kept");
    }
    CHECK(fs->written_in_place().empty());
    const auto nodes = fs->list("/");
    REQUIRE(nodes);
    CHECK(nodes->size() == 1); // nothing is left beside it

    // With a second name the content changes under both, and that is told.
    const auto second = dir.file("second");
    REQUIRE(link(path.c_str(), second.c_str()) == 0);
    const auto inode = state_of(path).st_ino;
    ok(fs->replace("/second", to_bytes("x")));
    CHECK(text_of(*fs, "/file") == "x");
    CHECK(state_of(path).st_ino == inode);
    CHECK(fs->written_in_place() == std::vector<std::string>{"/second"});
}

TEST_CASE("new files have the mode and owner that were asked for; names that exist are refused") {
    const TempDir dir;
    const auto fs = opened(dir.path());
    const auto own = NewFile{0640, geteuid(), getegid()};
    ok(fs->make_directory("/etc", {0751, own.uid, own.gid}));
    ok(fs->create("/etc/new", to_bytes("text"), own));
    ok(fs->make_symlink("/etc/link", "/etc/new"));
    CHECK((state_of(dir.file("etc")).st_mode & 07777U) == 0751);
    CHECK((state_of(dir.file("etc/new")).st_mode & 07777U) == 0640);
    CHECK_FALSE(fs->create("/etc/new", to_bytes("x"), own));
    CHECK_FALSE(fs->create("/etc/link", to_bytes("x"), own));
    CHECK_FALSE(fs->make_directory("/etc", own));
    CHECK_FALSE(fs->rename("/etc/link", "/etc/new"));
    CHECK_FALSE(fs->rename("/etc", "/etc/below"));
    CHECK_FALSE(fs->create("/none/new", to_bytes("x"), own));
    CHECK_FALSE(fs->create("/" + std::string(256, 'n'), to_bytes("x"), own));
    CHECK_FALSE(fs->replace("/", to_bytes("x")));
    const auto missing = fs->remove("/none");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::not_found);
    const auto head = fs->read_head("/etc/new", 2);
    REQUIRE(head);
    CHECK(to_text(*head) == "te");
    CHECK_FALSE(fs->read("/etc/new", 3)); // never cut silently

    const auto reader = opened(dir.path(), false);
    CHECK_FALSE(reader->replace("/etc/new", to_bytes("x")));
    CHECK_FALSE(reader->remove("/etc/new"));
    ok(fs->close());
    CHECK_FALSE(fs->stat("/etc"));
}

TEST_CASE("random edits of a directory agree with a model") {
    const TempDir dir;
    auto fs = opened(dir.path());
    std::mt19937 random(7);
    std::map<std::string, Bytes> model;
    const NewFile own{0644, geteuid(), getegid()};
    ok(fs->make_directory("/deep", own));
    for (int i = 0; i < 400; ++i) {
        Bytes content(random() % 3 == 0 ? random() % 70000 : random() % 300);
        for (auto& byte : content)
            byte = static_cast<std::byte>(random());
        const auto path = std::string(random() % 2 != 0 ? "/" : "/deep/") + "ü" + std::to_string(i);
        const auto at = model.empty()
                            ? model.end()
                            : std::next(model.begin(), static_cast<long>(random() % model.size()));
        const auto what = model.size() < 5 ? 0 : random() % 8;
        if (what < 3) {
            ok(fs->create(path, content, own));
            model[path] = content;
        } else if (what < 5) {
            ok(fs->replace(at->first, content));
            at->second = content;
        } else if (what < 6) {
            ok(fs->rename(at->first, path));
            auto node = model.extract(at);
            node.key() = path;
            model.insert(std::move(node));
        } else {
            ok(fs->remove(at->first));
            model.erase(at);
        }
    }
    ok(fs->close());
    fs = opened(dir.path(), false);
    std::size_t count = 0;
    for (const auto* const directory : {"/", "/deep"}) {
        const auto nodes = fs->list(directory);
        REQUIRE(nodes);
        CHECK(std::is_sorted(nodes->begin(), nodes->end(),
                             [](const Node& a, const Node& b) { return a.name < b.name; }));
        count += static_cast<std::size_t>(
            std::count_if(nodes->begin(), nodes->end(),
                          [](const Node& node) { return node.type == NodeType::file; }));
    }
    CHECK(count == model.size());
    for (const auto& [path, content] : model) {
        const auto read = fs->read(path, kReadLimit);
        REQUIRE(read);
        REQUIRE(*read == content);
    }
}

TEST_CASE("outside the rescue environment no kernel file system is opened") {
    const TempDir dir;
    if (kernel_filesystems())
        SKIP("this is the rescue environment");
    test::make_sparse(dir.file("disk"), test::kMiB);
    auto disk = block::open_image(dir.file("disk"), block::Access::read);
    REQUIRE(disk);
    const auto fs = open_kernel(*disk, KernelType::xfs, Access::read);
    REQUIRE_FALSE(fs);
    CHECK(fs.error().kind == ErrorKind::unsupported);
}

} // namespace lifeboat::fs
