// SPDX-License-Identifier: GPL-2.0-or-later
// What a Linux root directory says it is. Reads small files only.
#pragma once

#include "guest/machine.hpp"

#include <optional>

namespace lifeboat::guest {

struct Release {
    std::string distribution; // lower case: "debian", "ubuntu", "centos", "rhel", "sles", ...
    std::string pretty_name;
    std::string version; // empty when the distribution has none
};

// Nothing when this is not the root of a Linux system. Sources: os-release(5), and the release
// files of the years before it.
[[nodiscard]] Result<std::optional<Release>> read_release(const fs::Tree& tree);
// From what /sbin/init is, and what it would read.
[[nodiscard]] Result<Init> read_init(const fs::Tree& tree);
// From the ELF header of init or the shell; unknown when neither can be read.
[[nodiscard]] Architecture read_architecture(const fs::Tree& tree);

} // namespace lifeboat::guest
