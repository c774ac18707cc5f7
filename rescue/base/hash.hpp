// SPDX-License-Identifier: GPL-2.0-or-later
// SHA-256: undo files and kept originals.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <memory>

namespace lifeboat {

using Digest = std::array<std::byte, 32>;

[[nodiscard]] Digest sha256(ByteSpan data);

// The same, piece by piece.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    void add(ByteSpan data);
    [[nodiscard]] Digest finish(); // and start anew

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace lifeboat
