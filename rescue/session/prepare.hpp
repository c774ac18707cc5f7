// SPDX-License-Identifier: GPL-2.0-or-later
// What a process makes ready while it still has all its rights, before it gives them up
// (guard.hpp) and reads the first byte of a guest.
#pragma once

#include "session/guard.hpp"
#include "session/session.hpp"

namespace lifeboat::session {

struct Intent {
    std::vector<std::string> disks; // as the user named them
    bool writes = false;            // to the disks
    std::string new_undo_file;      // is to be made; empty: none
    std::vector<std::string> files; // further ones that are read
};

struct Prepared {
    Options options; // with the helper that starts qemu-nbd, where it may be needed
    GuardPaths paths;
};

// Reads nothing of the disks. Error `io`.
[[nodiscard]] Result<Prepared> prepare(const Intent& intent);

// The disks an undo file remembers; the errors of undo().
[[nodiscard]] Result<std::vector<std::string>> disks_of_undo_file(const std::string& undo_file);

} // namespace lifeboat::session
