// SPDX-License-Identifier: GPL-2.0-or-later
// Understands the command line. The library for it is known to parse.cpp only.
#pragma once

#include "base/result.hpp"
#include "cli/request.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lifeboat::cli {

struct Parsed {
    std::optional<Request> request; // nothing: print `text` and leave with success
    std::string text;               // help
};

// `arguments` without the program's name. Error `usage`.
[[nodiscard]] Result<Parsed> parse(const std::vector<std::string>& arguments);

// The commands and options there are, for completions and for the test of the man page.
struct OptionInfo {
    std::vector<std::string> names; // "--json"; for a positional its metavariable: "DISK"
    std::string help;
    bool positional = false;
    bool takes_value = false;
    bool repeats = false;
};
struct CommandInfo {
    std::string name; // "diagnose", "registry set"
    std::string help;
    std::vector<OptionInfo> options;
};
[[nodiscard]] std::vector<CommandInfo> command_table();

} // namespace lifeboat::cli
