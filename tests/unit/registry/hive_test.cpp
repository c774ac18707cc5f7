// SPDX-License-Identifier: GPL-2.0-or-later
// Hives through hivex, held against the strict reader, which shares nothing with it.
#include "registry/hive.hpp"

#include "registry/regf_image.hpp"
#include "registry/regf_reader.hpp"
#include "support/hives.hpp"
#include "support/specimens.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace lifeboat;
using namespace lifeboat::registry;
using namespace lifeboat::tests;

namespace {

Hive opened(Bytes image) {
    auto hive = Hive::open(std::move(image), "TEST");
    REQUIRE(hive);
    return std::move(*hive);
}

Bytes stored(const Hive& hive) {
    auto image = hive.serialize();
    INFO((image ? std::string() : image.error().text()));
    REQUIRE(image);
    return std::move(*image);
}

// Both readers list the same keys, in the same order, with the same values.
void same_view(const Hive& hive, const RegfImage& strict, const RegfKey& key,
               const std::string& path, std::size_t& keys) {
    ++keys;
    const auto values = hive.values(path);
    const auto expected = strict.values(key);
    if (!values || !expected || *values != *expected)
        FAIL_CHECK("values differ in " << path);
    const auto names = hive.subkeys(path);
    const auto refs = strict.subkeys(key);
    REQUIRE(names);
    REQUIRE(refs);
    REQUIRE(names->size() == refs->size());
    for (std::size_t i = 0; i < refs->size(); ++i) {
        const auto child = strict.key((*refs)[i].key);
        REQUIRE(child);
        const auto name = child->name();
        if (name != (*names)[i])
            FAIL_CHECK("names differ below " << path);
        if (name.find('\0') != std::string::npos)
            continue; // hivex cannot be asked for a name with a NUL inside
        same_view(hive, strict, *child, path.empty() ? name : path + "\\" + name, keys);
    }
}

} // namespace

TEST_CASE("an untouched hive serializes to the bytes it was opened from", "[registry]") {
    const Bytes image = empty_hive();
    const Hive hive = opened(image);
    CHECK_FALSE(hive.changed());
    CHECK(stored(hive) == image);
}

TEST_CASE("values of every kind are stored and read back", "[registry]") {
    Hive hive = opened(empty_hive());
    const std::vector<Value> values = {
        dword_value("Start", 4),
        qword_value("Big", 1ULL << 40),
        string_value("Path", "system32\\drivers\\x.sys", ValueType::expand_sz),
        string_value("", "the default value"),
        multi_value("UpperFilters", {"xenfilt", "partmgr"}),
        multi_value("Empty", {}),
        binary_value("Blob", to_bytes("\x01\x02\x03\x04\x05")),
        Value{"None", ValueType::none, {}},
        Value{"Property", static_cast<ValueType>(0xFFFF0012), to_bytes("abcdefgh")},
    };
    for (const Value& value : values)
        REQUIRE(hive.set("ControlSet001\\Services\\x", value));
    const Hive again = opened(stored(hive));
    const auto read = again.values("controlset001\\SERVICES\\X");
    REQUIRE(read);
    CHECK(*read == values);
    CHECK((*read)[0].as_dword() == 4U);
    CHECK((*read)[2].as_string() == "system32\\drivers\\x.sys");
    CHECK((*read)[4].as_multi() == std::vector<std::string>{"xenfilt", "partmgr"});
    CHECK((*read)[5].as_multi() == std::vector<std::string>{});
}

TEST_CASE("setting what is already there changes nothing", "[registry]") {
    Hive first = opened(empty_hive());
    REQUIRE(first.set("A", dword_value("x", 1)));
    const Bytes image = stored(first);
    Hive hive = opened(image);
    REQUIRE(hive.set("a", dword_value("X", 1)));
    REQUIRE(hive.create_key("A"));
    REQUIRE(hive.delete_value("A", "missing"));
    REQUIRE(hive.delete_key("B"));
    CHECK_FALSE(hive.changed());
    CHECK(stored(hive) == image);
}

TEST_CASE("deleting one value keeps the others byte for byte and in order", "[registry]") {
    Hive hive = opened(empty_hive());
    const Value garbage{"Zone", ValueType::sz, to_bytes(std::string("A\0\0\0\xDE\xAD\xBE", 7))};
    REQUIRE(hive.set("K", dword_value("first", 1)));
    REQUIRE(hive.set("K", multi_value("middle", {"x"})));
    REQUIRE(hive.set("K", garbage));
    REQUIRE(hive.delete_value("K", "MIDDLE"));
    const Hive again = opened(stored(hive));
    CHECK(again.values("K").value() == std::vector<Value>{dword_value("first", 1), garbage});
}

TEST_CASE("names beyond ASCII are found again, in Windows' order", "[registry]") {
    Hive hive = opened(empty_hive());
    // é is one Latin-1 byte, the others are stored as UTF-16; Ω sorts before я and 鍵.
    for (const char* name :
         {"Zebra", "鍵", "étage", "яблоко", "Ωmega", "A_B", "AAB", "\xF0\x9F\x94\x91"})
        REQUIRE(hive.set(std::string("Keys\\") + name, string_value("名前", name)));
    const Bytes image = stored(hive);
    REQUIRE(check_structure(image)); // checks order and hashes itself
    const Hive again = opened(image);
    CHECK(again.subkeys("Keys").value() == std::vector<std::string>{"AAB", "A_B", "Zebra", "étage",
                                                                    "Ωmega", "яблоко", "鍵",
                                                                    "\xF0\x9F\x94\x91"});
    CHECK(again.has_key("KEYS\\ÉTAGE").value());
    CHECK(again.has_key("keys\\ЯБЛОКО").value());
    const auto value = again.value("Keys\\鍵", "名前");
    REQUIRE(value);
    REQUIRE(value->has_value());
    CHECK((*value)->as_string() == "鍵");
}

TEST_CASE("a dirty hive can be read and cannot be edited", "[registry]") {
    Bytes image = empty_hive();
    REQUIRE(write_le(image, 4, std::uint32_t{7}));
    fix_checksum(image);
    Hive hive = opened(image);
    CHECK(hive.state().dirty());
    const auto edited = hive.set("A", dword_value("x", 1));
    REQUIRE_FALSE(edited);
    CHECK(edited.error().kind == ErrorKind::refused);
    CHECK(stored(hive) == image);
}

TEST_CASE("a value beside one of more than 16 KB is refused, not written in a form Windows "
          "cannot read",
          "[registry]") {
    const auto image = specimen("damaged/BigDataHive");
    if (!image)
        SKIP(kNoSpecimens);
    Hive hive = opened(*image);
    const auto keys = hive.subkeys("").value();
    bool refused = false;
    for (const auto& key : keys) {
        const auto values = hive.values(key).value();
        for (const Value& value : values)
            if (value.data.size() > 16344) {
                const auto edited = hive.set(key, dword_value("new", 1));
                REQUIRE_FALSE(edited);
                CHECK(edited.error().kind == ErrorKind::unsupported);
                refused = true;
            }
    }
    if (!refused) { // the values lie at the root
        const auto edited = hive.set("", dword_value("new", 1));
        REQUIRE_FALSE(edited);
        CHECK(edited.error().kind == ErrorKind::unsupported);
    }
    CHECK(stored(hive) == *image);
}

TEST_CASE("hivex and the strict reader see the same in every real hive", "[registry]") {
    std::vector<std::string> names = specimen_names("bcd");
    if (names.empty())
        SKIP(kNoSpecimens);
    names.insert(names.end(),
                 {"system/SYSTEM.winpe10", "system/SYSTEM.xpsp3-x86", "damaged/BigDataHive",
                  "system/SYSTEM.win7sp1-x86-vmware", "system/SYSTEM.win10-x64.dirty",
                  "damaged/CompHive", "damaged/UnicodeHive", "damaged/hivex-special",
                  "damaged/hivex-minimal", "damaged/100_sub_keys.hiv"});
    for (const auto& name : names) {
        INFO(name);
        const auto image = specimen(name);
        REQUIRE(image);
        const Hive hive = opened(*image);
        const auto strict = RegfImage::open(*image);
        REQUIRE(strict);
        std::size_t keys = 0;
        same_view(hive, *strict, strict->root().value(), "", keys);
        CHECK(keys > 0);
    }
}
