// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/target.hpp"

#include <algorithm>
#include <optional>

namespace lifeboat::cli {

namespace {

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 4 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What LVM allows in names (lvm(8), "VALID NAMES").
bool is_lvm_name(std::string_view text) {
    constexpr std::string_view allowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+_.-";
    return !text.empty() && text.front() != '-' &&
           text.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_volume(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos)
        return is_number(text);
    return is_lvm_name(text.substr(0, slash)) && is_lvm_name(text.substr(slash + 1));
}

bool begins_path(std::string_view text) {
    return text.empty() || text.front() == '/' || text.front() == '\\';
}

// The reading in which the volume starts after the colon at `colon`.
std::optional<Target> reading(std::string_view text, std::size_t colon) {
    const auto rest = text.substr(colon + 1);
    const auto end = std::min(rest.find(':'), rest.size());
    const auto volume = rest.substr(0, end);
    const auto path = end == rest.size() ? std::string_view() : rest.substr(end + 1);
    if (colon == 0 || !is_volume(volume) || !begins_path(path))
        return std::nullopt;
    return Target{std::string(text.substr(0, colon)), std::string(volume),
                  path.empty() ? "/" : std::string(path)};
}

} // namespace

Result<Target> parse_target(std::string_view text, bool (*exists)(const std::string& path)) {
    std::optional<Target> first;
    for (auto colon = text.find(':'); colon != std::string_view::npos;
         colon = text.find(':', colon + 1)) {
        auto target = reading(text, colon);
        if (!target)
            continue;
        if (exists(target->disk))
            return *target;
        // "guest.img:1:etc/fstab" has lost a slash; it names no logical volume.
        if (target->volume.find('/') != std::string::npos && text.ends_with(target->volume))
            continue;
        if (!first)
            first = std::move(target);
    }
    if (first)
        return *first;
    return fail(ErrorKind::usage, std::string(text), "this is not DISK:VOLUME:PATH",
                "write it as in guest.img:2:/etc/fstab; lifeboat layout shows the volumes");
}

} // namespace lifeboat::cli
