// SPDX-License-Identifier: GPL-2.0-or-later
// Our own reader of hives: structure, differences, and the checksum that hides the rest made right.
#include "fuzz/target.hpp"
#include "registry/hive.hpp"
#include "registry/regf_reader.hpp"
#include "support/hives.hpp"
#include "support/specimens.hpp"

namespace lifeboat::fuzz {

void run(ByteSpan input) {
    Bytes image(input.begin(), input.end());
    if (image.size() >= 512)
        tests::fix_checksum(image);
    const auto sound = registry::check_structure(image);
    const auto same = registry::difference(image, image);
    holds(!sound || (same && same->empty()), "a sound hive differs not from itself");
    static_cast<void>(registry::difference(tests::empty_hive(), image));
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> out = {tests::empty_hive()};
    auto hive = registry::Hive::open(tests::empty_hive(), "SEED");
    for (int i = 0; hive && i < 60; ++i)
        static_cast<void>(hive->set("Key\\s" + std::to_string(i),
                                    registry::dword_value("v", static_cast<std::uint32_t>(i))));
    if (hive)
        static_cast<void>(hive->set("Big", registry::binary_value("data", Bytes(40000))));
    if (hive)
        if (auto stored = hive->serialize())
            out.push_back(std::move(*stored));
    for (const auto& name : tests::specimen_names("bcd"))
        if (auto real = tests::specimen(name))
            out.push_back(std::move(*real));
    return out;
}

} // namespace lifeboat::fuzz
