// SPDX-License-Identifier: GPL-2.0-or-later
// What the screen knows, and the only ways in which it changes. No drawing here, no thread, no
// disk: the pages are functions of a Model, and what a person does comes back as Commands.
#pragma once

#include "session/session.hpp"

#include <compare>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lifeboat::gui {

enum class Page { overview, finding, kept, preview, confirm, result, failure, confirm_undo, power };

// What the worker does right now.
enum class Work { none, look, stage, restore, commit, undo };

enum class Power { none, reboot, power_off };

// One finding: which repair, in which guest.
struct Key {
    std::string guest;
    std::string id;
    auto operator<=>(const Key&) const = default;
};

struct Model {
    Page page = Page::overview;
    Page before_power = Page::overview; // where Esc in the power menu leads
    Work work = Work::none;
    std::string doing;    // of the work, for people
    double fraction = -1; // of the work; negative: not known
    bool cancelling = false;

    std::optional<session::Inspection> inspection;
    session::Agreements agreed; // to the prices of ways past obstacles
    std::set<Key> chosen;       // repairs to stage
    Key open;                   // of the finding page
    bool show_all = false;      // also checks that found nothing

    std::vector<session::KeptInfo> kept; // originals of earlier repairs, newest first
    std::optional<Error> kept_error;     // why they could not be looked for
    std::size_t open_kept = 0;           // of the page of kept originals
    std::set<std::string> put_back;      // paths chosen there
    bool force = false;                  // ... also what was changed since

    std::optional<session::Preview> preview; // what is staged now, exactly
    std::size_t entry = 0;                   // of the preview's list
    bool confirmed = false;                  // the person has said yes to this preview

    std::optional<session::CommitInfo> commit; // the last thing written
    bool undone = false;                       // ... was the undoing of the one before
    std::vector<std::string> undo_files;       // oldest first
    std::optional<Error> error;                // of the failure page
    Work failed = Work::none;                  // what failed
    std::string note;                          // one line on the overview

    bool high_contrast = false;
    bool can_power = false; // this machine is ours to restart
    Power power = Power::none;
};

enum class Do {
    look,
    open_finding,
    toggle,
    toggle_way,
    show_kept,
    open_kept,
    toggle_file,
    toggle_force,
    preview_restore,
    choose_all,
    choose_none,
    show_all,
    preview,
    show_entry,
    ask_apply,
    confirm,
    apply,
    ask_undo,
    undo,
    back,
    cancel,
    contrast,
    power_menu,
    reboot,
    power_off,
};

struct Command {
    Do what = Do::back;
    Key finding = {};                  // open_finding, toggle
    std::size_t entry = 0;             // show_entry, open_kept
    bool yes = false;                  // confirm, show_all
    std::string text = {};             // toggle_file: its path
    session::Agreement agreement = {}; // toggle_way
};

struct Job {
    Work work = Work::none;
    std::vector<session::Choice> choices = {}; // stage
    std::string undo_file = {};                // undo
    session::RestoreChoice restore = {};
    session::Agreements agreed = {}; // stage, restore
};

// What a job came to. After commit and undo the disks are looked at again.
struct Finished {
    Work work = Work::none;
    std::optional<Error> error; // then nothing else is set
    std::optional<session::Inspection> inspection;
    std::vector<session::KeptInfo> kept; // with an inspection
    std::optional<Error> kept_error;
    std::optional<Error> look_error; // the disks could not be looked at again
    std::optional<session::Preview> preview;
    std::optional<session::CommitInfo> commit;
};

// Changes the model as the command says; the job to start, when it needs one. Commands that make no
// sense now change nothing: applying without a preview and a yes to it, anything during a job.
[[nodiscard]] std::optional<Job> update(Model& model, const Command& command);
void update(Model& model, const Finished& finished);

// True while the job may be given up: stopping in the middle of writing would leave a job for the
// undo file.
[[nodiscard]] bool can_stop(const Model& model);
// A finding that a person may choose to have repaired.
[[nodiscard]] bool can_repair(const Model& model, const session::FindingInfo& finding);
// What can be put back of a set of originals as things stand: with a sound copy, not the original
// already, and not changed since unless that is forced.
[[nodiscard]] bool can_put_back(const Model& model, const session::KeptFileInfo& file);
[[nodiscard]] const session::KeptInfo* shown_kept(const Model& model);
[[nodiscard]] const session::FindingInfo* find_finding(const Model& model, const Key& key);
[[nodiscard]] const session::GuestInfo* find_guest(const Model& model, const std::string& id);
// What a guest is called beside a finding or a repair: its title, where it is the only one; where
// there are several, which may have the same title, its volume as well.
[[nodiscard]] std::string guest_name(const Model& model, const std::string& id);

} // namespace lifeboat::gui
