// SPDX-License-Identifier: GPL-2.0-or-later
// Reading NTFS through libntfs-3g, and asking whether it may be written.
#include "block/image.hpp"
#include "fs/filesystem.hpp"
#include "fuzz/target.hpp"
#include "support/images.hpp"

namespace lifeboat::fuzz {

namespace {

constexpr int kMostNodes = 200;
constexpr std::uint64_t kMostBytes = 1U << 20;

void walk(fs::FileSystem& fs, const std::string& path, int depth, int& left) {
    const auto nodes = fs.list(path.empty() ? "/" : path);
    if (!nodes)
        return;
    for (const auto& node : *nodes) {
        if (--left < 0)
            return;
        const auto below = path + "/" + node.name;
        static_cast<void>(fs.stat(below));
        if (node.type == fs::NodeType::file) {
            const auto content = fs.read(below, kMostBytes);
            holds(!content || content->size() <= kMostBytes, "the limit is kept");
            static_cast<void>(fs.read_head(below, 512));
        } else if (node.type == fs::NodeType::directory && depth < 8) {
            walk(fs, below, depth + 1, left);
        }
    }
}

} // namespace

void run(ByteSpan input) {
    if (input.size() < 4096)
        return;
    const auto device = block::memory_device("fuzz", Bytes(input.begin(), input.end()));
    static_cast<void>(fs::write_obstacle(device, fs::Kind::ntfs));
    const auto opened = fs::open_ntfs(device, fs::Access::read);
    if (!opened)
        return;
    int left = kMostNodes;
    walk(**opened, "", 0, left);
    static_cast<void>((*opened)->close());
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> out;
    const test::TempDir dir;
    const auto file = dir.file("volume");

    test::make_ntfs(file, 2U << 20);
    {
        auto device = block::open_image(file, block::Access::write);
        REQUIRE(device);
        auto ntfs = fs::open_ntfs(*device, fs::Access::write);
        REQUIRE(ntfs);
        REQUIRE((*ntfs)->make_directory("/Windows", {}));
        REQUIRE((*ntfs)->create("/Windows/SYSTEM", Bytes(9000, std::byte{7}), {}));
        REQUIRE((*ntfs)->create("/boot.ini", to_bytes("[boot loader]"), {}));
        REQUIRE((*ntfs)->close());
        REQUIRE((*device)->flush());
    }
    out.push_back(test::read_file(file));
    return out;
}

} // namespace lifeboat::fuzz
