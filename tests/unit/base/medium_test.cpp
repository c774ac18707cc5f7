// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/medium.hpp"

#include "support/tools.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace lifeboat;

TEST_CASE("the rescue medium is known by the name of its volume, and by that alone") {
    const test::TempDir dir;
    const auto made = [&](const std::string& label, std::size_t size) {
        std::string image(size, '\0');
        image.replace(32769, 5, "CD001");
        image.replace(32768 + 40, label.size(), label);
        test::write_file(dir.file("stick"), image);
        return is_rescue_medium(dir.file("stick"));
    };
    CHECK(made("LIFEBOAT_RESCUE", 40000));
    CHECK_FALSE(made("LIFEBOAT_GRUB2", 40000));
    CHECK_FALSE(made("Debian 12", 40000));
    test::write_file(dir.file("stick"), std::string_view("short"));
    CHECK_FALSE(is_rescue_medium(dir.file("stick")));
    CHECK_FALSE(is_rescue_medium(dir.file("nothing")));
}
