// SPDX-License-Identifier: GPL-2.0-or-later
// hivex behind our wrapper: opening, walking, editing, storing.
#include "registry/hive.hpp"
#include "fuzz/target.hpp"
#include "registry/regf_reader.hpp"
#include "support/hives.hpp"
#include "support/specimens.hpp"

namespace lifeboat::fuzz {

namespace {

constexpr int kMostKeys = 2000;
constexpr std::size_t kLargestSeed = 64 << 10;

void walk(const registry::Hive& hive, const std::string& path, int depth, int& left) {
    if (depth > 40 || --left < 0)
        return;
    if (const auto values = hive.values(path))
        for (const auto& value : *values)
            static_cast<void>(value.text());
    if (const auto keys = hive.subkeys(path))
        for (const auto& key : *keys)
            walk(hive, path.empty() ? key : path + "\\" + key, depth + 1, left);
}

} // namespace

void run(ByteSpan input) {
    auto hive = registry::Hive::open(Bytes(input.begin(), input.end()), "FUZZ");
    if (!hive)
        return;
    int left = kMostKeys;
    walk(*hive, "", 0, left);
    const auto set = hive->set("A\\B", registry::string_value("name", "text"));
    const auto removed = set ? hive->delete_key("ControlSet001\\Services") : Result<void>();
    if (!set && !hive->changed()) {
        const auto stored = hive->serialize();
        holds(!stored || equal(*stored, input), "a refused edit changes nothing");
    }
    static_cast<void>(removed);
    if (const auto stored = hive->serialize())
        static_cast<void>(registry::check_structure(*stored));
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> out = {tests::empty_hive(), tests::empty_hive(3)};
    for (int count : {1, 20, 200}) {
        auto hive = registry::Hive::open(tests::empty_hive(), "SEED");
        for (int i = 0; hive && i < count; ++i)
            static_cast<void>(
                hive->set("ControlSet001\\Services\\s" + std::to_string(i * 7919 % 1000),
                          registry::multi_value("v" + std::to_string(i), {"one", "two"})));
        if (hive)
            static_cast<void>(hive->set("Big", registry::binary_value("data", Bytes(40000))));
        if (auto stored = hive->serialize())
            out.push_back(std::move(*stored));
    }
    for (const std::string folder : {"bcd", "damaged"})
        for (const auto& name : tests::specimen_names(folder))
            if (auto real = tests::specimen(name); real && real->size() <= kLargestSeed)
                out.push_back(std::move(*real));
    return out;
}

} // namespace lifeboat::fuzz
