// SPDX-License-Identifier: GPL-2.0-or-later
// The partition tables and the probing of what the volumes hold (libfdisk, libblkid).
#include "volume/layout.hpp"
#include "block/image.hpp"
#include "fuzz/target.hpp"
#include "support/images.hpp"

namespace lifeboat::fuzz {

void run(ByteSpan input) {
    if (input.size() < 512)
        return;
    for (const std::uint32_t sector : {512U, 4096U}) {
        const auto disk = block::memory_device("fuzz", Bytes(input.begin(), input.end()), sector);
        auto layout = volume::read_layout(*disk);
        if (!layout)
            continue;
        const volume::DiskLayout one{disk, &*layout};
        static_cast<void>(volume::add_logical_volumes({&one, 1}));
        for (const auto& volume : layout->volumes) {
            if (volume.mapped == nullptr)
                holds(volume.offset <= disk->size() && volume.size <= disk->size() - volume.offset,
                      "a volume lies on its disk");
            static_cast<void>(volume::open_volume(disk, volume));
        }
    }
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> out;
    const test::TempDir dir;
    const auto file = dir.file("disk");
    for (const std::string_view script :
         {"label: dos\nstart=64, size=512, type=7, bootable\nstart=600, size=1000, type=5\n"
          "start=664, size=256, type=83\nstart=1000, size=256, type=82\n",
          "label: gpt\nsize=512, name=one\nsize=512, type=linux\n"}) {
        test::make_disk(file, 1U << 20, script);
        out.push_back(test::read_file(file));
    }
    test::make_ext(file, 256U << 10, {"-t", "ext2"});
    out.push_back(test::read_file(file));
    return out;
}

} // namespace lifeboat::fuzz
