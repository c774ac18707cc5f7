// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz/target.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lifeboat::fuzz::run({reinterpret_cast<const std::byte*>(data), size});
    return 0;
}
