// SPDX-License-Identifier: GPL-2.0-or-later
// Reads and writes key and value names of several scripts, then reads them back with hivex and
// with the strict reader. Prints what is wrong and ends with 1, or prints "ok".
#include "registry/regf_reader.hpp"
#include "support/hives.hpp"

#include <cstdio>

using namespace lifeboat;
using namespace lifeboat::registry;

namespace {

const char* const kNames[] = {"plain", "Größe", "ключ", "鍵", "\xF0\x9F\x94\x91", "Ωmega"};

int wrong(const std::string& what) {
    std::printf("%s\n", what.c_str());
    return 1;
}

} // namespace

int main() {
    auto hive = Hive::open(tests::empty_hive(), "TEST");
    if (!hive)
        return wrong(hive.error().text());
    for (const char* name : kNames)
        if (auto done = hive->set(std::string("Keys\\") + name, string_value(name, name)); !done)
            return wrong(done.error().text());
    const auto image = hive->serialize();
    if (!image)
        return wrong(image.error().text());
    if (auto sound = check_structure(*image); !sound)
        return wrong(sound.error().text());
    auto again = Hive::open(*image, "TEST");
    if (!again)
        return wrong(again.error().text());
    const auto names = again->subkeys("Keys");
    if (!names || names->size() != std::size(kNames))
        return wrong("not all keys are there");
    for (const char* name : kNames) {
        const auto value = again->value(std::string("keys\\") + name, name);
        if (!value || !*value || (*value)->as_string() != name)
            return wrong(std::string("not read back: ") + name);
    }
    std::printf("ok\n");
    return 0;
}
