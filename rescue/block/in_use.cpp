// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/in_use.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace lifeboat::block {
namespace {

namespace files = std::filesystem;

std::string number_text(DeviceNumber device) {
    return std::to_string(device.major) + ":" + std::to_string(device.minor);
}

// The names in a sysfs directory; none when it does not exist.
std::vector<std::string> entries(const files::path& directory) {
    std::vector<std::string> names;
    std::error_code error;
    for (files::directory_iterator it(directory, error), end; !error && it != end;
         it.increment(error))
        names.push_back(it->path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

std::string first_line(const files::path& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

struct Part {
    std::string number; // "8:1"
    files::path directory;
};

// The device and its partitions, which are the sub-directories that have a "partition" file.
std::vector<Part> with_partitions(DeviceNumber device, const files::path& sys) {
    const auto directory = sys / "dev" / "block" / number_text(device);
    std::vector<Part> parts{{number_text(device), directory}};
    std::error_code error;
    for (const auto& name : entries(directory))
        if (files::exists(directory / name / "partition", error))
            parts.push_back({first_line(directory / name / "dev"), directory / name});
    return parts;
}

} // namespace

Result<std::vector<std::string>> users_of(DeviceNumber device, const std::string& proc,
                                          const std::string& sys) {
    const auto parts = with_partitions(device, sys);
    std::vector<std::string> users;
    for (const auto& part : parts)
        for (const auto& holder : entries(part.directory / "holders"))
            users.push_back("held by " + holder);

    std::ifstream mounts(files::path(proc) / "self" / "mountinfo");
    if (!mounts)
        return fail(ErrorKind::io, proc + "/self/mountinfo",
                    "the list of mounted file systems cannot be read");
    std::string line;
    while (std::getline(mounts, line)) {
        const auto fields = split_nonempty(line, ' '); // id parent major:minor root mount-point ...
        if (fields.size() < 5)
            continue;
        const auto same = [&](const Part& part) { return part.number == fields[2]; };
        if (std::any_of(parts.begin(), parts.end(), same))
            users.push_back("mounted at " + std::string(fields[4]));
    }
    return users;
}

} // namespace lifeboat::block
