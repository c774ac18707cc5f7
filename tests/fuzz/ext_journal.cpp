// SPDX-License-Identifier: GPL-2.0-or-later
// Replay of the journal of ext3 and ext4: the input lies where the journal of a sound volume lies.
#include "fs/ext_journal.hpp"
#include "block/image.hpp"
#include "fuzz/target.hpp"
#include "support/images.hpp"
#include "support/tools.hpp"

namespace lifeboat::fuzz {

namespace {

constexpr std::size_t kBlock = 1024;
constexpr std::size_t kLongest = 64 * kBlock;
constexpr std::size_t kIncompat = 1024 + 0x60; // of the superblock
constexpr std::uint32_t kRecover = 4;

struct Base {
    Bytes image;
    std::size_t journal = 0; // where it begins
};

// With the checksums of version 3 or none; the second one has no checksums anywhere.
const Base& base(bool checksums) {
    static const auto make = [](bool with) {
        const test::TempDir dir;
        const auto file = dir.file("volume");
        test::make_ext(file, 8U << 20,
                       {"-t", "ext4", "-b", "1024", "-J", "size=1", "-O",
                        with ? "^metadata_csum,64bit" : "^metadata_csum,^64bit"});
        const auto map = test::run_ok({"debugfs", "-R", "bmap <8> 0", file});
        const auto number = map.substr(map.find_last_of('\n', map.size() - 2) + 1);
        Base out{test::read_file(file), std::stoul(number) * kBlock};
        const auto old = read_le<std::uint32_t>(out.image, kIncompat).value_or(0);
        static_cast<void>(write_le(out.image, kIncompat, old | kRecover));
        return out;
    };
    static const Base plain = make(false), checked = make(true);
    return checksums ? checked : plain;
}

} // namespace

void run(ByteSpan input) {
    if (input.size() < 2 * kBlock || input.size() > kLongest)
        return;
    for (const bool checksums : {false, true}) {
        auto image = base(checksums).image;
        std::copy(input.begin(), input.end(),
                  image.begin() + static_cast<std::ptrdiff_t>(base(checksums).journal));
        const auto disk = block::memory_device("fuzz", std::move(image));
        const auto done = fs::replay_ext_journal(disk);
        if (!done)
            continue;
        holds(done->has_value(), "the superblock asked for it");
        const auto again = fs::replay_ext_journal(disk);
        holds(!again || !*again || (*done)->blocks > 0, "once is enough");
    }
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> out;
    const test::TempDir dir;
    for (const std::string kind : {"", " -c -v 2", " -c -v 3"}) {
        const auto file = dir.file("volume");
        test::write_file(file, ByteSpan(base(!kind.empty()).image));
        test::write_file(dir.file("data"),
                         std::string("\xC0\x3B\x39\x98", 4) + std::string(4092, 'x'));
        test::write_file(dir.file("commands"), "jo" + kind + "\njw -b 3000-3003 " +
                                                   dir.file("data") + "\njw -b 3001 -r 3002 " +
                                                   dir.file("data") + "\njc\n");
        test::run_ok({"debugfs", "-w", "-f", dir.file("commands"), file});
        const auto content = test::read_file(file);
        const auto start =
            content.begin() + static_cast<std::ptrdiff_t>(base(!kind.empty()).journal);
        out.emplace_back(start, start + static_cast<std::ptrdiff_t>(16 * kBlock));
    }
    return out;
}

} // namespace lifeboat::fuzz
