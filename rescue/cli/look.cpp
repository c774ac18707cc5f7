// SPDX-License-Identifier: GPL-2.0-or-later
// The commands that only look.
#include "base/text.hpp"
#include "base/utf.hpp"
#include "cli/commands.hpp"
#include "session/documents.hpp"

namespace lifeboat::cli {

namespace {

constexpr std::string_view kByteOrderMark = "\xff\xfe"; // UTF-16LE

session::HiveName hive_name(const Request& request) { return {request.hive, request.guest}; }

// "# Title" is the first line of every page of docs/findings.
std::string_view title_of(std::string_view page) {
    auto line = page.substr(0, page.find('\n'));
    while (!line.empty() && (line.front() == '#' || line.front() == ' '))
        line.remove_prefix(1);
    return line;
}

void list_pages(Console& console) {
    for (const auto id : session::finding_pages())
        console.print(
            session::wrapped(title_of(*session::finding_page(id)), std::string(id) + ": ", "    "));
}

// How the hive stands to its transaction logs; a clean one needs no word.
void tell_state(Context& context, const session::HiveInfo& state) {
    if (state.incomplete) {
        context.console.complain(*state.incomplete);
        context.console.note("lifeboat: " + context.request.hive +
                             ": shown without its newest changes; nothing can be changed in it");
    } else if (state.entries > 0) {
        context.console.note("lifeboat: " + context.request.hive +
                             ": shown as Windows would have it: " + state.note);
    }
}

} // namespace

Outcome layout(Context& context) {
    LIFEBOAT_TRY(auto session, open_session(context, context.request.disks));
    LIFEBOAT_TRY(const auto inspection, session.inspect(context.progress));
    context.progress.clear();
    context.console.print(context.request.json
                              ? session::to_json(inspection.disks, inspection.guests)
                              : session::layout_text(inspection.disks, inspection.guests));
    return ExitCode::done;
}

Outcome diagnose(Context& context) {
    LIFEBOAT_TRY(auto session, open_session(context, context.request.disks));
    LIFEBOAT_TRY(const auto inspection, session.inspect(context.progress));
    context.progress.clear();
    context.console.print(context.request.json ? session::to_json(inspection)
                                               : session::diagnosis_text(inspection));
    return exit_code(inspection);
}

Outcome kept(Context& context) {
    LIFEBOAT_TRY(auto session, open_session(context, context.request.disks));
    LIFEBOAT_TRY(const auto kept, session.kept(context.progress));
    context.progress.clear();
    context.console.print(context.request.json ? session::kept_json(kept)
                                               : session::kept_text(kept));
    return ExitCode::done;
}

Outcome explain(Context& context) {
    if (context.request.id.empty()) {
        list_pages(context.console);
        return ExitCode::done;
    }
    const auto page = session::finding_page(context.request.id);
    if (!page)
        return fail(ErrorKind::usage, context.request.id, "there is no finding of this name",
                    "lifeboat explain lists them all");
    context.console.print(*page);
    return ExitCode::done;
}

Outcome ls(Context& context) {
    LIFEBOAT_TRY(auto target, open_target(context));
    LIFEBOAT_TRY(const auto entries, target.session.list_files(target.volume, target.path));
    context.progress.clear();
    context.console.print(context.request.json ? session::entries_json(entries)
                                               : session::entries_text(entries));
    return ExitCode::done;
}

Outcome cat(Context& context) {
    LIFEBOAT_TRY(auto target, open_target(context));
    LIFEBOAT_TRY(const auto content, target.session.read_file(target.volume, target.path));
    context.progress.clear();
    if (context.request.raw || !context.console.out_is_terminal()) {
        context.console.print(ByteSpan(content));
        return ExitCode::done;
    }
    for (const auto line : split(to_text(content), '\n'))
        context.console.print(printable(line) + "\n");
    return ExitCode::done;
}

Outcome registry_list(Context& context) {
    const auto& request = context.request;
    LIFEBOAT_TRY(auto session, open_registry_disks(context));
    LIFEBOAT_TRY(const auto key, session.registry_key(hive_name(request), request.key));
    context.progress.clear();
    tell_state(context, key.state);
    context.console.print(request.json ? session::key_json(request.hive, request.key, key)
                                       : session::key_text(key));
    return ExitCode::done;
}

Outcome registry_get(Context& context) {
    const auto& request = context.request;
    LIFEBOAT_TRY(auto session, open_registry_disks(context));
    LIFEBOAT_TRY(auto key, session.registry_key(hive_name(request), request.key));
    context.progress.clear();
    key.subkeys.clear();
    if (request.has_value) {
        std::erase_if(key.values, [&](const session::ValueInfo& value) {
            return !iequals(value.name, request.value);
        });
        if (key.values.empty())
            return fail(ErrorKind::not_found, request.hive + ", " + request.key,
                        "there is no value " +
                            (request.value.empty() ? "(default)" : request.value));
    }
    tell_state(context, key.state);
    context.console.print(request.json ? session::key_json(request.hive, request.key, key)
                                       : session::key_text(key));
    return ExitCode::done;
}

Outcome registry_export(Context& context) {
    const auto& request = context.request;
    LIFEBOAT_TRY(auto session, open_registry_disks(context));
    LIFEBOAT_TRY(const auto exported, session.registry_export(hive_name(request), request.key));
    const auto& text = exported.text;
    context.progress.clear();
    tell_state(context, exported.state);
    if (!request.utf16) {
        context.console.print(text);
        return ExitCode::done;
    }
    const auto wide = utf16le_from_utf8(text);
    if (!wide)
        return fail(ErrorKind::damaged, request.hive, "it holds text that is not valid UTF-16",
                    "export without --utf16");
    context.console.print(kByteOrderMark);
    context.console.print(ByteSpan(*wide));
    return ExitCode::done;
}

} // namespace lifeboat::cli
