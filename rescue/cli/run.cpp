// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/run.hpp"

#include "cli/commands.hpp"
#include "cli/completion.hpp"
#include "cli/parse.hpp"
#include "session/documents.hpp"

#include <algorithm>

namespace lifeboat::cli {

namespace {

void print_completion(const Request& request, Console& console) {
    std::vector<std::string> findings;
    for (const auto id : session::finding_pages())
        findings.emplace_back(id);
    console.print(completion_script(request.shell, command_table(), findings));
}

void print_version(Console& console) {
    console.print("lifeboat " LIFEBOAT_VERSION " (JSON schema " + std::string(session::kSchema) +
                  ")\n");
}

Outcome dispatch(Context& context) {
    switch (context.request.command) {
    case Command::layout: return layout(context);
    case Command::diagnose: return diagnose(context);
    case Command::repair: return repair(context);
    case Command::undo: return undo(context);
    case Command::kept: return kept(context);
    case Command::restore: return restore(context);
    case Command::explain: return explain(context);
    case Command::predict: return predict(context);
    case Command::attach: return attach(context);
    case Command::ls: return ls(context);
    case Command::cat: return cat(context);
    case Command::put: return put(context);
    case Command::rm: return rm(context);
    case Command::registry_list: return registry_list(context);
    case Command::registry_get: return registry_get(context);
    case Command::registry_export: return registry_export(context);
    case Command::registry_set:
    case Command::registry_delete:
    case Command::registry_import: return registry_edit(context);
    case Command::menu:
    case Command::completion:
    case Command::version: break; // read no disk
    }
    return fail(ErrorKind::internal, "", "unknown command");
}

// Lost output is an error, unless something was written: then the exit code must stay 0 or 1.
ExitCode with_output(Console& console, const Request& request, ExitCode code) {
    const auto state = console.output_state();
    if (state)
        return code;
    console.complain(state.error());
    return writes(request) ? code : ExitCode::failed;
}

} // namespace

bool writes(const Request& request) {
    const bool can = request.command == Command::repair || request.command == Command::undo ||
                     request.command == Command::restore || request.command == Command::put ||
                     request.command == Command::rm || request.command == Command::registry_set ||
                     request.command == Command::registry_delete ||
                     request.command == Command::registry_import;
    return can && !request.dry_run;
}

ExitCode report_error(Console& console, const Error& error, bool json) {
    if (json)
        console.print(session::to_json(error));
    else
        console.complain(error);
    return exit_code(error.kind);
}

ExitCode run_command(Context& context) {
    const auto outcome = dispatch(context);
    context.progress.clear();
    const auto code =
        outcome ? *outcome : report_error(context.console, outcome.error(), context.request.json);
    return with_output(context.console, context.request, code);
}

int run(const std::vector<std::string>& arguments, Console& console, std::time_t now) {
    const bool json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
    const auto parsed = parse(arguments);
    if (!parsed)
        return static_cast<int>(report_error(console, parsed.error(), json));
    if (!parsed->request) {
        console.print(parsed->text);
        return static_cast<int>(with_output(console, {}, ExitCode::done));
    }
    const auto& request = *parsed->request;
    ExitCode code = ExitCode::done;
    switch (request.command) {
    case Command::completion: print_completion(request, console); break;
    case Command::version: print_version(console); break;
    case Command::attach:
    case Command::explain: {
        TerminalProgress progress(console);
        Context context{request, console, progress, {}};
        return static_cast<int>(run_command(context));
    }
    case Command::menu: return run_guarded_menu(request, console);
    default: return static_cast<int>(run_guarded_command(request, console, now));
    }
    return static_cast<int>(with_output(console, request, code));
}

} // namespace lifeboat::cli
