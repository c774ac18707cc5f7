// SPDX-License-Identifier: GPL-2.0-or-later
// Every command that reads a disk, in a child with few rights.
#include "cli/commands.hpp"
#include "cli/menu.hpp"
#include "fs/kernel.hpp"
#include "session/power.hpp"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace lifeboat::cli {

namespace {

namespace stdfs = std::filesystem;

bool is_there(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0;
}

// The child may make the undo file but remove nothing. One that nothing was written for goes away.
class UndoFileToMake {
public:
    explicit UndoFileToMake(std::string path)
        : path_(std::move(path)), was_there_(path_.empty() || is_there(path_)) {}
    void unneeded() const {
        if (!was_there_ && is_there(path_))
            ::unlink(path_.c_str());
    }

private:
    std::string path_;
    bool was_there_;
};

session::Intent intent_of(const Request& request, const std::vector<std::string>& disks) {
    session::Intent intent;
    intent.disks = disks;
    intent.writes = writes(request);
    if (intent.writes && request.command != Command::undo)
        intent.new_undo_file = request.undo_file;
    if (!request.file.empty() && request.file != "-")
        intent.files.push_back(request.file);
    return intent;
}

} // namespace

ExitCode run_guarded_command(const Request& asked, Console& console, std::time_t now) {
    const auto disks = disks_of(asked);
    if (!disks)
        return report_error(console, disks.error(), asked.json);
    Request request = asked;
    if (request.undo_file.empty() && !disks->empty())
        request.undo_file = default_undo_file(disks->front(), now);
    const auto intent = intent_of(request, *disks);
    auto prepared = session::prepare(intent);
    if (!prepared)
        return report_error(console, prepared.error(), request.json);
    prepared->options.sector_size = request.sector_size;
    prepared->options.keep_originals = !request.no_keep;
    prepared->options.ways.discard_hibernation = request.discard_hibernation;
    prepared->options.ways.replay_journal = request.replay_journal;

    const UndoFileToMake undo_file(intent.new_undo_file);
    const auto ended = session::run_guarded({}, [&](session::Watch& watch) {
        // What the kernel does not offer is missing; docs/safety.md says what then remains. In the
        // rescue environment the kernel mounts for this process what it cannot read itself.
        if (!fs::kernel_filesystems())
            static_cast<void>(session::restrict_process(prepared->paths));
        TerminalProgress progress(console, &watch);
        Context context{request, console, progress, prepared->options};
        return static_cast<int>(run_command(context));
    });
    if (!ended.began_writing)
        undo_file.unneeded();
    if (ended.died)
        static_cast<void>(report_error(console, *ended.died, request.json));
    return static_cast<ExitCode>(ended.exit_code);
}

int run_guarded_menu(const Request& request, Console& console) {
    // On the rescue medium the menu may restart the machine, and there is nothing to take away but
    // what is on the disks: a crash ends the menu only.
    const bool ours = session::can_power();
    const auto folder = menu_undo_folder(ours);
    std::error_code error;
    const bool made = !ours && stdfs::create_directory(folder, error);
    auto prepared = session::prepare({request.disks, true, folder + "/undo", {}});
    if (!prepared)
        return static_cast<int>(report_error(console, prepared.error(), false));
    prepared->paths.readable.push_back(folder);
    if (request.disks.empty()) {
        prepared->paths.writable.emplace_back("/dev");
        prepared->paths.readable.insert(prepared->paths.readable.end(), {"/proc", "/sys"});
    }
    const auto ended = session::run_guarded({}, [&](session::Watch& watch) {
        if (!ours)
            static_cast<void>(session::restrict_process(prepared->paths));
        const TerminalProgress progress(console);
        return run_menu(request.disks, prepared->options, ours, watch,
                        [&] { return progress.cancelled(); });
    });
    if (made)
        stdfs::remove(folder, error); // only when it is empty
    if (ended.died)
        static_cast<void>(report_error(console, *ended.died, false));
    return ended.exit_code;
}

} // namespace lifeboat::cli
