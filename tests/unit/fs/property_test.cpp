// SPDX-License-Identifier: GPL-2.0-or-later
// Random edits against a model, judged at the end by the file systems' own checkers; and real
// images through commit and undo.
#include "block/commit.hpp"
#include "block/image.hpp"
#include "block/overlay.hpp"
#include "fs/filesystem.hpp"
#include "support/images.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <map>
#include <random>

namespace lifeboat::fs {
namespace {

using test::kMiB;
using test::TempDir;

void ok(const Result<void>& result) {
    INFO((result ? "" : result.error().text()));
    REQUIRE(result);
}

FileSystemPtr opened(bool ntfs, const block::DevicePtr& disk) {
    auto fs = ntfs ? open_ntfs(disk, Access::write) : open_ext(disk, Access::write);
    INFO((fs ? "" : fs.error().text()));
    REQUIRE(fs);
    return *fs;
}

class Player {
public:
    Player(FileSystem& fs, unsigned seed) : fs_(&fs), random_(seed) {}
    void use(FileSystem& fs) { fs_ = &fs; }

    void step() {
        const auto what = random_() % 10;
        if (model_.empty() || what < 4) {
            const auto path = fresh();
            const auto content = bytes();
            ok(fs_->create(path, content, {}));
            model_[path] = content;
            return;
        }
        const auto entry = std::next(model_.begin(), static_cast<long>(random_() % model_.size()));
        if (what < 7) {
            entry->second = bytes();
            ok(fs_->replace(entry->first, entry->second));
        } else if (what < 8) {
            const auto path = fresh();
            ok(fs_->rename(entry->first, path));
            auto node = model_.extract(entry);
            node.key() = path;
            model_.insert(std::move(node));
        } else {
            ok(fs_->remove(entry->first));
            model_.erase(entry);
        }
    }

    void compare() {
        std::size_t found = 0;
        for (const auto* const directory : {"/", "/Ordner ä", "/Ordner ä/deep"}) {
            const auto nodes = fs_->list(directory);
            REQUIRE(nodes);
            found += static_cast<std::size_t>(
                std::count_if(nodes->begin(), nodes->end(),
                              [](const Node& node) { return node.type == NodeType::file; }));
        }
        CHECK(found == model_.size());
        for (const auto& [path, content] : model_) {
            const auto read = fs_->read(path);
            REQUIRE(read);
            REQUIRE(*read == content);
        }
    }

private:
    // Long names make directories grow out of their first block.
    std::string fresh() {
        const std::string number = std::to_string(++names_);
        const std::string name = "naïve-" + number + std::string(random_() % 120, 'n');
        const char* const directories[] = {"/", "/Ordner ä/", "/Ordner ä/deep/"};
        return directories[random_() % 3] + name;
    }
    Bytes bytes() {
        const std::size_t sizes[] = {0, 40, 500, 700, 4096, 20000, 150000};
        Bytes result(sizes[random_() % 7] + random_() % 50);
        for (auto& byte : result)
            byte = static_cast<std::byte>(random_());
        return result;
    }

    FileSystem* fs_;
    std::mt19937 random_;
    std::map<std::string, Bytes> model_;
    int names_ = 0;
};

} // namespace

TEST_CASE("random edits agree with a model, and the checkers find nothing wrong") {
    struct Case {
        bool ntfs;
        std::vector<std::string> options;
        std::uint32_t cluster;
    };
    const auto chosen = GENERATE(
        Case{false, {"-t", "ext4", "-b", "1024"}, 0}, Case{false, {"-t", "ext3", "-b", "1024"}, 0},
        Case{false, {"-t", "ext4", "-O", "inline_data,metadata_csum", "-b", "4096"}, 0},
        Case{true, {}, 4096}, Case{true, {}, 512});
    const TempDir dir;
    const auto image = dir.file("image");
    if (chosen.ntfs)
        test::make_ntfs(image, 48 * kMiB, chosen.cluster);
    else
        test::make_ext(image, 48 * kMiB, chosen.options);
    auto base = block::open_image(image, block::Access::read);
    REQUIRE(base);
    const auto original = test::read_file(image);
    const auto overlay = std::make_shared<block::Overlay>(*base);
    auto fs = opened(chosen.ntfs, overlay);
    ok(fs->make_directory("/Ordner ä", {}));
    ok(fs->make_directory("/Ordner ä/deep", {}));
    Player player(*fs, 42);
    for (int round = 0; round < 240; ++round) {
        player.step();
        if (round % 80 != 79)
            continue;
        ok(fs->close());
        fs = opened(chosen.ntfs, overlay);
        player.use(*fs);
        player.compare();
    }
    ok(fs->close());

    const block::CommitDisk disk{image, 512, overlay.get()};
    Progress progress;
    REQUIRE(block::commit(std::span(&disk, 1), dir.file("undo"), progress));
    if (chosen.ntfs) {
        test::check_ntfs(image);
        test::need_tools({"ntfsls"});
        CHECK(test::run_tool({"ntfsls", "-R", "-f", image}).status == 0);
    } else {
        test::check_ext(image);
    }
    REQUIRE(block::undo(dir.file("undo"), {}, progress));
    CHECK(test::read_file(image) == original);
}

} // namespace lifeboat::fs
