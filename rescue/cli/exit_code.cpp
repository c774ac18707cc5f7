// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/exit_code.hpp"

#include <algorithm>

namespace lifeboat::cli {

ExitCode exit_code(ErrorKind kind) {
    switch (kind) {
    case ErrorKind::usage: return ExitCode::usage;
    case ErrorKind::refused:
    case ErrorKind::unsupported:
    case ErrorKind::damaged:
    // What is not in the guest is an answer about the guest; the machine works.
    case ErrorKind::not_found: return ExitCode::refused;
    case ErrorKind::io:
    case ErrorKind::cancelled:
    case ErrorKind::internal: return ExitCode::failed;
    }
    return ExitCode::failed;
}

ExitCode exit_code(const session::Inspection& inspection) {
    using session::FindingInfo;
    using session::GuestInfo;
    if (inspection.has_trouble())
        return ExitCode::findings;
    const bool unclear = std::any_of(inspection.findings.begin(), inspection.findings.end(),
                                     [](const FindingInfo& finding) {
                                         return finding.outcome == session::Outcome::could_not_look;
                                     });
    const bool refused =
        std::any_of(inspection.guests.begin(), inspection.guests.end(), [](const GuestInfo& guest) {
            return guest.verdict == session::Verdict::refused;
        });
    return unclear || refused || inspection.guests.empty() ? ExitCode::refused : ExitCode::done;
}

} // namespace lifeboat::cli
