// SPDX-License-Identifier: GPL-2.0-or-later
// Without arguments: writes key and value names of several scripts into a hive, then reads them
// back with hivex and with the strict reader. --make FILE: stores such a hive. --expect FILE KEY
// NAME TEXT: the strict reader finds this string there. Prints what is wrong and ends with 1, or
// "ok".
#include "registry/names.hpp"
#include "registry/regf_image.hpp"
#include "registry/regf_reader.hpp"
#include "support/hives.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

using namespace lifeboat;
using namespace lifeboat::registry;

namespace {

const char* const kNames[] = {"plain", "Größe", "ключ", "鍵", "\xF0\x9F\x94\x91", "Ωmega"};

int wrong(const std::string& what) {
    std::printf("%s\n", what.c_str());
    return 1;
}

Result<Bytes> make() {
    LIFEBOAT_TRY(Hive hive, Hive::open(tests::empty_hive(), "TEST"));
    for (const char* name : kNames)
        LIFEBOAT_CHECK(hive.set(std::string("Keys\\") + name, string_value(name, name)));
    return hive.serialize();
}

// Reads back with hivex and with the strict reader.
int check(const Bytes& image) {
    if (auto sound = check_structure(image); !sound)
        return wrong(sound.error().text());
    auto again = Hive::open(image, "TEST");
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

Result<RegfKey> find(const RegfImage& image, std::string_view path) {
    LIFEBOAT_TRY(RegfKey key, image.root());
    for (const auto part : split_path(path)) {
        LIFEBOAT_TRY(const auto refs, image.subkeys(key));
        bool found = false;
        for (std::size_t i = 0; i < refs.size() && !found; ++i) {
            LIFEBOAT_TRY(RegfKey child, image.key(refs[i].key));
            if (child.name() == part) {
                key = std::move(child);
                found = true;
            }
        }
        if (!found)
            return fail(ErrorKind::not_found, std::string(path), "there is no such key");
    }
    return key;
}

int expect(const char* file, const char* path, const char* name, const char* text) {
    std::ifstream in(file, std::ios::binary);
    const Bytes bytes = to_bytes(std::string((std::istreambuf_iterator<char>(in)), {}));
    const auto image = RegfImage::open(bytes);
    if (!image)
        return wrong(image.error().text());
    const auto key = find(*image, path);
    if (!key)
        return wrong(key.error().text());
    const auto values = image->values(*key);
    if (!values || std::none_of(values->begin(), values->end(), [&](const Value& value) {
            return value == string_value(name, text);
        }))
        return wrong("the value is not there");
    std::printf("ok\n");
    return 0;
}

} // namespace

int main(int count, char** arguments) {
    const std::string mode = count > 1 ? arguments[1] : "";
    if (mode == "--expect" && count == 6)
        return expect(arguments[2], arguments[3], arguments[4], arguments[5]);
    const auto image = make();
    if (!image)
        return wrong(image.error().text());
    if (mode == "--make" && count == 3) {
        std::ofstream out(arguments[2], std::ios::binary);
        const std::string text = to_text(*image);
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
        return out.good() ? 0 : wrong("the hive cannot be stored");
    }
    return check(*image);
}
