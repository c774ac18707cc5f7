// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/boot_stage.hpp"
#include "session/predict_legacy.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>

using namespace lifeboat;
using namespace lifeboat::session;

namespace {

std::string source(const std::string& path) {
    std::ifstream in(std::string(LIFEBOAT_SOURCE_DIR) + "/" + path);
    REQUIRE(in);
    return {std::istreambuf_iterator<char>(in), {}};
}

// What stands between `before` and "; do".
std::string list_after(const std::string& text, const std::string& before) {
    const auto at = text.find(before);
    REQUIRE(at != std::string::npos);
    auto list = text.substr(at + before.size());
    list = list.substr(0, list.find("; do"));
    std::erase(list, '\'');
    return list;
}

} // namespace

TEST_CASE("the places of GRUB Legacy are those of the medium", "[predict]") {
    const auto script = source("chainload/make-iso");
    std::string places;
    for (const auto place : kLegacyPlaces)
        places += (places.empty() ? "" : " ") + std::string(place);
    CHECK(list_after(script, "for pair in ") == places);
    std::string names;
    for (const auto name : kLegacyNames)
        names += (names.empty() ? "" : " ") + std::string(name);
    CHECK(list_after(script, "for name in ") == names);
}

TEST_CASE("the boot stage in the program is the one in the source", "[predict]") {
    REQUIRE(stage_files().size() > 8);
    for (const auto& file : stage_files())
        CHECK(file.content == source("chainload/stage/" + std::string(file.name)));
    CHECK(stage_modules() == source("chainload/modules"));
    CHECK(rescue_config() == source("iso/rescue/rescue.cfg"));
}

TEST_CASE("only what comes up without help boots", "[predict]") {
    Prediction prediction;
    prediction.result = PredictedResult::linux_;
    CHECK(boots(prediction));
    prediction.key_needed = true;
    CHECK_FALSE(boots(prediction));
    prediction.key_needed = false;
    prediction.result = PredictedResult::fails;
    CHECK_FALSE(boots(prediction));
    CHECK_FALSE(boot_medium_named("floppy"));
    CHECK(boot_medium_named("grub-legacy").value() == BootMediumKind::grub_legacy);
}
