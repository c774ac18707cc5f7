// SPDX-License-Identifier: GPL-2.0-or-later
// A session as a front end with a person before it drives it: look, stage, commit, undo, again and
// again over the same disks. An interface, so that the screen and the text menu can be tried
// without a guest.
#pragma once

#include "session/session.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::session {

class Engine {
public:
    virtual ~Engine() = default;

    // The disks to work on, as they are now; asked before every look().
    [[nodiscard]] virtual std::vector<std::string> disks() const = 0;
    // Opens the disks anew and looks at everything; what was staged is dropped.
    [[nodiscard]] virtual Result<Inspection> look(Progress& progress) = 0;
    // Originals that earlier repairs kept, newest last. This and what follows: error `usage` before
    // the first look().
    [[nodiscard]] virtual Result<std::vector<KeptInfo>> kept(Progress& progress) = 0;
    // See Session::stage, stage_restore; `agreed` as for Session::go_past.
    [[nodiscard]] virtual Result<Preview> stage(std::span<const Choice> choices,
                                                const Agreements& agreed, Progress& progress) = 0;
    [[nodiscard]] virtual Result<Preview>
    stage_restore(const RestoreChoice& choice, const Agreements& agreed, Progress& progress) = 0;
    virtual void discard() = 0;
    // Writes what is staged; the undo file lies in the engine's folder under a new name.
    [[nodiscard]] virtual Result<CommitInfo> commit(Progress& progress) = 0;
    // Restores from an undo file that commit() returned.
    [[nodiscard]] virtual Result<CommitInfo> undo(const std::string& undo_file,
                                                  Progress& progress) = 0;
    // See documents.hpp.
    [[nodiscard]] virtual std::optional<std::string_view> page(std::string_view id) const = 0;
};

// The engine of real disks. An empty `disks` means all disks of this machine, looked up each time
// in `sys_block`. `undo_folder` is made when it is not there.
[[nodiscard]] std::unique_ptr<Engine> make_engine(std::vector<std::string> disks,
                                                  std::string undo_folder,
                                                  std::string sys_block = "/sys/block",
                                                  Options options = {});

// "/dev/sda", ...: the disks the kernel lists in `sys_block`, sorted by name; without CDs,
// floppies, RAM and loop devices, device-mapper and software-RAID devices (they lie on the disks),
// without media (size 0), and without the rescue medium when it is a stick.
[[nodiscard]] std::vector<std::string> disks_of_machine(const std::string& sys_block);

} // namespace lifeboat::session
