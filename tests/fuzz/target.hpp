// SPDX-License-Identifier: GPL-2.0-or-later
// One parser under attack. Each <target>.cpp beside this file defines these two; from it come a
// program for libFuzzer and one that replays the corpus with any compiler (replay_test.cpp).
#pragma once

#include "base/bytes.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace lifeboat::fuzz {

// Feeds the parser. Returns whatever the input is; a crash, a hang or wrong() is a finding.
void run(ByteSpan input);

// Sound inputs, made from our own fixtures, and from real files where they are on this machine.
[[nodiscard]] std::vector<Bytes> seeds();

// A promise that was broken without a crash.
inline void holds(bool promise, const char* what) {
    if (promise)
        return;
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

} // namespace lifeboat::fuzz
