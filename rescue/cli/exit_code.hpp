// SPDX-License-Identifier: GPL-2.0-or-later
// The exit codes other people script (docs/json.md). Nothing is written unless it is 0 or 1.
#pragma once

#include "session/session.hpp"

namespace lifeboat::cli {

enum class ExitCode {
    done = 0,     // healthy, or done
    findings = 1, // findings remain
    usage = 2,
    refused = 3, // not safe, not supported, not there: the message says why
    failed = 4,  // input/output, stopped, or a defect of ours
};

[[nodiscard]] ExitCode exit_code(ErrorKind kind);
// `findings` when there is trouble; `refused` when something could not be told or must not be
// changed, or no guest was found; else `done`.
[[nodiscard]] ExitCode exit_code(const session::Inspection& inspection);

} // namespace lifeboat::cli
