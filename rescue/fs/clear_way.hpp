// SPDX-License-Identifier: GPL-2.0-or-later
// Obstacles to writing that can be cleared away, at a price that a person must have agreed to. What
// is done here happens on the overlay, like any change: it is previewed and can be undone.
#pragma once

#include "fs/filesystem.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::fs {

// Error::option of the obstacles that they clear away.
inline constexpr std::string_view kDiscardHibernation = "--discard-hibernation";
inline constexpr std::string_view kReplayJournal = "--replay-journal";

struct Ways {
    // NTFS: removes hiberfil.sys and, where Windows left it in use, empties $LogFile, as ntfs-3g's
    // remove_hiberfile does. What the hibernated Windows had in memory is lost.
    bool discard_hibernation = false;
    // ext3, ext4: writes what the journal holds to its place, as the guest's next start would do.
    bool replay_journal = false;

    [[nodiscard]] bool any() const { return discard_hibernation || replay_journal; }
};

// One plain sentence for each thing that was done; none when nothing stood in the way that `ways`
// clears. `refused`, `unsupported` and `damaged` say why it cannot be done; the caller must discard
// the overlay then.
[[nodiscard]] Result<std::vector<std::string>> clear_way(block::DevicePtr volume, Kind kind,
                                                         const Ways& ways);

} // namespace lifeboat::fs
