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
    auto fs = open_ntfs(disk, access);
    INFO((fs ? "" : fs.error().text()));
    REQUIRE(fs);
    return *fs;
}

void ok(const Result<void>& result) {
    INFO((result ? "" : result.error().text()));
    REQUIRE(result);
}

void save(block::Overlay& overlay, const std::string& path) {
    auto content = block::read_bytes(overlay, 0, static_cast<std::size_t>(overlay.size()));
    REQUIRE(content);
    test::write_file(path, *content);
}

std::string ntfscat(const std::string& image, const std::string& path) {
    test::need_tools({"ntfscat"});
    return test::run_ok({"ntfscat", "-f", image, path});
}

std::string pattern(std::size_t length, unsigned seed) {
    std::string text(length, '\0');
    for (std::size_t i = 0; i < length; ++i)
        text[i] = static_cast<char>('a' + (i * 7 + i / 251 + seed) % 26);
    return text;
}

} // namespace

TEST_CASE("NTFS is edited with clusters of every size, and other readers find what was written") {
    const std::uint32_t cluster = GENERATE(512U, 4096U, 65536U);
    const TempDir dir;
    const auto image = dir.file("image");
    test::make_ntfs(image, 32 * kMiB, cluster);
    const auto overlay = overlay_of(image);
    std::uint64_t id = 0;
    {
        const auto fs = opened(overlay, Access::write);
        ok(fs->make_directory("/Windows", {}));
        ok(fs->make_directory("/Windows/System32", {}));
        ok(fs->create("/Windows/System32/SYSTEM", to_bytes(pattern(300000, 1)), {}));
        ok(fs->create("/Windows/Größe 日本.txt", to_bytes("small"), {}));
        ok(fs->create("/old", to_bytes("x"), {}));
        ok(fs->create("/Case", to_bytes("case"), {}));
        id = fs->stat("/windows/system32/system").value()->id;
        ok(fs->close());
    }
    {
        const auto fs = opened(overlay, Access::write);
        const auto node = fs->stat("/WINDOWS/SYSTEM32/system").value();
        REQUIRE(node);
        CHECK(node->name == "SYSTEM");
        CHECK(node->id == id);
        CHECK(node->size == 300000);
        ok(fs->replace("/windows/SYSTEM32/SYSTEM", to_bytes(pattern(350000, 2))));
        ok(fs->replace("/Windows/größe 日本.txt", to_bytes(pattern(9000, 3))));
        ok(fs->rename("/old", "/Windows/new"));
        ok(fs->rename("/Case", "/cASE"));
        CHECK(fs->stat("/windows/System32/SYSTEM").value()->id == id);
        ok(fs->close());
    }
    const auto result = dir.file("result");
    save(*overlay, result);
    test::check_ntfs(result);
    CHECK(ntfscat(result, "/Windows/System32/SYSTEM") == pattern(350000, 2));
    CHECK(ntfscat(result, "/Windows/Größe 日本.txt") == pattern(9000, 3));
    CHECK(ntfscat(result, "/Windows/new") == "x");
    const auto fs = opened(overlay, Access::read);
    const auto names = fs->list("/");
    REQUIRE(names);
    REQUIRE(names->size() == 2);
    CHECK(names->at(0).name == "Windows");
    CHECK(names->at(0).type == NodeType::directory);
    CHECK(names->at(1).name == "cASE");
    std::vector<std::string> inside;
    const auto nodes = fs->list("/Windows");
    REQUIRE(nodes);
    for (const auto& node : *nodes)
        inside.push_back(node.name);
    CHECK(inside == std::vector<std::string>{"Größe 日本.txt", "System32", "new"});
}

TEST_CASE("looking at NTFS changes nothing, also when it could") {
    const TempDir dir;
    const auto image = dir.file("image");
    test::make_ntfs(image, 16 * kMiB);
    for (const auto access : {Access::read, Access::write}) {
        const auto overlay = overlay_of(image);
        const auto fs = opened(overlay, access);
        CHECK(fs->list("/")->empty());
        CHECK_FALSE(fs->stat("/nothing").value());
        ok(fs->close());
        CHECK(overlay->changes()->empty());
    }
}

} // namespace lifeboat::fs
