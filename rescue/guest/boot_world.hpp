// SPDX-License-Identifier: GPL-2.0-or-later
// The guest's disks as GRUB would see them on a running machine, for a prediction of what it does.
// The first disk of the machine is hd0, and so on.
#pragma once

#include "guest/machine.hpp"
#include "text/grub/world.hpp"

#include <set>

namespace lifeboat::guest {

struct BootMedium {
    bool uefi = false;
    std::string manufacturer;             // SMBIOS: "QEMU", "Xen"
    std::vector<std::string> oem_strings; // SMBIOS type 11
    // Files by device and path: "(memdisk)/boot/grub/grub.cfg", "(cd0)/lifeboat/rescue.cfg".
    std::map<std::string, std::string, std::less<>> files;
};

class BootWorld final : public text::grub::World {
public:
    BootWorld(Machine& machine, BootMedium medium);

    [[nodiscard]] std::vector<std::string> devices() override;
    [[nodiscard]] std::optional<text::grub::FileFacts> stat(std::string_view device,
                                                            std::string_view path) override;
    [[nodiscard]] std::optional<std::string> read(std::string_view device,
                                                  std::string_view path) override;
    [[nodiscard]] std::vector<std::string> list(std::string_view device,
                                                std::string_view path) override;
    [[nodiscard]] std::string probe(std::string_view device, text::grub::Probe what) override;
    [[nodiscard]] text::grub::KernelKind kernel(std::string_view device,
                                                std::string_view path) override;
    void load_module(std::string_view name) override;
    [[nodiscard]] std::string manufacturer() override { return medium_.manufacturer; }
    [[nodiscard]] std::vector<std::string> oem_strings() override { return medium_.oem_strings; }

    // Machine::volume_name of "hd0,msdos1"; the name itself for what is no volume of a guest.
    [[nodiscard]] std::string volume_of(std::string_view device) const;
    // What GRUB can look at and this program cannot, as sentences; only what was asked for.
    [[nodiscard]] const std::vector<std::string>& not_seen() const { return not_seen_; }

private:
    struct Device {
        std::string name;
        std::size_t disk = 0;
        const volume::Volume* volume = nullptr; // null: a whole disk with a partition table
    };
    [[nodiscard]] const Device* find(std::string_view name) const;
    [[nodiscard]] const fs::Tree* tree(const Device& device, std::string_view path);
    void add_logical_volumes();
    void note(std::string sentence);

    Machine& machine_;
    BootMedium medium_;
    std::vector<Device> devices_;
    std::map<std::string, std::optional<fs::Tree>> trees_;
    std::vector<std::string> not_seen_;
    bool volumes_added_ = false;
};

} // namespace lifeboat::guest
