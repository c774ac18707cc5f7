// SPDX-License-Identifier: GPL-2.0-or-later
// Upstart job files (init(5) of upstart: one stanza per line) and securetty(5): what is needed to
// move a login from one terminal to another.
#pragma once

#include <string>
#include <string_view>

namespace lifeboat::text {

// The job for `terminal`, made from the job for `old_terminal`: the same stanzas and conditions,
// its exec line replaced by `exec <command>`. A pre-start script is kept, with the new name.
[[nodiscard]] std::string upstart_job_for(std::string_view job, std::string_view old_terminal,
                                          std::string_view terminal, std::string_view command);
// True when an override file takes the start conditions away.
[[nodiscard]] bool upstart_is_manual(std::string_view override_file);

// A list of terminals on which root may log in, one per line.
[[nodiscard]] bool securetty_lists(std::string_view file, std::string_view terminal);
[[nodiscard]] std::string with_securetty(std::string_view file, std::string_view terminal);

} // namespace lifeboat::text
