// SPDX-License-Identifier: GPL-2.0-or-later
// Whole files, for the programs that the build of the media runs.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <string>

namespace lifeboat::chainload {

[[nodiscard]] Result<Bytes> read_file(const std::string& path);
[[nodiscard]] Result<void> write_file(const std::string& path, ByteSpan content);

} // namespace lifeboat::chainload
