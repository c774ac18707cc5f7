// SPDX-License-Identifier: GPL-2.0-or-later
// Real hives with one to three fields of their structure bent: keys that point at themselves,
// counts that lie, cells outside of their bins. The limits of the guarded child watch over it.
#include "fuzz/mutate.hpp"
#include "registry/hive.hpp"
#include "registry/regf_reader.hpp"
#include "session/guard.hpp"
#include "support/hives.hpp"
#include "support/specimens.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <new>
#include <sys/mman.h>
#include <sys/time.h>

using namespace lifeboat;
using registry::Hive;

namespace {

constexpr int kMutants = 10000; // of one run
constexpr int kOfLargeHives = 100;
constexpr std::size_t kLarge = 256 << 10; // bytes
constexpr int kBatch = 100;               // at most, per child
constexpr int kMostKeys = 1500;           // walked in one mutant
constexpr long kSeconds = 2;              // of computing time for one mutant

// Fields of the records, by their signature; offsets from the signature, widths in bytes. Source:
// msuhanov/regf.
struct Field {
    std::string_view record;
    std::size_t offset, width;
};
constexpr std::array kFields = {
    Field{"nk", 2, 2},  Field{"nk", 16, 4}, Field{"nk", 20, 4}, Field{"nk", 28, 4},
    Field{"nk", 36, 4}, Field{"nk", 40, 4}, Field{"nk", 44, 4}, Field{"nk", 48, 4},
    Field{"nk", 72, 2}, Field{"nk", 74, 2}, Field{"vk", 2, 2},  Field{"vk", 4, 4},
    Field{"vk", 8, 4},  Field{"vk", 12, 4}, Field{"vk", 16, 2}, Field{"lf", 2, 2},
    Field{"lf", 4, 4},  Field{"lf", 12, 4}, Field{"lh", 2, 2},  Field{"lh", 4, 4},
    Field{"lh", 8, 4},  Field{"li", 2, 2},  Field{"li", 4, 4},  Field{"ri", 2, 2},
    Field{"ri", 4, 4},  Field{"sk", 4, 4},  Field{"sk", 8, 4},  Field{"sk", 16, 4},
    Field{"db", 2, 2},  Field{"db", 4, 4},
};

struct Specimen {
    std::string name;
    Bytes image;
    std::vector<std::size_t> records; // offsets of signatures
};

std::vector<std::size_t> records_of(const Bytes& image) {
    std::vector<std::size_t> out;
    for (std::size_t at = 4096 + 36; at + 80 < image.size(); at += 8) {
        const auto word = to_text(ByteSpan(image).subspan(at, 2));
        if (word == "nk" || word == "vk" || word == "lf" || word == "lh" || word == "li" ||
            word == "ri" || word == "sk" || word == "db")
            out.push_back(at);
    }
    return out;
}

// Another record's cell, itself, or a number at which parsers go wrong.
std::uint32_t value_for(fuzz::Mutator& random, const Specimen& hive, std::size_t record) {
    switch (random.below(3)) {
    case 0:
        return static_cast<std::uint32_t>(hive.records[random.below(hive.records.size())] - 4100);
    case 1: return static_cast<std::uint32_t>(record - 4100);
    default: return random.mean_number();
    }
}

Bytes mutant_of(const Specimen& hive, std::uint32_t seed) {
    fuzz::Mutator random(seed);
    Bytes image = hive.image;
    for (auto rounds = 1 + random.below(3); rounds > 0; --rounds) {
        const auto record = hive.records[random.below(hive.records.size())];
        const auto what = random.below(10);
        if (what == 0) { // the size of the cell
            random.put(image, record - 4, random.mean_number(), 4);
        } else if (what == 1) { // the base block or a bin's header
            const bool base = random.below(2) == 0;
            random.put(image, base ? 4 * random.below(14) : 4096 + 4 * random.below(8),
                       random.mean_number(), 4);
        } else if (what == 2) { // the signature
            random.put(image, record, random.mean_number(), 2);
        } else {
            std::vector<Field> mine;
            for (const auto& field : kFields)
                if (to_text(ByteSpan(image).subspan(record, 2)) == field.record)
                    mine.push_back(field);
            if (mine.empty())
                continue;
            const auto& field = mine[random.below(mine.size())];
            random.put(image, record + field.offset, value_for(random, hive, record), field.width);
        }
    }
    if (random.below(16) != 0)
        tests::fix_checksum(image);
    if (random.below(32) == 0)
        image.resize(random.below(image.size()));
    return image;
}

void walk(const Hive& hive, const std::string& path, int depth, int& left) {
    if (depth > 40 || --left < 0)
        return;
    if (const auto values = hive.values(path))
        for (const auto& value : *values)
            static_cast<void>(value.text());
    if (const auto keys = hive.subkeys(path))
        for (const auto& key : *keys)
            walk(hive, path.empty() ? key : path + "\\" + key, depth + 1, left);
}

// How far the mutants came, counted in memory that the children share: a test whose mutants are all
// refused at the door would prove little.
struct Depth {
    int opened = 0;
    int keys = 0;
    int edited = 0;
};

// What a repair does. Empty when all is well: the hive was refused and stays what it was, or what
// would be written is sound.
std::string broken_promise(const Bytes& image, Depth& depth) {
    auto hive = Hive::open(image, "SYSTEM");
    if (!hive)
        return {};
    ++depth.opened;
    int left = kMostKeys;
    walk(*hive, "", 0, left);
    depth.keys += kMostKeys - std::max(left, 0);
    const auto set =
        hive->set("ControlSet001\\Services\\lifeboat", registry::dword_value("Start", 4));
    const auto gone = hive->delete_key("ControlSet001\\Services\\xenvbd");
    if (!set && !gone) {
        const auto stored = hive->serialize();
        if (stored && !equal(*stored, image))
            return "what was refused changed the hive";
        return {};
    }
    const auto stored = hive->serialize();
    if (!stored)
        return {};
    ++depth.edited;
    // The session writes only what this reader finds sound (session/verify.cpp); here it must not
    // crash or hang on it.
    static_cast<void>(registry::check_structure(*stored));
    static_cast<void>(registry::difference(image, *stored));
    return {};
}

// Ends a hang with SIGPROF, which the guard reports.
void wind_up() {
    const itimerval timer{{0, 0}, {kSeconds, 0}};
    setitimer(ITIMER_PROF, &timer, nullptr);
}

int run_batch(const Specimen& hive, std::uint32_t first, int count, session::Watch& watch,
              Depth& depth) {
    for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS})
        std::signal(signal, SIG_DFL); // the test framework's own handlers would talk
    for (int i = 0; i < count; ++i) {
        const auto seed = first + static_cast<std::uint32_t>(i);
        watch.doing(hive.name + ", seed " + std::to_string(seed));
        const auto image = mutant_of(hive, seed);
        wind_up();
        if (const auto broken = broken_promise(image, depth); !broken.empty()) {
            std::fprintf(stderr, "%s, seed %u: %s\n", hive.name.c_str(), seed, broken.c_str());
            return 9;
        }
    }
    return 0;
}

std::vector<Specimen> specimens(bool large) {
    std::vector<Specimen> out;
    for (const std::string folder : {"bcd", "system", "damaged"})
        for (const auto& name : tests::specimen_names(folder)) {
            auto image = tests::specimen(name);
            if (!image || (image->size() > kLarge) != large || image->size() < 8192)
                continue;
            auto records = records_of(*image);
            if (!records.empty())
                out.push_back({name, std::move(*image), std::move(records)});
        }
    return out;
}

void attack_all(const std::vector<Specimen>& hives, int mutants, Depth& depth) {
    const session::GuardLimits limits{2ULL << 30, 0};
    const int batch = std::min(kBatch, 1 + mutants / static_cast<int>(hives.size()));
    std::uint32_t seed = 1;
    for (int done = 0; done < mutants;) {
        for (const auto& hive : hives) {
            const int count = std::min(batch, mutants - done);
            const auto ended = session::run_guarded(limits, [&](session::Watch& watch) {
                return run_batch(hive, seed, count, watch, depth);
            });
            seed += static_cast<std::uint32_t>(count);
            done += count;
            INFO(hive.name << ", seeds before " << seed << ": "
                           << (ended.died ? ended.died->text() : ""));
            CHECK(ended.exit_code == 0);
            if (done >= mutants)
                return;
        }
    }
}

void attack(const std::vector<Specimen>& hives, int mutants) {
    void* shared =
        mmap(nullptr, sizeof(Depth), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(shared != MAP_FAILED);
    auto* depth = new (shared) Depth{};
    attack_all(hives, mutants, *depth);
    WARN(mutants << " mutants: " << depth->opened << " opened, " << depth->keys << " keys read, "
                 << depth->edited << " edited");
    CHECK(depth->opened > mutants / 4);
    CHECK(depth->edited > mutants / 20);
    munmap(shared, sizeof(Depth));
}

} // namespace

TEST_CASE("ten thousand real hives with a bent structure: no crash, no hang, no wrong edit") {
    const auto small = specimens(false);
    if (small.empty())
        SKIP(tests::kNoSpecimens);
    attack(small, kMutants - kOfLargeHives);
}

TEST_CASE("large real hives with a bent structure: no crash, no hang, no wrong edit") {
    const auto large = specimens(true);
    if (large.empty())
        SKIP(tests::kNoSpecimens);
    attack(large, kOfLargeHives);
}
