// SPDX-License-Identifier: GPL-2.0-or-later
// File names on FAT: eleven bytes in the code page of the guest, and in front of them, since
// Windows 95, entries with up to 255 UTF-16 units. Facts: fatgen103, "FAT Long Directory Entries".
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lifeboat::fs {

inline constexpr std::size_t kFatEntry = 32; // bytes of a directory entry
inline constexpr std::size_t kFatShort = 11;

namespace fat_attribute {
inline constexpr std::uint8_t kReadOnly = 0x01, kVolume = 0x08, kDirectory = 0x10, kArchive = 0x20,
                              kLong = 0x0f, kLongMask = 0x3f;
}

using FatShortName = std::array<std::byte, kFatShort>;

// "BOOTX64.EFI" of the first bytes of an entry; nothing when no program could have made this name.
// Lower case where Windows NT noted it in byte 12 instead of a long name.
[[nodiscard]] std::optional<std::string> fat_short_name(ByteSpan entry);
[[nodiscard]] std::uint8_t fat_checksum(const FatShortName& name);

// The long name in front of a short entry. Parts come in the order of the disk: last part first.
class FatLongName {
public:
    void add(ByteSpan entry);
    void reset() { *this = FatLongName(); }
    // The name, when all parts are there and belong to `name`.
    [[nodiscard]] std::optional<std::string> finish(const FatShortName& name) const;
    [[nodiscard]] std::size_t entries() const { return parts_; }

private:
    Bytes units_; // UTF-16LE, filled from the end
    std::size_t parts_ = 0;
    unsigned expected_ = 0; // number of the part that must come next; 0: all are there
    std::uint8_t checksum_ = 0;
    bool valid_ = false;
};

// The entries that give a file the name `name`: long parts if needed, then the short one with all
// fields but the name zero. `taken` says whether the directory has that short name already.
[[nodiscard]] Bytes fat_name_entries(std::string_view name,
                                     const std::function<bool(const FatShortName&)>& taken);

} // namespace lifeboat::fs
