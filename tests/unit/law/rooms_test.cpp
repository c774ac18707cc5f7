// SPDX-License-Identifier: GPL-2.0-or-later
// The law of the rooms (docs/architecture.md): a room may include only rooms above it, a library's
// headers appear only in the one room that knows it, and never in a header of ours.
#include "base/text.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace lifeboat;
namespace stdfs = std::filesystem;

namespace {

// From the top: each room may use those before it.
constexpr std::array<std::string_view, 11> kRooms = {"base",     "block", "volume", "fs",
                                                     "registry", "text",  "guest",  "repair",
                                                     "session",  "cli",   "gui"};

struct Library {
    std::string_view header; // what follows #include <
    std::string_view room;
};
constexpr Library kLibraries[] = {
    {"nettle/", "base"},    {"xxhash", "base"},   {"libnbd", "block"},   {"expat", "block"},
    {"libfdisk", "volume"}, {"blkid/", "volume"}, {"ntfs-3g/", "fs"},    {"ext2fs/", "fs"},
    {"et/com_err", "fs"},   {"com_err", "fs"},    {"hivex", "registry"}, {"nlohmann/", "session"},
    {"CLI/", "cli"},        {"imgui", "gui"},     {"SDL", "gui"},        {"xf86drm", "gui"},
    {"drm", "gui"},         {"libdrm/", "gui"},   {"zlib", "guest"},
};

struct Include {
    std::string file; // "fs/ntfs.cpp"
    std::string name; // what stands between the marks
    bool quoted = false;
};

std::vector<Include> includes_of(const stdfs::path& path, const std::string& file) {
    std::vector<Include> out;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
        auto text = trim(line);
        if (text.empty() || text.front() != '#')
            continue;
        text = trim(text.substr(1));
        if (!text.starts_with("include"))
            continue;
        text = trim(text.substr(7));
        if (text.size() < 3)
            continue;
        const char close = text.front() == '<' ? '>' : '"';
        const auto end = text.find(close, 1);
        out.push_back({file, std::string(text.substr(1, end - 1)), close == '"'});
    }
    return out;
}

std::vector<Include> all_includes() {
    const stdfs::path root = stdfs::path(LIFEBOAT_SOURCE_DIR) / "rescue";
    std::vector<Include> out;
    for (const auto& entry : stdfs::recursive_directory_iterator(root)) {
        const auto extension = entry.path().extension();
        if (extension != ".cpp" && extension != ".hpp")
            continue;
        const auto more =
            includes_of(entry.path(), stdfs::relative(entry.path(), root).generic_string());
        out.insert(out.end(), more.begin(), more.end());
    }
    return out;
}

std::string room_of(std::string_view path) { return std::string(path.substr(0, path.find('/'))); }

// Position in the order of the law, or -1.
int rank(std::string_view room) {
    const auto at = std::find(kRooms.begin(), kRooms.end(), room);
    return at == kRooms.end() ? -1 : static_cast<int>(at - kRooms.begin());
}

// What is wrong with one include; empty when it keeps the law.
std::string violation(const Include& include) {
    const std::string room = room_of(include.file);
    if (rank(room) < 0)
        return {}; // rescue/firstboot and the like have rules of their own
    if (include.quoted) {
        const std::string other = room_of(include.name);
        if (rank(other) < 0)
            return include.file + " includes \"" + include.name +
                   "\": name a header by its room, as in \"base/text.hpp\"";
        const bool front_ends =
            (room == "gui" && other == "cli") || (room == "cli" && other == "gui");
        if (rank(other) > rank(room) || front_ends)
            return include.file + " may not use the room " + other;
        return {};
    }
    for (const auto& library : kLibraries) {
        if (!include.name.starts_with(library.header))
            continue;
        if (library.room != room)
            return include.file + " includes <" + include.name + ">, which only the room " +
                   std::string(library.room) + " may know";
        if (include.file.ends_with(".hpp"))
            return include.file + " brings <" + include.name + "> into a header";
    }
    return {};
}

} // namespace

TEST_CASE("every room uses only rooms above it, and only its own library", "[law]") {
    const auto includes = all_includes();
    REQUIRE(includes.size() > 50);
    for (const auto& include : includes) {
        INFO(violation(include));
        CHECK(violation(include).empty());
    }
}

TEST_CASE("the check of the law sees what breaks it", "[law]") {
    CHECK(violation({"fs/ntfs.cpp", "registry/hive.hpp", true}) != "");
    CHECK(violation({"gui/view.cpp", "cli/menu.hpp", true}) != "");
    CHECK(violation({"cli/main.cpp", "gui/view.hpp", true}) != "");
    CHECK(violation({"repair/windows/x.cpp", "hivex.h", false}) != "");
    CHECK(violation({"fs/ntfs.hpp", "ntfs-3g/volume.h", false}) != "");
    CHECK(violation({"fs/ntfs.cpp", "ntfs.hpp", true}) != "");
    CHECK(violation({"fs/ntfs.cpp", "ntfs-3g/volume.h", false}) == "");
    CHECK(violation({"fs/ntfs.cpp", "block/device.hpp", true}) == "");
}

TEST_CASE("a file of ours stays short enough to be read in one go", "[law]") {
    const stdfs::path root = stdfs::path(LIFEBOAT_SOURCE_DIR) / "rescue";
    for (const auto& entry : stdfs::recursive_directory_iterator(root)) {
        const auto extension = entry.path().extension();
        if (extension != ".cpp" && extension != ".hpp")
            continue;
        std::ifstream in(entry.path());
        const auto lines = std::count(std::istreambuf_iterator<char>(in), {}, '\n');
        INFO(entry.path().filename().string() << " has " << lines << " lines");
        CHECK(lines <= 400);
    }
}
