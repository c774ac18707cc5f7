// SPDX-License-Identifier: GPL-2.0-or-later
// The one bounds check of all devices.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"

#include <cstdint>

namespace lifeboat::block {

[[nodiscard]] inline Result<void> check_range(const std::string& name, std::uint64_t size,
                                              std::uint64_t offset, std::uint64_t length) {
    if (offset > size || length > size - offset)
        return fail(ErrorKind::io, name,
                    "byte " + std::to_string(offset) + " + " + std::to_string(length) +
                        " is past the end at " + std::to_string(size));
    return {};
}

[[nodiscard]] inline tl::unexpected<Error> not_writable(const std::string& name) {
    return fail(ErrorKind::internal, name, "it was opened for reading only");
}

} // namespace lifeboat::block
