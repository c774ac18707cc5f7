// SPDX-License-Identifier: GPL-2.0-or-later
// An engine whose work is done by a child process (guard.hpp): a crash, a hang or a lack of memory
// while a guest's disk is parsed is an error of that one call, and the front end goes on. The next
// look() starts afresh in a new child.
#pragma once

#include "session/engine.hpp"
#include "session/guard.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lifeboat::session {

// Starts the process that keeps the children, so: before this process has threads. `make` is called
// in every child, after `restrict` has taken away what parsing needs not; and once here, for
// disks() and page(), which read no disk. Limits hold for each call.
[[nodiscard]] Result<std::unique_ptr<Engine>>
guard_engine(std::function<std::unique_ptr<Engine>()> make, std::function<void()> restrict,
             const GuardLimits& limits = {});

// make_engine() in guarded children. On a host they can do little else (docs/safety.md); on the
// rescue medium, where the kernel mounts file systems for them, they keep their rights.
[[nodiscard]] Result<std::unique_ptr<Engine>>
make_guarded_engine(const std::vector<std::string>& disks, const std::string& undo_folder,
                    const std::string& sys_block = "/sys/block");

} // namespace lifeboat::session
