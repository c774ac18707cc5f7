// SPDX-License-Identifier: GPL-2.0-or-later
// What the user asked for, after the command line was understood and before anything was done.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lifeboat::cli {

enum class Command {
    layout,
    diagnose,
    repair,
    undo,
    kept,
    restore,
    explain,
    predict,
    attach,
    ls,
    cat,
    put,
    rm,
    registry_list,
    registry_get,
    registry_set,
    registry_delete,
    registry_export,
    registry_import,
    menu,
    completion,
    version,
};

struct Request {
    Command command = Command::version;
    std::vector<std::string> disks; // of registry and the file commands: the further ones
    std::string target;             // DISK:VOLUME:PATH
    std::string id;                 // explain
    std::string shell;              // completion
    std::string file;               // undo, put, import; empty: standard input
    std::string hive, key, value;
    bool has_value = false; // a value was named, perhaps the default one
    std::vector<std::string> data;
    std::string type;
    bool utf16 = false;
    std::string guest;
    bool all = false;
    bool gpt_backup = false;
    std::vector<std::string> only;
    bool no_keep = false; // repair
    bool discard_hibernation = false;
    bool replay_journal = false;
    std::string time;               // restore
    std::vector<std::string> paths; // restore
    bool force = false;             // restore
    bool dry_run = false;
    std::string undo_file;
    std::string medium;   // predict: its kind; attach: the ISO
    std::string host;     // predict: "kvm", "xen"
    std::string firmware; // "bios", "uefi", "secureboot"
    std::string platform; // attach
    std::vector<std::string> parameters;
    bool json = false;
    bool raw = false;
    std::uint32_t sector_size = 0;
};

} // namespace lifeboat::cli
