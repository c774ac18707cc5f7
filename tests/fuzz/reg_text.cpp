// SPDX-License-Identifier: GPL-2.0-or-later
// .reg text going into a hive; what comes out of the hive goes in again.
#include "registry/reg_text.hpp"
#include "fuzz/target.hpp"
#include "support/hives.hpp"

namespace lifeboat::fuzz {

namespace {
constexpr std::string_view kPrefix = "HKEY_LOCAL_MACHINE\\SYSTEM";
}

void run(ByteSpan input) {
    auto hive = registry::Hive::open(tests::empty_hive(), "FUZZ");
    holds(hive.has_value(), "the empty hive opens");
    if (!registry::import_text(*hive, input, kPrefix)) {
        holds(!hive->changed(), "a refused text changes nothing");
        return;
    }
    if (const auto text = registry::export_text(*hive, "", kPrefix)) {
        auto again = registry::Hive::open(tests::empty_hive(), "AGAIN");
        holds(registry::import_text(*again, to_bytes(*text), kPrefix).has_value(),
              "our own text is understood");
    }
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> out;
    for (const std::string_view text :
         {"Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\A\\B]\r\n"
          "@=\"text\"\r\n\"d\"=dword:00000003\r\n\"b\"=hex:01,02,\\\r\n  03\r\n"
          "\"m\"=hex(7):61,00,00,00,00,00\r\n\"gone\"=-\r\n\r\n[-HKEY_LOCAL_MACHINE\\SYSTEM\\C]"
          "\r\n",
          "REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\A]\n\"q\"=\"a \\\"b\\\" \\\\ c\"\n",
          "\xff\xfeW\0i\0n\0"})
        out.push_back(to_bytes(text));
    return out;
}

} // namespace lifeboat::fuzz
