// SPDX-License-Identifier: GPL-2.0-or-later
// The commands that write. All end in finish(): preview, commit with an undo file, report.
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "session/documents.hpp"

#include <array>
#include <cerrno>
#include <fstream>
#include <optional>

namespace lifeboat::cli {

namespace {

// More than this is not put into a guest's file in one go, as fs::kReadLimit.
constexpr std::uint64_t kInputLimit = 256U << 20;

Result<session::CommitInfo> commit(Context& context, session::Session& session) {
    if (context.progress.cancelled())
        return fail(ErrorKind::cancelled, "", "stopped as you asked", "nothing was written");
    context.progress.cannot_stop();
    return session.commit(context.request.undo_file, context.progress);
}

std::string commit_text(const session::CommitInfo& info, const std::vector<std::string>& disks) {
    std::string command = "lifeboat undo " + info.undo_file;
    for (const auto& disk : disks)
        command += " " + disk;
    return "\nWritten: " + std::to_string(info.blocks) + " blocks (" + human_size(info.bytes) +
           ").\nTo take it back, before the guest runs again:\n  " + printable(command) + "\n";
}

std::vector<std::string> paths_of(const session::Session& session) {
    std::vector<std::string> out;
    for (const auto& disk : session.disks())
        out.push_back(disk.path);
    return out;
}

// put, rm and registry: there are no findings to look at, it is done or not.
Outcome finish_edit(Context& context, session::Session& session, const session::Preview& preview) {
    std::optional<session::CommitInfo> written;
    const auto disks = paths_of(session);
    if (!context.request.dry_run && !preview.empty()) {
        LIFEBOAT_TRY(written, commit(context, session));
    }
    context.progress.clear();
    if (context.request.json) {
        context.console.print(session::to_json(preview, written ? &*written : nullptr, nullptr));
        return ExitCode::done;
    }
    context.console.print(session::preview_text(preview));
    if (written)
        context.console.print(commit_text(*written, disks));
    else if (!preview.empty())
        context.console.print("\nNothing was written (--dry-run).\n");
    return ExitCode::done;
}

Result<Bytes> read_input(Context& context) {
    const auto& path = context.request.file;
    if (path.empty() || path == "-")
        return context.console.read_input(kInputLimit);
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    if (!in)
        return fail_errno(path, "opening", errno);
    Bytes out;
    std::array<char, 65536> buffer;
    while (in.read(buffer.data(), buffer.size()), in.gcount() > 0) {
        const auto part = to_bytes({buffer.data(), static_cast<std::size_t>(in.gcount())});
        out.insert(out.end(), part.begin(), part.end());
        if (out.size() > kInputLimit)
            return fail(ErrorKind::unsupported, path,
                        "it is larger than " + human_size(kInputLimit));
    }
    if (in.bad())
        return fail_errno(path, "reading", errno != 0 ? errno : EIO);
    return out;
}

std::vector<session::Choice> choices_of(const Request& request) {
    std::vector<session::Choice> out;
    for (const auto& id : request.only)
        out.push_back({id, request.guest});
    if (out.empty() && !request.guest.empty())
        out.push_back({"", request.guest});
    return out;
}

bool decided(const Request& request) {
    return request.all || !request.only.empty() || request.dry_run || request.gpt_backup;
}

// After the write, the exit code says only whether findings remain.
ExitCode after_writing(const session::Inspection& after) {
    return exit_code(after) == ExitCode::done ? ExitCode::done : ExitCode::findings;
}

std::string remaining_text(const session::Inspection& after) {
    std::string out;
    for (const auto& finding : after.findings) {
        if (finding.outcome == session::Outcome::trouble)
            out += session::wrapped(finding.guest + ": " + finding.title + " (" + finding.id + ")",
                                    "  ", "    ");
        if (finding.outcome == session::Outcome::could_not_look)
            out +=
                session::wrapped(finding.guest + ": could not look: " + finding.id, "  ", "    ");
    }
    return out.empty() ? out : "\nRemaining findings:\n" + out;
}

// A report of what was planned, and of what was written when `written`.
void report(Context& context, const session::Preview& preview, const session::CommitInfo* written,
            const session::Inspection& after, const std::vector<std::string>& disks) {
    context.progress.clear();
    if (context.request.json) {
        context.console.print(session::to_json(preview, written, &after));
        return;
    }
    if (written == nullptr)
        context.console.print(session::preview_text(preview));
    if (written != nullptr)
        context.console.print(commit_text(*written, disks));
    else if (!preview.empty())
        context.console.print("\nNothing was written.\n");
    if (written != nullptr || preview.empty())
        context.console.print(remaining_text(after));
}

// The blocks are written; a problem from here on must not hide that.
Outcome report_written(Context& context, session::Session& session, const session::Preview& preview,
                       const session::CommitInfo& written, const std::vector<std::string>& disks) {
    const auto after = session.inspect(context.progress);
    if (!after) {
        context.progress.clear();
        context.console.complain(after.error().in("after the repair, which is complete"));
        if (context.request.json)
            context.console.print(session::to_json(preview, &written, nullptr));
        else
            context.console.print(commit_text(written, disks));
        return ExitCode::findings;
    }
    report(context, preview, &written, *after, disks);
    return after_writing(*after);
}

} // namespace

Outcome repair(Context& context) {
    const auto& request = context.request;
    if (!decided(request) && (request.json || !context.console.can_ask()))
        return fail(ErrorKind::usage, "repair", "there is no terminal to ask you on",
                    "use --dry-run to see the plan, --all or --only ID,.. to repair");
    LIFEBOAT_TRY(auto session, open_session(context, request.disks));
    if (request.gpt_backup) {
        LIFEBOAT_TRY(const auto plan, session.stage_gpt(context.progress));
        return finish_edit(context, session, plan);
    }
    LIFEBOAT_TRY(const auto preview, session.stage(choices_of(request), context.progress));
    if (request.dry_run || preview.empty()) {
        LIFEBOAT_TRY(const auto after, session.inspect(context.progress));
        report(context, preview, nullptr, after, request.disks);
        return preview.empty() ? exit_code(after) : ExitCode::findings;
    }
    context.progress.clear();
    if (!request.json)
        context.console.print(session::preview_text(preview));
    if (!decided(request) && !context.console.ask("\nWrite these changes?")) {
        context.console.note("Nothing was written.");
        return ExitCode::findings;
    }
    LIFEBOAT_TRY(const auto written, commit(context, session));
    return report_written(context, session, preview, written, request.disks);
}

Outcome restore(Context& context) {
    const auto& request = context.request;
    LIFEBOAT_TRY(auto session, open_session(context, request.disks));
    const session::RestoreChoice choice{request.time, request.guest, request.paths, request.force};
    LIFEBOAT_TRY(const auto preview, session.stage_restore(choice, context.progress));
    LIFEBOAT_TRY(const auto code, finish_edit(context, session, preview));
    return preview.conflicts.empty() ? code : ExitCode::findings;
}

Outcome undo(Context& context) {
    const auto& request = context.request;
    context.progress.cannot_stop();
    LIFEBOAT_TRY(const auto done,
                 session::undo(request.file, request.disks, context.progress, context.options));
    context.progress.clear();
    context.console.print(request.json ? session::undo_json(done)
                                       : "Put back: " + std::to_string(done.blocks) + " blocks (" +
                                             human_size(done.bytes) + ").\n");
    return ExitCode::done;
}

Outcome put(Context& context) {
    LIFEBOAT_TRY(const auto content, read_input(context));
    LIFEBOAT_TRY(auto target, open_target(context));
    LIFEBOAT_TRY(const auto preview,
                 target.session.stage_put(target.volume, target.path, content, context.progress));
    return finish_edit(context, target.session, preview);
}

Outcome rm(Context& context) {
    LIFEBOAT_TRY(auto target, open_target(context));
    LIFEBOAT_TRY(const auto preview,
                 target.session.stage_remove(target.volume, target.path, context.progress));
    return finish_edit(context, target.session, preview);
}

Outcome registry_edit(Context& context) {
    using Kind = session::RegistryEdit::Kind;
    const auto& request = context.request;
    session::RegistryEdit edit;
    edit.key = request.key;
    edit.value = request.value;
    edit.type = request.type;
    edit.data = request.data;
    if (request.command == Command::registry_import) {
        edit.kind = Kind::import;
        LIFEBOAT_TRY(edit.text, read_input(context));
    } else if (request.command == Command::registry_delete) {
        edit.kind = request.has_value ? Kind::delete_value : Kind::delete_key;
    }
    LIFEBOAT_TRY(auto session, open_registry_disks(context));
    LIFEBOAT_TRY(const auto preview,
                 session.stage_registry({request.hive, request.guest}, edit, context.progress));
    return finish_edit(context, session, preview);
}

} // namespace lifeboat::cli
