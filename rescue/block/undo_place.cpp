// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/undo_place.hpp"

#include <cerrno>
#include <filesystem>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace lifeboat::block {
namespace {

namespace files = std::filesystem;

// The whole disk that a block device is a part of, as sysfs links them; the device itself else.
files::path whole_disk(dev_t device) {
    std::error_code error;
    const auto link = files::path("/sys/dev/block") /
                      (std::to_string(major(device)) + ":" + std::to_string(minor(device)));
    auto directory = files::canonical(link, error);
    if (error)
        return link;
    return files::exists(directory / "partition", error) ? directory.parent_path() : directory;
}

} // namespace

Result<void> check_undo_place(const std::string& undo_path, const std::string& disk_path) {
    const auto no = [&](std::string what) {
        return fail(ErrorKind::refused, undo_path, std::move(what),
                    "keep the undo file on another disk");
    };
    if (undo_path.empty())
        return fail(ErrorKind::usage, "undo file", "it has no name");
    struct stat disk {};
    struct stat undo {};
    if (!disk_path.empty() && ::stat(disk_path.c_str(), &disk) != 0)
        return fail_errno(disk_path, "opening", errno);
    if (::stat(undo_path.c_str(), &undo) == 0) {
        if (undo.st_dev == disk.st_dev && undo.st_ino == disk.st_ino)
            return no("this is the disk itself");
        return fail(ErrorKind::refused, undo_path, "the undo file exists already",
                    "name another one: it may be needed to undo an earlier repair");
    }
    auto directory = files::path(undo_path).parent_path();
    if (directory.empty())
        directory = ".";
    if (::stat(directory.c_str(), &undo) != 0)
        return fail_errno(directory.string(), "looking at the directory of the undo file", errno);
    if (S_ISBLK(disk.st_mode) && whole_disk(undo.st_dev) == whole_disk(disk.st_rdev))
        return no("it would lie on the disk that is to be repaired");
    return {};
}

} // namespace lifeboat::block
