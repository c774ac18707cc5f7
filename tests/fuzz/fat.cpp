// SPDX-License-Identifier: GPL-2.0-or-later
// Reading FAT12, FAT16 and FAT32, asking whether it may be written, and writing what may be.
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

// What may be written must stay free of damage.
void change(const block::DevicePtr& device) {
    const auto obstacle = fs::write_obstacle(device, fs::Kind::fat);
    if (!obstacle || *obstacle)
        return;
    const auto opened = fs::open_fat(device, fs::Access::write);
    holds(opened.has_value(), "no obstacle, so it opens for writing");
    const Bytes content(3000, std::byte{7});
    const bool made = (*opened)->create("/a new file with a long name", content, {}).has_value();
    static_cast<void>((*opened)->replace("/grub.cfg", content));
    static_cast<void>((*opened)->rename("/EFI/BCD", "/EFI/a longer name than before"));
    static_cast<void>((*opened)->remove("/gone"));
    static_cast<void>((*opened)->make_directory("/directory", {}));
    holds((*opened)->close().has_value(), "it closes");
    const auto after = fs::write_obstacle(device, fs::Kind::fat);
    holds(after && !*after, "our changes do no damage");
    if (made) {
        const auto again = fs::open_fat(device, fs::Access::read);
        holds(again && (*again)->read("/a new file with a long name") == content,
              "the new file is there");
    }
}

} // namespace

void run(ByteSpan input) {
    if (input.size() < 512)
        return;
    const auto device = block::memory_device("fuzz", Bytes(input.begin(), input.end()));
    const auto opened = fs::open_fat(device, fs::Access::read);
    if (!opened)
        return;
    int left = kMostNodes;
    walk(**opened, "", 0, left);
    static_cast<void>((*opened)->close());
    change(device);
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> out;
    const test::TempDir dir;
    test::need_tools({"mkfs.fat"});
    struct Kind {
        const char* bits;
        std::uint64_t size;
    };
    for (const auto& [bits, size] :
         {Kind{"12", 256U << 10}, Kind{"16", 5U << 20}, Kind{"32", 512U << 10}}) {
        const auto file = dir.file(bits);
        test::make_sparse(file, size);
        test::run_ok({"mkfs.fat", "-F", bits, "-s", "1", "-r", "112", file});
        const auto device = block::memory_device("seed", test::read_file(file));
        const auto opened = fs::open_fat(device, fs::Access::write);
        holds(opened.has_value(), "a fresh volume opens");
        const Bytes content(5000, std::byte{3});
        holds((*opened)->make_directory("/EFI", {}).has_value(), "a directory");
        for (const auto* const path : {"/grub.cfg", "/gone", "/EFI/BCD", "/EFI/long name.efi"})
            holds((*opened)->create(path, content, {}).has_value(), "a file");
        holds((*opened)->close().has_value(), "it closes");
        out.push_back(block::read_bytes(*device, 0, static_cast<std::size_t>(size)).value());
    }
    return out;
}

} // namespace lifeboat::fuzz
