// SPDX-License-Identifier: GPL-2.0-or-later
// A GPT keeps two copies of itself, one at each end of the disk. When one is damaged, or the disk
// was made larger and the second copy is not at its end any more, the good one can restore it.
#pragma once

#include "volume/layout.hpp"

namespace lifeboat::volume {

// Makes both copies good again, and nothing else; false when they are. `refused` when a partition
// lies where a copy must be, `unsupported` when the disk has no GPT or neither copy is good.
[[nodiscard]] Result<bool> repair_gpt(block::BlockDevice& disk);

} // namespace lifeboat::volume
