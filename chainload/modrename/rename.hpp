// SPDX-License-Identifier: GPL-2.0-or-later
// Renames the commands that a GRUB module registers, at the same length, inside the module file.
// GRUB's script looks for a command first and for a function only when no command has that name
// (grub-core/script/execute.c), so our rewriting functions need the names to be free.
// Only whole NUL-terminated strings in read-only data are touched: a module's own name (.modname),
// its dependencies (.moddeps) and longer strings that end in the word stay as they are.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::chainload {

// One string to rename. `count` is how often it must be there: another number means a GRUB that
// nobody has looked at, and the build stops instead of making a medium that silently does nothing.
struct Rename {
    std::string from;
    std::string to; // as long as `from`
    std::size_t count = 1;
};

// What has to be renamed in `file` ("linux.mod", "kernel.img") of `platform` ("i386-pc",
// "x86_64-efi", "i386-efi") of GRUB `release` ("2.06", as modinfo.sh beside the modules calls it);
// empty when the file goes onto the medium as it is. Error: unsupported, for any release that
// nobody has looked at.
[[nodiscard]] Result<std::vector<Rename>>
renames_for(std::string_view release, std::string_view platform, std::string_view file);

// The bytes of the module with all renames done. Errors: damaged (not an ELF file of GRUB's kind),
// unsupported (a count differs), usage (lengths differ).
[[nodiscard]] Result<Bytes> rename_strings(ByteSpan module, const std::vector<Rename>& renames);

} // namespace lifeboat::chainload
