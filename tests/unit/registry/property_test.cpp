// SPDX-License-Identifier: GPL-2.0-or-later
// Random edits of a hive, held against a plain map; the result is read by the strict reader.
#include "registry/names.hpp"
#include "registry/regf_image.hpp"
#include "registry/regf_reader.hpp"
#include "support/hives.hpp"
#include "support/specimens.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <map>
#include <random>

using namespace lifeboat;
using namespace lifeboat::registry;
using namespace lifeboat::tests;

namespace {

unsigned seed() {
    const char* given = std::getenv("LIFEBOAT_SEED");
    return given ? static_cast<unsigned>(std::atoi(given)) : 20261120U;
}

// Upper-cased key path -> values in order.
using Model = std::map<std::u16string, std::vector<Value>>;

const char* const kParts[] = {"alpha", "Beta", "A_B", "AAB", "größe",      "ÄTHER",
                              "ключ",  "鍵",   "x y", "0",   "{4d36e96a}", "zz"};

std::string random_path(std::mt19937& random) {
    std::string path;
    for (std::size_t depth = 1 + random() % 3; depth > 0; --depth)
        path += (path.empty() ? "" : "\\") + std::string(kParts[random() % std::size(kParts)]);
    return path;
}

Value random_value(std::mt19937& random) {
    Value value;
    value.name = random() % 6 == 0 ? "" : kParts[random() % std::size(kParts)];
    value.type = static_cast<ValueType>(random() % 12);
    const std::size_t sizes[] = {0, 1, 3, 4, 5, 8, 100, 5000, 16344};
    value.data.resize(sizes[random() % std::size(sizes)]);
    for (std::byte& byte : value.data)
        byte = static_cast<std::byte>(random());
    return value;
}

void model_create(Model& model, const std::string& path) {
    const std::u16string all = upcased(path);
    for (std::size_t end = all.find(u'\\'); end != std::u16string::npos;
         end = all.find(u'\\', end + 1))
        model[all.substr(0, end)];
    model[all];
}

void model_set(Model& model, const std::string& path, const Value& value) {
    model_create(model, path);
    for (Value& one : model[upcased(path)])
        if (same_name(one.name, value.name)) {
            one.type = value.type;
            one.data = value.data;
            return;
        }
    model[upcased(path)].push_back(value);
}

void model_delete_key(Model& model, const std::string& path) {
    const std::u16string gone = upcased(path);
    std::erase_if(model, [&gone](const auto& entry) {
        return entry.first == gone || entry.first.starts_with(gone + u"\\");
    });
}

void read_all(const RegfImage& image, const RegfKey& key, const std::u16string& path, Model& out) {
    const auto refs = image.subkeys(key);
    REQUIRE(refs);
    for (const auto& ref : *refs) {
        const auto child = image.key(ref.key);
        REQUIRE(child);
        const std::u16string below =
            path.empty() ? child->sort_name() : path + u"\\" + child->sort_name();
        out[below] = image.values(*child).value();
        read_all(image, *child, below, out);
    }
}

} // namespace

TEST_CASE("random edits give what a plain map gives", "[registry]") {
    INFO("LIFEBOAT_SEED=" << seed());
    std::mt19937 random(seed());
    for (int round = 0; round < 12; ++round) {
        auto hive = Hive::open(empty_hive(), "TEST");
        REQUIRE(hive);
        Model model;
        for (int step = 0; step < 150; ++step) {
            const std::string path = random_path(random);
            switch (random() % 8) {
            case 0:
                REQUIRE(hive->delete_key(path));
                model_delete_key(model, path);
                break;
            case 1: {
                const Value value = random_value(random);
                REQUIRE(hive->delete_value(path, value.name));
                const auto key = model.find(upcased(path));
                if (key != model.end())
                    std::erase_if(key->second, [&value](const Value& one) {
                        return same_name(one.name, value.name);
                    });
                break;
            }
            case 2:
                REQUIRE(hive->create_key(path));
                model_create(model, path);
                break;
            case 3: // stored and opened again in between
                if (random() % 4 == 0) {
                    auto image = hive->serialize();
                    INFO((image ? std::string() : image.error().text()));
                    REQUIRE(image);
                    hive = Hive::open(std::move(*image), "TEST");
                    REQUIRE(hive);
                }
                break;
            default: {
                const Value value = random_value(random);
                REQUIRE(hive->set(path, value));
                model_set(model, path, value);
            }
            }
        }
        const auto image = hive->serialize();
        INFO((image ? std::string() : image.error().text()));
        REQUIRE(image);
        REQUIRE(check_structure(*image));
        const auto strict = RegfImage::open(*image);
        REQUIRE(strict);
        Model read;
        read_all(*strict, strict->root().value(), u"", read);
        CHECK(read == model);
    }
}

TEST_CASE("random edits of a real hive change nothing else in it", "[registry]") {
    const auto image = specimen("system/SYSTEM.winpe10");
    if (!image)
        SKIP(kNoSpecimens);
    INFO("LIFEBOAT_SEED=" << seed());
    std::mt19937 random(seed() + 1);
    auto hive = Hive::open(*image, "SYSTEM");
    REQUIRE(hive);
    std::map<std::u16string, Value> touched;
    const auto services = hive->subkeys("ControlSet001\\Services").value();
    for (int step = 0; step < 300; ++step) {
        const std::string key = "ControlSet001\\Services\\" + services[random() % services.size()];
        const Value value = random_value(random);
        REQUIRE(hive->set(key, value));
        touched[upcased(key + "\\" + value.name)] = value;
    }
    const auto changes = difference(*image, hive->serialize().value());
    REQUIRE(changes);
    CHECK_FALSE(changes->empty());
    for (const auto& change : *changes) {
        const auto meant = touched.find(upcased(change.key + "\\" + change.value_name));
        REQUIRE(meant != touched.end());
        REQUIRE(change.after);
        CHECK(change.after->data == meant->second.data);
    }
}
