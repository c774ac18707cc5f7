// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"

#include <string>

namespace lifeboat::block {

// `disk_path`: the file or block device the disk lies in; empty when it is far away. `refused` when
// the undo file would lie on the disk it is meant to restore, or be that disk.
[[nodiscard]] Result<void> check_undo_place(const std::string& undo_path,
                                            const std::string& disk_path);

} // namespace lifeboat::block
