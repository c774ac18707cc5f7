// SPDX-License-Identifier: GPL-2.0-or-later
// The strict reader: what it accepts, and that it names what is wrong.
#include "registry/regf_reader.hpp"
#include "support/hives.hpp"
#include "support/specimens.hpp"

#include <catch2/catch_test_macros.hpp>
#include <random>

using namespace lifeboat;
using namespace lifeboat::registry;
using namespace lifeboat::tests;

TEST_CASE("the empty hive made for tests is sound and clean", "[registry]") {
    const Bytes hive = empty_hive();
    REQUIRE(check_structure(hive));
    const auto state = inspect(hive);
    REQUIRE(state);
    CHECK_FALSE(state->dirty());
}

TEST_CASE("every sound real hive passes the strict check", "[registry]") {
    std::vector<std::string> names = specimen_names("bcd");
    if (names.empty())
        SKIP(kNoSpecimens);
    for (const char* name :
         {"system/SYSTEM.win7sp1-x86-vmware", "system/SYSTEM.win10-x64.dirty",
          "system/SYSTEM.xpsp3-x86", "system/SYSTEM.winpe10", "damaged/BigDataHive",
          "damaged/CompHive", "damaged/UnicodeHive", "damaged/hivex-special",
          "damaged/hivex-minimal", "damaged/100_sub_keys.hiv"})
        names.emplace_back(name);
    for (const auto& name : names) {
        INFO(name);
        const auto image = specimen(name);
        REQUIRE(image);
        const auto checked = check_structure(*image);
        CHECK((checked ? std::string() : checked.error().text()).empty());
    }
}

TEST_CASE("every damaged real hive is called damaged", "[registry]") {
    if (specimen_names("damaged").empty())
        SKIP(kNoSpecimens);
    for (const char* name : {"system/SYSTEM.xpsp3-corrupt", "damaged/TruncatedHive",
                             "damaged/BadSubkeyHive", "damaged/corrupt_sub_key_list.hiv"}) {
        INFO(name);
        const auto image = specimen(name);
        REQUIRE(image);
        const auto checked = check_structure(*image);
        REQUIRE_FALSE(checked);
        CHECK(checked.error().kind == ErrorKind::damaged);
    }
}

TEST_CASE("the header tells a dirty hive, a log, and something that is no hive", "[registry]") {
    Bytes hive = empty_hive();
    (void)write_le(hive, 4, std::uint32_t{2});
    CHECK_FALSE(inspect(hive)); // its checksum is now wrong
    fix_checksum(hive);
    REQUIRE(inspect(hive));
    CHECK(inspect(hive)->dirty());
    (void)write_le(hive, 28, std::uint32_t{6});
    fix_checksum(hive);
    CHECK_FALSE(inspect(hive));
    CHECK_FALSE(inspect(Bytes{}));
    CHECK_FALSE(inspect(Bytes(8192)));
    Bytes cut = empty_hive();
    cut.resize(8191);
    REQUIRE_FALSE(inspect(cut));
    CHECK(inspect(cut).error().kind == ErrorKind::damaged);
}

TEST_CASE("each bent field of a small hive is noticed", "[registry]") {
    struct Bend {
        const char* what;
        std::size_t at;
        std::uint32_t value;
    };
    constexpr std::size_t root = 4096 + 32;
    constexpr std::size_t security = root + 88;
    for (const Bend& bend :
         {Bend{"bin magic", 4096, 0}, Bend{"bin offset", 4100, 4096}, Bend{"bin size", 4104, 8192},
          Bend{"cell size", root, 0}, Bend{"root is free", root, 88}, Bend{"root cell", 36, 64},
          Bend{"key magic", root + 4, 0}, Bend{"subkey count", root + 24, 3},
          Bend{"value count", root + 40, 1}, Bend{"security", root + 48, 32},
          Bend{"name length", root + 76, 200}, Bend{"security ring", security + 8, 32},
          Bend{"security use", security + 16, 0}, Bend{"security length", security + 20, 4000}}) {
        INFO(bend.what);
        Bytes hive = empty_hive();
        REQUIRE(write_le(hive, bend.at, bend.value));
        fix_checksum(hive);
        const auto checked = check_structure(hive);
        REQUIRE_FALSE(checked);
        CHECK(checked.error().kind == ErrorKind::damaged);
    }
}

TEST_CASE("subkeys out of order, with a wrong hash or listed twice are noticed", "[registry]") {
    auto hive = Hive::open(empty_hive(), "TEST");
    REQUIRE(hive);
    for (const char* name : {"Alpha", "Beta"})
        REQUIRE(hive->create_key(name));
    const Bytes sound = hive->serialize().value();
    REQUIRE(check_structure(sound));
    // The list that the root key names: "lh", two entries of key and hash.
    const std::size_t list = 4096 + *read_le<std::uint32_t>(sound, 4096 + 32 + 32) + 4;
    REQUIRE(has_magic(sound, list, "lh"));
    const auto entry = [&](std::size_t i) {
        return *read_le<std::uint64_t>(sound, list + 4 + i * 8);
    };
    const auto complaint = [](const Bytes& bent) {
        const auto checked = check_structure(bent);
        return checked ? std::string() : checked.error().text();
    };
    Bytes swapped = sound;
    REQUIRE(write_le(swapped, list + 4, entry(1)));
    REQUIRE(write_le(swapped, list + 12, entry(0)));
    CHECK(complaint(swapped).find("out of order") != std::string::npos);
    Bytes hash = sound;
    hash[list + 8] ^= std::byte{1};
    CHECK(complaint(hash).find("hash") != std::string::npos);
    Bytes twice = sound;
    REQUIRE(write_le(twice, list + 12, entry(0)));
    CHECK_FALSE(complaint(twice).empty());
}

TEST_CASE("a hive with flipped bits never breaks a reader", "[registry]") {
    auto base = specimen("bcd/bios-win7-vm-plus-pe.BCD");
    const Bytes sound = base ? *base : empty_hive();
    std::mt19937 random(20261120);
    int refused = 0;
    for (int round = 0; round < 1500; ++round) {
        Bytes hive = sound;
        for (int flips = 1 + static_cast<int>(random() % 6); flips > 0; --flips)
            hive[4096 + random() % (hive.size() - 4096)] ^=
                static_cast<std::byte>(1U << (random() % 8));
        if (!check_structure(hive))
            ++refused;
        (void)difference(sound, hive);
        if (auto opened = Hive::open(hive, "bent"); opened) {
            (void)opened->subkeys("Objects");
            (void)opened->values("Description");
            // What the strict reader refuses cannot be edited.
            if (!check_structure(hive))
                CHECK_FALSE(opened->set("Description", dword_value("x", 1)));
        }
    }
    CHECK(refused > 0);
}

// hivex frees what a key that goes names, and ends the program when that is no cell any more.
TEST_CASE("what is freed with one key must be its own", "[registry]") {
    auto made = Hive::open(empty_hive(), "TEST");
    REQUIRE(made);
    for (const char* name : {"Alpha", "Beta"})
        REQUIRE(made->set(name, binary_value("data", Bytes(64))));
    const Bytes sound = made->serialize().value();
    REQUIRE(check_structure(sound));
    const auto word = [&](std::size_t at) { return *read_le<std::uint32_t>(sound, at); };
    constexpr std::size_t bins = 4096, root = bins + 32;
    const std::size_t list = bins + word(root + 32) + 4; // "lh": {key, hash}
    const std::size_t alpha = bins + word(list + 4) + 4, beta = bins + word(list + 12) + 4;
    constexpr std::size_t values = 40, security = 44, class_name = 48; // in a key's record
    const auto value_of = [&](std::size_t key) {
        return bins + word(bins + word(key + values) + 4) + 4;
    };
    const auto bent = [&](std::size_t at, std::uint32_t number) {
        Bytes hive = sound;
        REQUIRE(write_le(hive, at, number));
        fix_checksum(hive);
        const auto checked = check_structure(hive);
        REQUIRE_FALSE(checked);
        CHECK(checked.error().kind == ErrorKind::damaged);
        auto again = Hive::open(hive, "TEST");
        REQUIRE(again);
        for (const char* name : {"Alpha", "Beta"}) {
            const auto gone = again->delete_key(name);
            REQUIRE_FALSE(gone);
            CHECK(gone.error().next.find("sound copy") != std::string::npos);
        }
        return checked.error().text();
    };
    CHECK(bent(alpha + class_name, 0xfffdffff).find("not allocated") != std::string::npos);
    CHECK(bent(alpha + class_name, 0x7ffffff8).find("not allocated") != std::string::npos);
    CHECK(bent(alpha + class_name, word(beta + values)).find("used twice") != std::string::npos);
    CHECK(bent(beta + values, word(alpha + values)).find("used twice") != std::string::npos);
    CHECK(bent(value_of(beta) + 8, word(value_of(alpha) + 8)).find("used twice") !=
          std::string::npos);
    CHECK(bent(bins + word(alpha + security) + 4 + 12, 1).find("counts 1 keys and has 3") !=
          std::string::npos);
}
