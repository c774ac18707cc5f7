// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/stage.hpp"

#include "session/originals.hpp"

#include <algorithm>

namespace lifeboat::session {

namespace {

Result<guest::GuestPtr> find_again(const guest::Found& found, const Plan::Step& step) {
    for (const auto& guest : found.guests)
        if (guest->id() == step.guest && guest->volume() == step.volume)
            return guest;
    for (const auto& unreadable : found.unreadable)
        if (unreadable.volume == step.volume)
            return fail(unreadable.why);
    return fail(ErrorKind::internal, step.volume, "the guest was not found a second time",
                "nothing was written; please report this");
}

// Where in its volume a changed file lies. Links are followed only for what is no link itself.
Result<fs::Tree::Place> place_of(const fs::Tree& tree, const guest::FileChange& change) {
    const bool itself = change.link || change.is_directory ||
                        change.kind == guest::FileChangeKind::removed ||
                        change.kind == guest::FileChangeKind::renamed;
    return itself ? tree.locate_parent(change.path) : tree.locate(change.path);
}

Result<std::vector<PlacedChange>> placed(const guest::Guest& guest,
                                         std::vector<guest::FileChange> changes) {
    std::vector<PlacedChange> out;
    for (auto& change : changes) {
        LIFEBOAT_TRY(const auto place, place_of(guest.tree(), change));
        std::string from;
        if (change.kind == guest::FileChangeKind::renamed) {
            LIFEBOAT_TRY(const auto source, guest.tree().locate_parent(change.from));
            from = source.path;
        }
        change.volume = place.volume;
        out.push_back({guest.id(), std::move(change), place.path, std::move(from), std::nullopt});
    }
    return out;
}

// A power cut during the commit leaves every file as it was or as it shall be, but for these.
void tell_of_risks(const guest::Guest& guest, Staged& staged) {
    if (staged.repairs.empty())
        return;
    for (const auto& mount : guest.tree().mounts())
        for (const auto& path : mount.fs->written_in_place())
            staged.repairs.back().sentences.push_back(
                mount.volume + ", " + path +
                " has to be overwritten where it lies (no space, or the file is too scattered): if "
                "the power fails while it is written, only lifeboat undo makes it whole again");
}

Result<void> record(const guest::Guest& guest, guest::Editor& editor, Staged& staged) {
    tell_of_risks(guest, staged);
    LIFEBOAT_TRY(auto changes, placed(guest, editor.take_changes()));
    for (auto& change : changes)
        staged.changes.push_back(std::move(change));
    return {};
}

std::vector<std::string> ids_of(const std::vector<const repair::Repair*>& repairs) {
    std::vector<std::string> out;
    for (const auto* repair : repairs)
        out.emplace_back(repair->id);
    return out;
}

Result<void> run_step(const guest::GuestPtr& guest, const Plan::Step& step, const std::string& keep,
                      Staged& staged, Progress& progress) {
    guest::Editor editor(guest);
    for (const auto* repair : step.repairs) {
        LIFEBOAT_CHECK(go_on(progress));
        progress.report("Staging: " + std::string(repair->title), -1);
        const auto done = repair->apply(editor);
        if (!done)
            return fail(done.error().in(step.guest + ", " + std::string(repair->id)));
        staged.repairs.push_back(
            {std::string(repair->id), step.guest, std::string(repair->title), editor.take_notes()});
    }
    const auto finished = editor.finish();
    if (!finished)
        return fail(finished.error().in(step.guest));
    const auto first = staged.changes.size();
    LIFEBOAT_CHECK(record(*guest, editor, staged));
    if (keep.empty())
        return {};
    const auto changes = std::span(staged.changes).subspan(first);
    if (const auto kept = keep_originals(editor, changes, ids_of(step.repairs), keep); !kept)
        staged.not_kept = kept.error().in(step.guest);
    return record(*guest, editor, staged);
}

using Work = std::function<Result<void>(const guest::Found& found, Staged& staged)>;

// One pass over fresh overlays with only `writable` open for writing.
Result<Staged> run(const OpenDisks& disks, const std::vector<std::string>& writable,
                   const Work& work) {
    auto machine = machine_over(disks, fs::Access::write);
    machine.write_only(writable);
    LIFEBOAT_TRY(const auto found, guest::find_guests(machine));
    Staged staged;
    LIFEBOAT_CHECK(work(found, staged));
    LIFEBOAT_CHECK(machine.close());
    return staged;
}

Work steps_of(const Plan& plan, const std::string& keep, Progress& progress) {
    return [&plan, keep, &progress](const guest::Found& found, Staged& staged) -> Result<void> {
        for (const auto& step : plan.steps) {
            LIFEBOAT_TRY(const auto guest, find_again(found, step));
            LIFEBOAT_CHECK(run_step(guest, step, keep, staged, progress));
        }
        return {};
    };
}

std::set<std::string> edited_volumes(const Staged& staged) {
    std::set<std::string> out;
    for (const auto& change : staged.changes)
        out.insert(change.change.volume);
    return out;
}

// What the kernel replayed is part of the change, and said once per volume.
void tell_replayed(const std::vector<std::string>& replayed, Staged& staged) {
    const auto edited = edited_volumes(staged);
    for (const auto& volume : replayed)
        if (edited.count(volume) != 0 && !staged.repairs.empty())
            staged.repairs.back().sentences.push_back(
                volume + " was not unmounted cleanly; its log is applied with this change, as the "
                         "guest's next start would do");
}

bool inside(const std::set<std::string>& part, const std::set<std::string>& whole) {
    return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

// Opening a file system for writing can change it already. Volumes that turn out to need no edit
// are opened for reading in a second pass, so that what is written is what is shown.
Result<Staged> run_narrow(const OpenDisks& disks, const std::vector<std::string>& writable,
                          const Work& work) {
    LIFEBOAT_TRY(auto staged, run(disks, writable, work));
    if (staged.not_kept)
        return staged;
    auto edited = edited_volumes(staged);
    LIFEBOAT_TRY(const auto touched, touched_volumes(disks));
    if (inside(touched, edited))
        return staged;
    LIFEBOAT_CHECK(start_over(disks, &edited));
    return run(disks, {edited.begin(), edited.end()}, work);
}

// Where the originals cannot be kept, because there is no space, the repair is done all the same.
Result<Staged> run_and_keep(const OpenDisks& disks, const Plan& plan, const std::string& keep,
                            Progress& progress) {
    LIFEBOAT_TRY(auto staged, run_narrow(disks, plan.writable, steps_of(plan, keep, progress)));
    if (!staged.not_kept) {
        if (!keep.empty() && !staged.changes.empty())
            staged.repairs.back().sentences.push_back(
                "the originals are kept in the guest; lifeboat restore puts them back");
        return staged;
    }
    const auto why = *staged.not_kept;
    LIFEBOAT_CHECK(start_over(disks));
    LIFEBOAT_TRY(staged, run_narrow(disks, plan.writable, steps_of(plan, {}, progress)));
    staged.repairs.back().sentences.push_back("no originals are kept in the guest: " + why.text());
    return staged;
}

Result<guest::GuestPtr> only_guest(const guest::Found& found, const std::string& name) {
    std::vector<guest::GuestPtr> fitting;
    for (const auto& guest : found.guests)
        if (name.empty() || guest->id() == name)
            fitting.push_back(guest);
    if (fitting.empty())
        return fail(ErrorKind::not_found, name.empty() ? "these disks" : name,
                    "there is no such guest", "lifeboat layout lists what there is");
    if (fitting.size() > 1)
        return fail(ErrorKind::usage, "these disks", "there are several guests",
                    "choose one with --guest, as in --guest " + fitting.front()->id());
    return fitting.front();
}

} // namespace

Result<Preview> stage_repairs(const OpenDisks& disks, std::span<const Choice> choices,
                              std::span<const repair::Repair> catalogue, Progress& progress,
                              const std::string& keep) {
    Plan plan;
    std::vector<std::string> replayed;
    {
        auto machine = machine_over(disks, fs::Access::read);
        LIFEBOAT_TRY(plan, make_plan(machine, choices, catalogue, progress));
        for (const auto& [disk, id] : machine.replayed())
            for (const auto& volume : disks[disk].layout.volumes)
                if (volume.id == id)
                    replayed.push_back(guest::Machine::volume_name(disk, volume));
    }
    if (plan.steps.empty())
        return Preview{};
    LIFEBOAT_TRY(auto staged, run_and_keep(disks, plan, keep, progress));
    tell_replayed(replayed, staged);
    LIFEBOAT_CHECK(verify_files(disks, staged, progress));
    LIFEBOAT_CHECK(verify_cured(disks, plan, catalogue, progress));
    LIFEBOAT_CHECK(go_on(progress));
    return describe(disks, std::move(staged));
}

Result<Preview> stage_guest_edit(const OpenDisks& disks, const std::string& name,
                                 const GuestEdit& edit, Progress& progress) {
    std::vector<std::string> writable;
    {
        auto machine = machine_over(disks, fs::Access::read);
        LIFEBOAT_TRY(const auto found, guest::find_guests(machine));
        LIFEBOAT_TRY(const auto guest, only_guest(found, name));
        if (const auto obstacles = guest->obstacles(); !obstacles.empty())
            return fail(obstacles.front());
        for (const auto& mount : guest->tree().mounts())
            writable.push_back(mount.volume);
    }
    const Work work = [&](const guest::Found& found, Staged& staged) -> Result<void> {
        LIFEBOAT_TRY(const auto guest, only_guest(found, name));
        guest::Editor editor(guest);
        LIFEBOAT_TRY(auto done, edit(editor));
        LIFEBOAT_CHECK(editor.finish());
        staged.repairs.push_back(std::move(done));
        return record(*guest, editor, staged);
    };
    LIFEBOAT_TRY(auto staged, run_narrow(disks, writable, work));
    if (staged.changes.empty())
        return Preview{std::move(staged.repairs), {}, {}, {}};
    LIFEBOAT_CHECK(verify_files(disks, staged, progress));
    return describe(disks, std::move(staged));
}

} // namespace lifeboat::session
