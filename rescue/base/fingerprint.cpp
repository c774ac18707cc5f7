// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/fingerprint.hpp"

#include <xxhash.h>

namespace lifeboat {

Fingerprint fingerprint(ByteSpan data) {
    const auto hash = XXH3_128bits(data.data(), data.size());
    return {hash.high64, hash.low64};
}

} // namespace lifeboat
