// SPDX-License-Identifier: GPL-2.0-or-later
// The shortest edit script by E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986).
#include "session/diff.hpp"

#include <algorithm>
#include <vector>

namespace lifeboat::session {

namespace {

constexpr std::size_t kLargestText = 1U << 20;
// The search keeps one row per difference: 1000 rows are at most 8 MB.
constexpr int kMostDifferences = 1000;
constexpr std::size_t kContext = 3;
constexpr std::size_t kLongestDiff = 64U << 10;

using Lines = std::vector<std::string_view>; // each with its newline, if it has one

Lines lines_of(std::string_view text) {
    Lines out;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto length = end == std::string_view::npos ? text.size() : end + 1;
        out.push_back(text.substr(0, length));
        text.remove_prefix(length);
    }
    return out;
}

// `count` lines of each text starting at `a` and `b`: kept when `same`, otherwise `removed` lines
// of the first make way for `added` lines of the second.
struct Edit {
    std::size_t a = 0, removed = 0;
    std::size_t b = 0, added = 0;
};

struct Middle { // what is left between a common beginning and a common end
    std::size_t first = 0, a_end = 0, b_end = 0;
};

Middle without_common_ends(const Lines& a, const Lines& b) {
    Middle m{0, a.size(), b.size()};
    while (m.first < m.a_end && m.first < m.b_end && a[m.first] == b[m.first])
        ++m.first;
    while (m.a_end > m.first && m.b_end > m.first && a[m.a_end - 1] == b[m.b_end - 1]) {
        --m.a_end;
        --m.b_end;
    }
    return m;
}

// The furthest points of every search round; empty when there are too many differences.
using Rounds = std::vector<std::vector<int>>;

Rounds search(const Lines& a, const Lines& b, const Middle& m) {
    const int n = static_cast<int>(m.a_end - m.first);
    const int k_max = static_cast<int>(m.b_end - m.first);
    const int limit = std::min(n + k_max, kMostDifferences);
    std::vector<int> furthest(static_cast<std::size_t>(2 * limit + 3), 0);
    const auto at = [&](int k) -> int& {
        return furthest[static_cast<std::size_t>(k + limit + 1)];
    };
    Rounds rounds;
    for (int d = 0; d <= limit; ++d) {
        rounds.emplace_back(furthest.begin() + (limit + 1 - d - 1),
                            furthest.begin() + (limit + 1 + d + 2));
        for (int k = -d; k <= d; k += 2) {
            const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
            int x = down ? at(k + 1) : at(k - 1) + 1;
            while (x < n && x - k < k_max &&
                   a[m.first + static_cast<std::size_t>(x)] ==
                       b[m.first + static_cast<std::size_t>(x - k)])
                ++x;
            at(k) = x;
            if (x >= n && x - k >= k_max)
                return rounds;
        }
    }
    return {};
}

void add_edit(std::vector<Edit>& edits, const Edit& next) {
    if (!edits.empty()) {
        Edit& last = edits.back();
        if (last.a + last.removed == next.a && last.b + last.added == next.b) {
            last.removed += next.removed;
            last.added += next.added;
            return;
        }
    }
    edits.push_back(next);
}

// Walks the rounds backwards and returns the edits in order.
std::vector<Edit> trace(const Rounds& rounds, const Middle& m) {
    std::vector<Edit> backwards;
    int x = static_cast<int>(m.a_end - m.first);
    int y = static_cast<int>(m.b_end - m.first);
    for (int d = static_cast<int>(rounds.size()) - 1; d > 0; --d) {
        const auto& round = rounds[static_cast<std::size_t>(d)]; // before round d
        const auto at = [&](int k) { return round[static_cast<std::size_t>(k + d + 1)]; };
        const int k = x - y;
        const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
        const int from_k = down ? k + 1 : k - 1;
        x = at(from_k);
        y = x - from_k;
        backwards.push_back({m.first + static_cast<std::size_t>(x), down ? 0U : 1U,
                             m.first + static_cast<std::size_t>(y), down ? 1U : 0U});
    }
    std::vector<Edit> edits;
    for (auto edit = backwards.rbegin(); edit != backwards.rend(); ++edit)
        add_edit(edits, *edit);
    return edits;
}

void append_line(std::string& out, char mark, std::string_view line) {
    out += mark;
    out += line;
    if (line.empty() || line.back() != '\n')
        out += "\n\\ No newline at end of file\n";
}

// "12,3" as diff -u writes a range: the start is one less when the range is empty.
std::string range_text(std::size_t start, std::size_t count) {
    return std::to_string(count == 0 ? start : start + 1) +
           (count == 1 ? "" : "," + std::to_string(count));
}

// Edits [first, end) lie near each other and are shown as one hunk.
void append_hunk(std::string& out, const Lines& a, const Lines& b, const std::vector<Edit>& edits,
                 std::size_t first, std::size_t end) {
    const Edit& head = edits[first];
    const Edit& tail = edits[end - 1];
    const std::size_t lead = std::min(kContext, head.a);
    const std::size_t follow = std::min(kContext, a.size() - (tail.a + tail.removed));
    const std::size_t a_start = head.a - lead;
    const std::size_t b_start = head.b - lead;
    out += "@@ -" + range_text(a_start, tail.a + tail.removed + follow - a_start) + " +" +
           range_text(b_start, tail.b + tail.added + follow - b_start) + " @@\n";
    std::size_t at = a_start;
    for (std::size_t i = first; i < end; ++i) {
        for (; at < edits[i].a; ++at)
            append_line(out, ' ', a[at]);
        for (; at < edits[i].a + edits[i].removed; ++at)
            append_line(out, '-', a[at]);
        for (std::size_t j = 0; j < edits[i].added; ++j)
            append_line(out, '+', b[edits[i].b + j]);
    }
    for (std::size_t j = 0; j < follow; ++j, ++at)
        append_line(out, ' ', a[at]);
}

std::string name_of(std::string_view side, std::string_view name) {
    return name.empty() ? "/dev/null" : std::string(side) + std::string(name);
}

} // namespace

bool is_text(ByteSpan content) {
    return content.size() <= kLargestText &&
           std::find(content.begin(), content.end(), std::byte{0}) == content.end();
}

std::string unified_diff(std::string_view before, std::string_view after,
                         std::string_view before_name, std::string_view after_name) {
    if (before == after)
        return {};
    const Lines a = lines_of(before);
    const Lines b = lines_of(after);
    const Middle m = without_common_ends(a, b);
    const Rounds rounds = search(a, b, m);
    std::vector<Edit> edits = trace(rounds, m);
    if (rounds.empty())
        edits = {{m.first, m.a_end - m.first, m.first, m.b_end - m.first}};
    std::string out =
        "--- " + name_of("a", before_name) + "\n+++ " + name_of("b", after_name) + "\n";
    for (std::size_t first = 0; first < edits.size();) {
        std::size_t end = first + 1;
        while (end < edits.size() &&
               edits[end].a - (edits[end - 1].a + edits[end - 1].removed) <= 2 * kContext)
            ++end;
        append_hunk(out, a, b, edits, first, end);
        first = end;
        if (out.size() > kLongestDiff && first < edits.size()) {
            out += "... " + std::to_string(edits.size() - first) + " more changes are not shown\n";
            break;
        }
    }
    return out;
}

} // namespace lifeboat::session
