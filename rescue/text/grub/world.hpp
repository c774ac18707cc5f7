// SPDX-License-Identifier: GPL-2.0-or-later
// What GRUB script can ask about the machine it runs on. Devices are named as GRUB names them,
// without brackets: "hd0", "hd0,msdos1", "hd1,gpt2", "lvm/vg-root", "memdisk". Paths begin with
// '/'.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::text::grub {

struct FileFacts {
    bool directory = false;
    std::uint64_t size = 0;
};

// What a kernel's own header says it can start on.
enum class KernelKind { unknown, linux_, xen_x86_64, xen_i386 };

enum class Probe { fs, fs_uuid, part_uuid, label };

// Whatever cannot be told is answered with nothing; the world remembers why.
class World {
public:
    virtual ~World() = default;
    [[nodiscard]] virtual std::vector<std::string> devices() = 0; // in GRUB's order
    [[nodiscard]] virtual std::optional<FileFacts> stat(std::string_view device,
                                                        std::string_view path) = 0;
    [[nodiscard]] virtual std::optional<std::string> read(std::string_view device,
                                                          std::string_view path) = 0;
    [[nodiscard]] virtual std::vector<std::string> list(std::string_view device,
                                                        std::string_view path) = 0;
    [[nodiscard]] virtual std::string probe(std::string_view device, Probe what) = 0;
    [[nodiscard]] virtual KernelKind kernel(std::string_view device, std::string_view path) = 0;
    virtual void load_module(std::string_view name) = 0;
    // The SMBIOS manufacturer, and the OEM strings.
    [[nodiscard]] virtual std::string manufacturer() = 0;
    [[nodiscard]] virtual std::vector<std::string> oem_strings() = 0;
};

} // namespace lifeboat::text::grub
