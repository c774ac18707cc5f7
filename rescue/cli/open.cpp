// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/commands.hpp"
#include "cli/target.hpp"

#include <array>
#include <filesystem>

namespace lifeboat::cli {

namespace {

bool exists(const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

std::vector<std::string> first_and_more(const std::string& first,
                                        const std::vector<std::string>& more) {
    std::vector<std::string> out{first};
    out.insert(out.end(), more.begin(), more.end());
    return out;
}

} // namespace

Result<session::Session> open_session(Context& context, const std::vector<std::string>& disks) {
    return session::Session::open(disks, context.options, context.progress);
}

Result<OpenTarget> open_target(Context& context) {
    LIFEBOAT_TRY(const auto target, parse_target(context.request.target, exists));
    LIFEBOAT_TRY(auto session,
                 open_session(context, first_and_more(target.disk, context.request.disks)));
    // A partition number belongs to the disk it was written with; a logical volume to all.
    const bool logical = target.volume.find('/') != std::string::npos;
    return OpenTarget{std::move(session), logical ? target.volume : "1:" + target.volume,
                      target.path};
}

Result<session::Session> open_registry_disks(Context& context) {
    return open_session(context, first_and_more(context.request.target, context.request.disks));
}

Result<std::vector<std::string>> disks_of(const Request& request) {
    switch (request.command) {
    case Command::ls:
    case Command::cat:
    case Command::put:
    case Command::rm: {
        LIFEBOAT_TRY(const auto target, parse_target(request.target, exists));
        return first_and_more(target.disk, request.disks);
    }
    case Command::registry_list:
    case Command::registry_get:
    case Command::registry_set:
    case Command::registry_delete:
    case Command::registry_export:
    case Command::registry_import: return first_and_more(request.target, request.disks);
    case Command::undo:
        if (request.disks.empty())
            return session::disks_of_undo_file(request.file);
        return request.disks;
    case Command::layout:
    case Command::diagnose:
    case Command::kept:
    case Command::restore:
    case Command::repair:
    case Command::menu:
    case Command::explain:
    case Command::predict:
    case Command::attach:
    case Command::completion:
    case Command::version: break;
    }
    return request.disks;
}

std::string default_undo_file(const std::string& disk, std::time_t now) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 32> stamp{};
    const auto length = std::strftime(stamp.data(), stamp.size(), "%Y%m%dT%H%M%SZ", &utc);
    auto name = std::filesystem::path(disk).filename().string();
    if (name.empty())
        name = "disk";
    const std::string file = name + ".lifeboat-undo-" + std::string(stamp.data(), length);
    // Two repairs within one second.
    for (int number = 2; exists(file) && number < 100; ++number)
        if (const auto other = file + "-" + std::to_string(number); !exists(other))
            return other;
    return file;
}

} // namespace lifeboat::cli
