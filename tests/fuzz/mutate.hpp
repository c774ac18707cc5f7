// SPDX-License-Identifier: GPL-2.0-or-later
// Small seeded changes to an input: what a mean or a broken disk holds instead.
#pragma once

#include "base/bytes.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace lifeboat::fuzz {

class Mutator {
public:
    explicit Mutator(std::uint32_t seed) : random_(seed) {}

    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

    // The numbers at which parsers go wrong.
    std::uint32_t mean_number() {
        constexpr std::array<std::uint32_t, 14> kMean = {
            0,      1,      7,          8,          0x7f,       0x80,       0xff,
            0xfffe, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff8, 0xfffffffe, 0xffffffff};
        return below(4) == 0 ? static_cast<std::uint32_t>(random_()) : kMean[below(kMean.size())];
    }

    void put(Bytes& data, std::size_t at, std::uint32_t value, std::size_t width) {
        for (std::size_t i = 0; i < width && at + i < data.size(); ++i)
            data[at + i] = static_cast<std::byte>(value >> (8 * i));
    }

    Bytes mutant(Bytes data) {
        for (auto rounds = 1 + below(4); rounds > 0 && !data.empty(); --rounds)
            once(data);
        return data;
    }

private:
    void once(Bytes& data) {
        const auto at = place(data);
        constexpr std::array<std::size_t, 3> kWidths = {1, 2, 4};
        switch (below(8)) {
        case 0: data[at] ^= static_cast<std::byte>(1U << below(8)); break;
        case 1: data[at] = static_cast<std::byte>(random_()); break;
        case 2:
        case 3: put(data, at & ~std::size_t{3}, mean_number(), kWidths[below(3)]); break;
        case 4: data.resize(at); break;
        case 5: { // a part of it once more, elsewhere
            const auto from = place(data);
            const auto length = std::min({below(64) + 1, data.size() - from, data.size() - at});
            const Bytes part(data.begin() + static_cast<std::ptrdiff_t>(from),
                             data.begin() + static_cast<std::ptrdiff_t>(from + length));
            std::copy(part.begin(), part.end(), data.begin() + static_cast<std::ptrdiff_t>(at));
            break;
        }
        case 6:
            data.insert(data.begin() + static_cast<std::ptrdiff_t>(at), below(32), data[at]);
            break;
        default:
            data.erase(data.begin() + static_cast<std::ptrdiff_t>(at),
                       data.begin() +
                           static_cast<std::ptrdiff_t>(std::min(data.size(), at + 1 + below(16))));
        }
    }

    // Rather where something is than in long runs of zeros.
    std::size_t place(const Bytes& data) {
        auto at = below(data.size());
        for (int tries = 0; tries < 64 && data[at] == std::byte{0}; ++tries)
            at = below(data.size());
        return at;
    }

    std::mt19937 random_;
};

} // namespace lifeboat::fuzz
