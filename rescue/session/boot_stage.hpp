// SPDX-License-Identifier: GPL-2.0-or-later
// The scripts of the boot stage, in the program since its build (room.cmake).
#pragma once

#include <span>
#include <string_view>

namespace lifeboat::session {

struct StageFile {
    std::string_view name; // "boot.cfg"
    std::string_view content;
};

[[nodiscard]] std::span<const StageFile> stage_files();
[[nodiscard]] std::span<const StageFile> signed_files(); // chainload/signed, for Secure Boot
[[nodiscard]] std::string_view stage_modules();          // chainload/modules
[[nodiscard]] std::string_view rescue_config();          // iso/rescue/rescue.cfg

} // namespace lifeboat::session
