// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/clear_way.hpp"

#include "fs/ext_journal.hpp"
#include "fs/ntfs_volume.hpp"

namespace lifeboat::fs {

namespace {

Result<std::vector<std::string>> discard_hibernation(const block::DevicePtr& volume) {
    std::vector<std::string> out;
    LIFEBOAT_TRY(const auto before, [&]() -> Result<NtfsState> {
        LIFEBOAT_TRY(const auto mounted, NtfsVolume::mount(volume, false));
        return mounted->state();
    }());
    // A journal in use by itself is not a hibernation: Windows may be running.
    if (!before.hibernated && !before.cached)
        return out;
    if (before.cached || before.log_unclean) {
        LIFEBOAT_CHECK(NtfsVolume::empty_log(volume));
        LIFEBOAT_CHECK(volume->flush());
        out.emplace_back("the journal $LogFile is emptied; have Windows check the volume "
                         "(chkdsk /f) when it runs");
    }
    if (before.hibernated) {
        LIFEBOAT_CHECK(NtfsVolume::remove_hibernation(volume));
        LIFEBOAT_CHECK(volume->flush());
        out.emplace_back("hiberfil.sys is removed: the programs that were running when Windows was "
                         "hibernated, and what they had not saved, are lost");
    }
    return out;
}

Result<std::vector<std::string>> replay(const block::DevicePtr& volume) {
    LIFEBOAT_TRY(const auto replayed, replay_ext_journal(volume));
    std::vector<std::string> out;
    if (replayed)
        out.push_back("the journal is applied: " + std::to_string(replayed->transactions) +
                      (replayed->transactions == 1 ? " transaction, " : " transactions, ") +
                      std::to_string(replayed->blocks) +
                      " blocks, as the guest's next start would do");
    return out;
}

} // namespace

Result<std::vector<std::string>> clear_way(block::DevicePtr volume, Kind kind, const Ways& ways) {
    if (kind == Kind::ntfs && ways.discard_hibernation)
        return discard_hibernation(volume);
    if (kind == Kind::ext && ways.replay_journal)
        return replay(volume);
    return std::vector<std::string>{};
}

} // namespace lifeboat::fs
