// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/reg_text.hpp"

#include "base/utf.hpp"
#include "registry/regf_reader.hpp"
#include "support/hives.hpp"
#include "support/specimens.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace lifeboat;
using namespace lifeboat::registry;
using namespace lifeboat::tests;

namespace {

const std::string kPrefix = "HKEY_LOCAL_MACHINE\\SYSTEM";

Hive empty() { return std::move(*Hive::open(empty_hive(), "SYSTEM")); }

std::string exported(const Hive& hive, const std::string& key = "") {
    auto text = export_text(hive, key, kPrefix);
    INFO((text ? std::string() : text.error().text()));
    REQUIRE(text);
    return *text;
}

void import(Hive& hive, const std::string& text) {
    const auto done = import_text(hive, to_bytes(text), kPrefix);
    INFO((done ? std::string() : done.error().text()));
    REQUIRE(done);
}

} // namespace

TEST_CASE("a key is written as regedit writes it", "[registry]") {
    Hive hive = empty();
    REQUIRE(hive.set("A\\B", string_value("", "say \"hi\"")));
    REQUIRE(hive.set("A\\B", string_value("pa\\th", "C:\\Windows")));
    REQUIRE(hive.set("A\\B", dword_value("Start", 255)));
    REQUIRE(hive.set("A\\B", binary_value("Blob", Bytes(30, std::byte{0xAB}))));
    REQUIRE(hive.set("A\\B", multi_value("Filters", {"x"})));
    REQUIRE(hive.set("A\\B", Value{"Odd", ValueType::dword, to_bytes("ab")}));
    CHECK(exported(hive, "A") ==
          "Windows Registry Editor Version 5.00\r\n"
          "\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\A]\r\n"
          "\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\A\\B]\r\n"
          "@=\"say \\\"hi\\\"\"\r\n"
          "\"pa\\\\th\"=\"C:\\\\Windows\"\r\n"
          "\"Start\"=dword:000000ff\r\n"
          "\"Blob\"=hex:ab,ab,ab,ab,ab,ab,ab,ab,ab,ab,ab,ab,ab,ab,ab,ab,ab,ab,ab,ab,ab,ab,\\\r\n"
          "  ab,ab,ab,ab,ab,ab,ab,ab\r\n"
          "\"Filters\"=hex(7):78,00,00,00,00,00\r\n"
          "\"Odd\"=hex(4):61,62\r\n"
          "\r\n");
}

TEST_CASE("text in UTF-8 and UTF-16 is imported, with deletions", "[registry]") {
    Hive hive = empty();
    REQUIRE(hive.set("Old", dword_value("x", 1)));
    REQUIRE(hive.set("Keep", dword_value("gone", 1)));
    REQUIRE(hive.set("Keep", dword_value("stays", 1)));
    const std::string text = "Windows Registry Editor Version 5.00\n\n"
                             "; a comment\n"
                             "[-hkey_local_machine\\system\\OLD]\n"
                             "[HKEY_LOCAL_MACHINE\\SYSTEM\\Keep]\n"
                             "\"gone\"=-\n"
                             "\"größe\"=\"Maß 日本\"\n"
                             "\"two\"=\"line one\nline two\"\n"
                             "@=dword:10\n"
                             "\"b\"=hex(b):01,02,\\\n  03,04,05,06,07,08\n"
                             "\"none\"=hex(0):\n";
    Bytes utf16 = to_bytes("\xFF\xFE");
    const Bytes body = *utf16le_from_utf8(text);
    utf16.insert(utf16.end(), body.begin(), body.end());
    for (const Bytes& form : {to_bytes(text), utf16}) {
        Hive copy = std::move(*Hive::open(hive.serialize().value(), "SYSTEM"));
        const auto done = import_text(copy, form, kPrefix);
        INFO((done ? std::string() : done.error().text()));
        REQUIRE(done);
        CHECK_FALSE(copy.has_key("Old").value());
        CHECK(copy.values("Keep").value() ==
              std::vector<Value>{dword_value("stays", 1), string_value("größe", "Maß 日本"),
                                 string_value("two", "line one\r\nline two"), dword_value("", 16),
                                 qword_value("b", 0x0807060504030201),
                                 Value{"none", ValueType::none, {}}});
    }
}

TEST_CASE("one bad line and nothing is imported, and the line is named", "[registry]") {
    Hive hive = empty();
    const Bytes before = hive.serialize().value();
    const std::string head =
        "Windows Registry Editor Version 5.00\n[HKEY_LOCAL_MACHINE\\SYSTEM\\A]\n\"ok\"=dword:1\n";
    for (const char* bad :
         {"\"x\"=dword:123456789", "\"x\"=hex:1,zz", "\"x\"=hex(:00", "\"x\"=\"open", "x=1",
          "\"x\" dword:1", "[HKEY_LOCAL_MACHINE\\SOFTWARE\\A]", "[HKEY_LOCAL_MACHINE\\SYSTEMA\\A]",
          "[HKEY_LOCAL_MACHINE\\SYSTEM\\A", "[-HKEY_LOCAL_MACHINE\\SYSTEM]", "\"x\"=hex:00,\\",
          "\"x\"=\"a\"b", "\"x\"=wrong:1", "\"x\"="}) {
        INFO(bad);
        const auto done = import_text(hive, to_bytes(head + bad), kPrefix);
        REQUIRE_FALSE(done);
        CHECK(done.error().where.find("line") != std::string::npos);
        CHECK(hive.serialize().value() == before);
        CHECK_FALSE(hive.changed());
    }
    CHECK_FALSE(import_text(hive, to_bytes("REGEDIT4\n"), kPrefix));
    CHECK_FALSE(import_text(hive, to_bytes(""), kPrefix));
    CHECK_FALSE(import_text(hive, to_bytes(head + "\"x\"=\"\xFF\""), kPrefix));
}

TEST_CASE("what is exported from real hives reads back the same", "[registry]") {
    std::vector<std::string> names = specimen_names("bcd");
    if (names.empty())
        SKIP(kNoSpecimens);
    names.insert(names.end(), {"damaged/UnicodeHive", "damaged/CompHive"});
    for (const auto& name : names) {
        INFO(name);
        const auto image = specimen(name);
        REQUIRE(image);
        const auto hive = Hive::open(*image, name);
        REQUIRE(hive);
        Hive copy = empty();
        import(copy, exported(*hive));
        const auto changes = difference(*image, copy.serialize().value());
        REQUIRE(changes);
        CHECK(changes->empty());
        CHECK(exported(copy) == exported(*hive));
    }
}

TEST_CASE("the services of a real Windows 7 survive export and import", "[registry]") {
    const auto image = specimen("system/SYSTEM.win7sp1-x86-vmware");
    if (!image)
        SKIP(kNoSpecimens);
    const auto hive = Hive::open(*image, "SYSTEM");
    REQUIRE(hive);
    const std::string key = "ControlSet001\\Control\\Class";
    Hive copy = empty();
    import(copy, exported(*hive, key));
    CHECK(exported(copy, key) == exported(*hive, key));
}
