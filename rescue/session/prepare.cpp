// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/prepare.hpp"

#include "block/open.hpp"
#include "block/qemu_helper.hpp"
#include "block/undo_file.hpp"

#include <filesystem>

namespace lifeboat::session {

namespace stdfs = std::filesystem;

Result<Prepared> prepare(const Intent& intent) {
    Prepared out;
    out.paths.readable = intent.files;
    bool devices = false;
    for (const auto& disk : intent.disks) {
        const auto file = block::file_of(disk);
        if (file.empty())
            continue; // an address, which only qemu-nbd opens
        (intent.writes ? out.paths.writable : out.paths.readable).push_back(file);
        std::error_code error;
        devices = devices || stdfs::is_block_file(file, error);
    }
    // Who uses a block device is told by /proc/self/mountinfo and /sys/dev/block (in_use.hpp).
    if (devices && intent.writes)
        out.paths.readable.insert(out.paths.readable.end(), {"/proc", "/sys"});
    if (!intent.new_undo_file.empty()) {
        const auto folder = stdfs::path(intent.new_undo_file).parent_path();
        out.paths.directories.push_back(folder.empty() ? "." : folder.string());
    }
    LIFEBOAT_TRY(out.options.helper, block::QemuHelper::start(intent.disks));
    return out;
}

Result<std::vector<std::string>> disks_of_undo_file(const std::string& undo_file) {
    LIFEBOAT_TRY(const auto file, block::UndoFile::open(undo_file));
    std::vector<std::string> out;
    for (const auto& disk : file.disks())
        out.push_back(disk.path);
    return out;
}

} // namespace lifeboat::session
