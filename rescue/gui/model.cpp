// SPDX-License-Identifier: GPL-2.0-or-later
#include "gui/model.hpp"

#include "session/ways.hpp"

#include <algorithm>
#include <utility>

namespace lifeboat::gui {

using session::Outcome;

const session::FindingInfo* find_finding(const Model& model, const Key& key) {
    if (!model.inspection)
        return nullptr;
    for (const auto& finding : model.inspection->findings)
        if (finding.guest == key.guest && finding.id == key.id)
            return &finding;
    return nullptr;
}

const session::GuestInfo* find_guest(const Model& model, const std::string& id) {
    if (!model.inspection)
        return nullptr;
    for (const auto& guest : model.inspection->guests)
        if (guest.id == id)
            return &guest;
    return nullptr;
}

std::string guest_name(const Model& model, const std::string& id) {
    const auto* guest = find_guest(model, id);
    if (!guest)
        return id;
    const auto& title = guest->title.empty() ? id : guest->title;
    return model.inspection->guests.size() == 1 ? title : guest->volume + ":  " + title;
}

bool can_repair(const Model& model, const session::FindingInfo& finding) {
    const auto* guest = find_guest(model, finding.guest);
    return finding.outcome == Outcome::trouble && guest &&
           session::may_change(*guest, model.agreed);
}

bool can_put_back(const Model& model, const session::KeptFileInfo& file) {
    if (!file.copy_is_good || file.state == "original" || file.state == "unknown")
        return false;
    return file.state == "as_left" || model.force;
}

bool can_stop(const Model& model) {
    return model.work == Work::look || model.work == Work::stage || model.work == Work::restore;
}

const session::KeptInfo* shown_kept(const Model& model) {
    return model.open_kept < model.kept.size() ? &model.kept[model.open_kept] : nullptr;
}

namespace {

// What was previewed does not hold any more.
void forget_preview(Model& model) {
    model.preview.reset();
    model.entry = 0;
    model.confirmed = false;
}

void choose_what_matters(Model& model) {
    model.chosen.clear();
    for (const auto& finding : model.inspection->findings)
        if (can_repair(model, finding) && finding.severity != "info")
            model.chosen.insert({finding.guest, finding.id});
    forget_preview(model);
}

// All files of the set that can be put back without losing anything newer.
void choose_files(Model& model) {
    model.put_back.clear();
    if (const auto* kept = shown_kept(model))
        for (const auto& file : kept->files)
            if (can_put_back(model, file))
                model.put_back.insert(file.path);
    forget_preview(model);
}

void show_inspection(Model& model, const Finished& finished) {
    model.inspection = finished.inspection;
    // A price is agreed to for these disks as they were.
    model.agreed.clear();
    choose_what_matters(model);
    model.kept.assign(finished.kept.rbegin(), finished.kept.rend());
    model.kept_error = finished.kept_error;
    model.open_kept = 0;
    model.force = false;
    choose_files(model);
}

void toggle_way(Model& model, const session::Agreement& agreement) {
    const auto* guest = find_guest(model, agreement.guest);
    if (!guest ||
        std::find(guest->ways.begin(), guest->ways.end(), agreement.option) == guest->ways.end())
        return;
    if (model.agreed.erase(agreement) == 0)
        model.agreed.insert(agreement);
    choose_what_matters(model);
}

Job begin(Model& model, Job job) {
    model.work = job.work;
    model.doing.clear();
    model.fraction = -1;
    model.cancelling = false;
    model.note.clear();
    return job;
}

std::optional<Job> begin_stage(Model& model) {
    if (model.chosen.empty() || !model.inspection)
        return std::nullopt;
    forget_preview(model);
    Job job{Work::stage};
    job.agreed = model.agreed;
    for (const auto& key : model.chosen)
        job.choices.push_back({key.id, key.guest});
    return begin(model, std::move(job));
}

std::optional<Job> begin_restore(Model& model) {
    const auto* kept = shown_kept(model);
    if (model.page != Page::kept || !kept || model.put_back.empty())
        return std::nullopt;
    forget_preview(model);
    Job job{Work::restore};
    job.agreed = model.agreed;
    job.restore = {
        kept->time, kept->guest, {model.put_back.begin(), model.put_back.end()}, model.force};
    return begin(model, std::move(job));
}

void toggle_file(Model& model, const std::string& path) {
    if (const auto* kept = shown_kept(model))
        for (const auto& file : kept->files)
            if (file.path == path && can_put_back(model, file)) {
                forget_preview(model);
                if (model.put_back.erase(path) == 0)
                    model.put_back.insert(path);
            }
}

void go_back(Model& model) {
    switch (model.page) {
    case Page::overview: break;
    case Page::confirm:
        model.confirmed = false;
        model.page = Page::preview;
        break;
    case Page::confirm_undo:
        model.page = model.commit && !model.undone ? Page::result : Page::overview;
        break;
    case Page::power: model.page = model.before_power; break;
    case Page::kept:
    case Page::preview:
    case Page::finding:
    case Page::result:
    case Page::failure:
        forget_preview(model);
        model.page = Page::overview;
        break;
    }
}

void toggle(Model& model, const Key& key) {
    const auto* finding = find_finding(model, key);
    if (!finding || !can_repair(model, *finding))
        return;
    forget_preview(model);
    if (model.chosen.erase(key) == 0)
        model.chosen.insert(key);
}

void choose_all(Model& model) {
    forget_preview(model);
    if (model.inspection)
        for (const auto& finding : model.inspection->findings)
            if (can_repair(model, finding))
                model.chosen.insert({finding.guest, finding.id});
}

void choose_none(Model& model) {
    forget_preview(model);
    model.chosen.clear();
}

std::optional<Job> apply(Model& model) {
    if (model.page != Page::confirm || !model.preview || model.preview->empty() || !model.confirmed)
        return std::nullopt;
    return begin(model, Job{Work::commit});
}

std::optional<Job> undo(Model& model) {
    if (model.page != Page::confirm_undo || model.undo_files.empty())
        return std::nullopt;
    Job job{Work::undo};
    job.undo_file = model.undo_files.back();
    return begin(model, std::move(job));
}

std::optional<Job> begin_look(Model& model) {
    forget_preview(model);
    model.page = Page::overview;
    return begin(model, Job{Work::look});
}

void open_power(Model& model) {
    if (!model.can_power || model.page == Page::power)
        return;
    model.before_power = model.page;
    model.page = Page::power;
}

// Commands that only show something else.
void navigate(Model& model, const Command& command) {
    const bool reviewed = model.preview && !model.preview->empty();
    switch (command.what) {
    case Do::open_finding:
        if (find_finding(model, command.finding)) {
            model.open = command.finding;
            model.page = Page::finding;
        }
        break;
    case Do::show_kept:
        if (!model.kept.empty())
            model.page = Page::kept;
        break;
    case Do::open_kept:
        if (command.entry < model.kept.size() && command.entry != model.open_kept) {
            model.open_kept = command.entry;
            choose_files(model);
        }
        break;
    case Do::toggle_file: toggle_file(model, command.text); break;
    case Do::toggle_force:
        model.force = !model.force;
        choose_files(model);
        break;
    case Do::show_entry: model.entry = command.entry; break;
    case Do::show_all: model.show_all = command.yes; break;
    case Do::ask_apply:
        if (model.page == Page::preview && reviewed) {
            model.confirmed = false;
            model.page = Page::confirm;
        }
        break;
    case Do::confirm:
        model.confirmed = command.yes && model.page == Page::confirm && reviewed;
        break;
    case Do::ask_undo:
        if (!model.undo_files.empty())
            model.page = Page::confirm_undo;
        break;
    case Do::back: go_back(model); break;
    case Do::power_menu: open_power(model); break;
    default: break;
    }
}

} // namespace

std::optional<Job> update(Model& model, const Command& command) {
    if (command.what == Do::contrast) {
        model.high_contrast = !model.high_contrast;
        return std::nullopt;
    }
    if (model.work != Work::none) {
        if (command.what == Do::cancel && can_stop(model))
            model.cancelling = true;
        return std::nullopt;
    }
    switch (command.what) {
    case Do::look: return begin_look(model);
    case Do::preview: return begin_stage(model);
    case Do::preview_restore: return begin_restore(model);
    case Do::apply: return apply(model);
    case Do::undo: return undo(model);
    case Do::toggle: toggle(model, command.finding); break;
    case Do::toggle_way: toggle_way(model, command.agreement); break;
    case Do::choose_all: choose_all(model); break;
    case Do::choose_none: choose_none(model); break;
    case Do::reboot:
    case Do::power_off:
        if (model.page == Page::power)
            model.power = command.what == Do::reboot ? Power::reboot : Power::power_off;
        break;
    default: navigate(model, command);
    }
    return std::nullopt;
}

void update(Model& model, const Finished& finished) {
    model.work = Work::none;
    model.cancelling = false;
    if (finished.error && finished.error->kind == ErrorKind::cancelled) {
        model.page = Page::overview;
        model.note = "Stopped. Nothing was written.";
        return;
    }
    if (finished.error) {
        // Whatever was known about the disks may be wrong now.
        forget_preview(model);
        if (finished.work == Work::look) {
            model.inspection.reset();
            model.chosen.clear();
        }
        model.error = finished.error;
        model.failed = finished.work;
        model.page = Page::failure;
        return;
    }
    if (finished.preview) {
        model.preview = finished.preview;
        model.page = Page::preview;
        return;
    }
    if (finished.commit) {
        model.commit = finished.commit;
        model.undone = finished.work == Work::undo;
        if (model.undone)
            model.undo_files.pop_back();
        else
            model.undo_files.push_back(finished.commit->undo_file);
        model.page = Page::result;
    }
    if (finished.inspection) {
        show_inspection(model, finished);
    } else if (finished.look_error) {
        model.inspection.reset();
        model.chosen.clear();
        forget_preview(model);
        model.note = "The disks could not be looked at again: " + finished.look_error->text();
    }
}

} // namespace lifeboat::gui
