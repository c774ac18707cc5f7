// SPDX-License-Identifier: GPL-2.0-or-later
// Reading ext2, ext3 and ext4 through libext2fs, and asking whether it may be written.
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
    static_cast<void>(fs::write_obstacle(device, fs::Kind::ext));
    const auto opened = fs::open_ext(device, fs::Access::read);
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
    const auto from = dir.file("content");
    test::files::create_directories(from + "/etc/default");
    test::write_file(from + "/etc/fstab", "/dev/xvda1 / ext3 defaults 0 1\n");
    test::write_file(from + "/etc/default/grub", std::string(3000, 'x'));
    test::files::create_symlink("etc/fstab", from + "/link");
    for (const std::vector<std::string>& options :
         {std::vector<std::string>{"-t", "ext4", "-b", "1024", "-I", "256"},
          std::vector<std::string>{"-t", "ext2", "-b", "1024"}}) {
        test::make_ext(file, 512U << 10, options, from);
        out.push_back(test::read_file(file));
    }
    return out;
}

} // namespace lifeboat::fuzz
