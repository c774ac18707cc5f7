// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/diff.hpp"

#include "base/text.hpp"

#include <catch2/catch_test_macros.hpp>

#include <random>
#include <string>

using namespace lifeboat;
using session::unified_diff;

namespace {

// Applies a unified diff by its hunk headers and lines, knowing nothing of how it was made; "" when
// it does not fit.
std::string patched(const std::string& before, const std::string& diff) {
    std::vector<std::string> old;
    for (std::size_t at = 0; at < before.size();) {
        const auto end = std::min(before.find('\n', at), before.size() - 1);
        old.push_back(before.substr(at, end - at + 1));
        at = end + 1;
    }
    std::string out;
    std::size_t next = 0;
    std::string last_mark;
    const auto lines = split(diff, '\n');
    for (std::size_t i = 2; i + 1 < lines.size(); ++i) {
        const std::string line(lines[i]);
        if (line.starts_with("@@ -")) {
            auto start = std::stoul(line.substr(4));
            const auto comma = line.find(',');
            const bool none = comma < line.find(' ', 4) && line.substr(comma, 3) == ",0 ";
            start -= none ? 0 : 1;
            for (; next < start; ++next)
                out += old.at(next);
            continue;
        }
        if (line.starts_with("\\")) {
            if (last_mark != "-")
                out.pop_back();
            continue;
        }
        last_mark = line.substr(0, 1);
        if (last_mark == "+" || last_mark == " ")
            out += line.substr(1) + "\n";
        if (last_mark != "+") {
            const auto& expected = old.at(next++);
            if (trim(expected) != trim(line.substr(1)))
                return "does not fit: " + line;
        }
    }
    for (; next < old.size(); ++next)
        out += old[next];
    return out;
}

std::string random_text(std::mt19937& random, int lines) {
    std::string out;
    for (int i = 0; i < lines; ++i)
        out += std::string(1, static_cast<char>('a' + random() % 5)) + "\n";
    if (!out.empty() && random() % 4 == 0)
        out.pop_back(); // no newline at the end
    return out;
}

std::string mutated(std::mt19937& random, std::string text) {
    for (auto edits = random() % 6; edits > 0 && !text.empty(); --edits) {
        const auto at = random() % text.size();
        if (random() % 2 == 0)
            text.erase(at, random() % 4);
        else
            text.insert(at, "new\n");
    }
    return text;
}

} // namespace

TEST_CASE("one changed line is shown with three lines around it", "[session]") {
    const std::string before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    const std::string after = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n";
    CHECK(unified_diff(before, after, "/etc/x", "/etc/x") == "--- a/etc/x\n+++ b/etc/x\n"
                                                             "@@ -2,7 +2,7 @@\n"
                                                             " 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST_CASE("equal texts have no difference", "[session]") {
    CHECK(unified_diff("a\nb\n", "a\nb\n", "/x", "/x").empty());
    CHECK(unified_diff("", "", "/x", "/x").empty());
}

TEST_CASE("a file that was not there is shown against /dev/null", "[session]") {
    CHECK(unified_diff("", "a\n", "", "/x") == "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n");
    CHECK(unified_diff("a\n", "", "/x", "") == "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n");
}

TEST_CASE("a missing newline at the end is told", "[session]") {
    CHECK(unified_diff("a", "a\n", "/x", "/x") ==
          "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
}

TEST_CASE("changes far apart are hunks of their own", "[session]") {
    std::string before;
    for (int i = 0; i < 40; ++i)
        before += std::to_string(i) + "\n";
    auto after = before;
    after.replace(after.find("5\n"), 2, "five\n");
    after.replace(after.find("30\n"), 3, "thirty\n");
    const auto diff = unified_diff(before, after, "/x", "/x");
    CHECK(diff.find("@@ -3,7 +3,7 @@") != std::string::npos);
    CHECK(diff.find("@@ -28,7 +28,7 @@") != std::string::npos);
    CHECK(patched(before, diff) == after);
}

TEST_CASE("a difference, applied, always gives the second text", "[session]") {
    for (unsigned seed = 1; seed <= 500; ++seed) {
        std::mt19937 random(seed);
        const auto before = random_text(random, static_cast<int>(random() % 60));
        const auto after = mutated(random, before);
        INFO("seed " << seed << "\n" << before << "---\n" << after);
        if (before == after)
            continue;
        CHECK(patched(before, unified_diff(before, after, "/x", "/x")) == after);
    }
}

TEST_CASE("texts with nothing in common are shown as one piece, in bounded time", "[session]") {
    std::string before;
    std::string after;
    for (int i = 0; i < 20000; ++i) {
        before += "old " + std::to_string(i) + "\n";
        after += "new " + std::to_string(i) + "\n";
    }
    const auto diff = unified_diff(before, after, "/x", "/x");
    CHECK(diff.find("@@ -1,20000 +1,20000 @@") != std::string::npos);
    CHECK(patched(before, diff) == after);
}

TEST_CASE("what has a NUL byte is not shown as text", "[session]") {
    CHECK(session::is_text(to_bytes("plain\n")));
    CHECK_FALSE(session::is_text(to_bytes(std::string_view("a\0b", 3))));
    CHECK_FALSE(session::is_text(Bytes(2U << 20, std::byte{'a'})));
}
