// SPDX-License-Identifier: GPL-2.0-or-later
// Whether an ext file system may be written to.
#pragma once

#include "fs/ext_handle.hpp"

namespace lifeboat::fs {

// Why not; nothing when it is clean and has no feature that we would not keep consistent.
[[nodiscard]] std::optional<Error> ext_obstacle(const ExtHandle& handle);
// The same for a volume that is not open yet.
[[nodiscard]] Result<std::optional<Error>> ext_write_obstacle(block::DevicePtr volume);

} // namespace lifeboat::fs
