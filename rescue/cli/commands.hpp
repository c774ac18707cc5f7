// SPDX-License-Identifier: GPL-2.0-or-later
// What each command does. All return the exit code, or the error that run() prints and turns into
// one.
#pragma once

#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/request.hpp"
#include "session/prepare.hpp"

#include <ctime>

namespace lifeboat::cli {

struct Context {
    const Request& request;
    Console& console;
    TerminalProgress& progress;
    const session::Options& options; // for opening disks
};

using Outcome = Result<ExitCode>;

[[nodiscard]] Outcome layout(Context& context);
[[nodiscard]] Outcome diagnose(Context& context);
[[nodiscard]] Outcome explain(Context& context);
[[nodiscard]] Outcome predict(Context& context);
[[nodiscard]] Outcome attach(Context& context); // reads no disk
[[nodiscard]] Outcome ls(Context& context);
[[nodiscard]] Outcome cat(Context& context);
[[nodiscard]] Outcome kept(Context& context);
[[nodiscard]] Outcome registry_list(Context& context);
[[nodiscard]] Outcome registry_get(Context& context);
[[nodiscard]] Outcome registry_export(Context& context);

[[nodiscard]] Outcome repair(Context& context);
[[nodiscard]] Outcome undo(Context& context);
[[nodiscard]] Outcome restore(Context& context);
[[nodiscard]] Outcome put(Context& context);
[[nodiscard]] Outcome rm(Context& context);
[[nodiscard]] Outcome registry_edit(Context& context); // set, delete, import

// Runs a command that reads disks in a child process without the rights that it does not need
// (docs/safety.md), and returns the exit code. Everything was printed.
[[nodiscard]] ExitCode run_guarded_command(const Request& request, Console& console,
                                           std::time_t now);
[[nodiscard]] int run_guarded_menu(const Request& request, Console& console);
// The command may write to a disk.
[[nodiscard]] bool writes(const Request& request);
// What that child does.
[[nodiscard]] ExitCode run_command(Context& context);
[[nodiscard]] ExitCode report_error(Console& console, const Error& error, bool json);

// The disks a command names, as `open_session` and the others will open them.
[[nodiscard]] Result<std::vector<std::string>> disks_of(const Request& request);

// The disk of a DISK:VOLUME:PATH or registry command, with the further ones, open.
struct OpenTarget {
    session::Session session;
    std::string volume; // as the session wants it
    std::string path;
};
[[nodiscard]] Result<session::Session> open_session(Context& context,
                                                    const std::vector<std::string>& disks);
[[nodiscard]] Result<OpenTarget> open_target(Context& context);
[[nodiscard]] Result<session::Session> open_registry_disks(Context& context);

// NAME.lifeboat-undo-20261120T110756Z in the current directory, NAME being the first disk's.
[[nodiscard]] std::string default_undo_file(const std::string& disk, std::time_t now);

} // namespace lifeboat::cli
