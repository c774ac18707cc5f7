// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/hash.hpp"

#include <nettle/sha2.h>

namespace lifeboat {

struct Sha256::State {
    sha256_ctx context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) { sha256_init(&state_->context); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(ByteSpan data) {
    sha256_update(&state_->context, data.size(),
                  reinterpret_cast<const std::uint8_t*>(data.data()));
}

Digest Sha256::finish() {
    Digest digest;
    sha256_digest(&state_->context, digest.size(), reinterpret_cast<std::uint8_t*>(digest.data()));
    return digest;
}

Digest sha256(ByteSpan data) {
    Sha256 hash;
    hash.add(data);
    return hash.finish();
}

} // namespace lifeboat
