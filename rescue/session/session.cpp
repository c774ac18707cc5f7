// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/session.hpp"

#include "block/commit.hpp"
#include "session/consent.hpp"
#include "session/edit.hpp"
#include "session/inspect.hpp"
#include "session/originals.hpp"
#include "session/stage.hpp"

#include <array>
#include <ctime>
#include <utility>

namespace lifeboat::session {

namespace {

// "20261127T080000Z"
std::string time_text(std::time_t now) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc);
    return text.data();
}

} // namespace

const OpenDisks& Session::State::current() {
    if (!std::exchange(stale, false))
        return disks;
    std::vector<std::string> paths;
    for (const auto& disk : disks)
        paths.push_back(disk.path);
    // When they cannot be opened again, the overlays still read as the disks are now.
    Progress quiet;
    if (auto reopened = open_disks(paths, options, quiet)) {
        disks = std::move(*reopened);
        infos = describe(disks);
    }
    return disks;
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

Result<Session> Session::open(const std::vector<std::string>& disks, const Options& options,
                              Progress& progress) {
    auto state = std::make_unique<State>();
    state->options = options;
    LIFEBOAT_TRY(state->disks, open_disks(disks, options, progress));
    state->infos = describe(state->disks);
    return Session(std::move(state));
}

const std::vector<DiskInfo>& Session::disks() const { return state_->infos; }

Result<Inspection> Session::inspect(Progress& progress) {
    const auto& disks = state_->current();
    Inspection inspection;
    {
        auto machine = machine_over(disks, fs::Access::read);
        LIFEBOAT_TRY(inspection, inspect_machine(machine, repair::catalogue(), progress));
        inspection.disks = state_->infos;
        for (const auto& [disk, volume] : machine.replayed())
            inspection.disks[disk].notes.push_back(
                "volume " + volume +
                ": it was not unmounted cleanly; this is what the guest's next start makes of it");
    }
    // After the machine: the kernel mounts a file system once.
    LIFEBOAT_CHECK(find_ways(disks, inspection.guests, progress));
    return inspection;
}

// Nothing stays staged when `preview` is an error or says that there is nothing to do.
Result<Preview> Session::settle(Result<Preview> preview) {
    state_->staged = preview && !preview->empty();
    if (!state_->staged)
        discard_changes(state_->current());
    return preview;
}

Result<Preview> Session::stage(std::span<const Choice> choices, Progress& progress) {
    const auto keep = state_->options.keep_originals ? time_text(std::time(nullptr)) : "";
    LIFEBOAT_TRY(const auto* disks, begin());
    return settle(stage_repairs(*disks, choices, repair::catalogue(), progress, keep));
}

Result<void> Session::go_past(const Agreements& agreed) {
    discard();
    state_->options.ways = {};
    return agree(state_->disks, agreed);
}

Result<Preview> Session::stage_put(std::string_view volume, std::string_view path, ByteSpan content,
                                   Progress& progress) {
    LIFEBOAT_TRY(const auto* disks, begin());
    return settle(session::stage_put(*disks, volume, path, content, progress));
}

Result<Preview> Session::stage_remove(std::string_view volume, std::string_view path,
                                      Progress& progress) {
    LIFEBOAT_TRY(const auto* disks, begin());
    return settle(session::stage_remove(*disks, volume, path, progress));
}

Result<Preview> Session::stage_registry(const HiveName& name, const RegistryEdit& edit,
                                        Progress& progress) {
    LIFEBOAT_TRY(const auto* disks, begin());
    return settle(session::stage_registry(*disks, name, edit, progress));
}

Result<Preview> Session::stage_gpt(Progress& progress) {
    discard();
    return settle(session::stage_gpt(state_->current(), progress));
}

Result<Preview> Session::stage_restore(const RestoreChoice& choice, Progress& progress) {
    LIFEBOAT_TRY(const auto* disks, begin());
    return settle(session::stage_restore(*disks, choice, progress));
}

Result<std::vector<KeptInfo>> Session::kept(Progress& progress) {
    return list_kept(state_->current(), progress);
}

// The overlays, with nothing on them but what clears the way.
Result<const OpenDisks*> Session::begin() {
    discard();
    LIFEBOAT_CHECK(start_over(state_->current()));
    return &state_->current();
}

void Session::discard() {
    discard_changes(state_->current());
    state_->staged = false;
}

Result<CommitInfo> Session::commit(const std::string& undo_file, Progress& progress) {
    if (!state_->staged)
        return fail(ErrorKind::usage, "", "nothing is staged");
    std::vector<block::CommitDisk> disks;
    for (const auto& disk : state_->disks)
        disks.push_back({disk.path, disk.layout.sector_size, disk.overlay.get()});
    LIFEBOAT_TRY(const auto report, block::commit(disks, undo_file, progress));
    state_->staged = false;
    state_->stale = true; // what the overlays remember is not true any more
    return CommitInfo{report.blocks, report.bytes, report.undo_file};
}

Result<CommitInfo> undo(const std::string& undo_file, std::span<const std::string> disks,
                        Progress& progress, const Options& options) {
    LIFEBOAT_TRY(const auto report, block::undo(undo_file, disks, progress, options.helper.get()));
    return CommitInfo{report.blocks, report.bytes, undo_file};
}

} // namespace lifeboat::session
