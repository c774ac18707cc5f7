// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a target over its corpus and over seeded changes of it, with whatever compiler there is.
// LIFEBOAT_FUZZ_CORPUS=DIR: writes the corpus there for libFuzzer instead.
// LIFEBOAT_FUZZ_INPUT=FILE: runs one input, as libFuzzer left it behind.
#include "fuzz/mutate.hpp"
#include "fuzz/target.hpp"
#include "support/tools.hpp"

#include <csignal>
#include <sys/time.h>

using namespace lifeboat;

namespace {

constexpr int kMutants = 300;        // of the whole corpus
constexpr long kSecondsPerInput = 2; // of computing time, so that a busy machine fails nothing
constexpr std::uint32_t kSeed = 20261120;

// A hang ends the program by SIGPROF.
void wind_up() {
    const itimerval timer{{0, 0}, {kSecondsPerInput, 0}};
    setitimer(ITIMER_PROF, &timer, nullptr);
}

} // namespace

TEST_CASE(LIFEBOAT_FUZZ_TARGET ": no input crashes it or lets it hang") {
    if (const char* file = std::getenv("LIFEBOAT_FUZZ_INPUT")) {
        fuzz::run(test::read_file(file));
        return;
    }
    const auto corpus = fuzz::seeds();
    REQUIRE_FALSE(corpus.empty());
    if (const char* folder = std::getenv("LIFEBOAT_FUZZ_CORPUS")) {
        for (std::size_t i = 0; i < corpus.size(); ++i)
            test::write_file(std::string(folder) + "/seed-" + std::to_string(i),
                             ByteSpan(corpus[i]));
        return;
    }
    for (const auto& seed : corpus) {
        wind_up();
        fuzz::run(seed);
    }
    fuzz::Mutator mutator(kSeed);
    for (int i = 0; i < kMutants; ++i) {
        const auto mutant = mutator.mutant(corpus[static_cast<std::size_t>(i) % corpus.size()]);
        wind_up();
        fuzz::run(mutant);
    }
    const itimerval off{};
    setitimer(ITIMER_PROF, &off, nullptr);
    SUCCEED(kMutants << " mutants of " << corpus.size() << " seeds");
}
