// SPDX-License-Identifier: GPL-2.0-or-later
// What a hoster writes to attach one of the media to a guest, for each kind of host: the sentences
// of docs/external-bootloader.md with the names filled in and quoted for the language they stand
// in.
#pragma once

#include "base/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::session {

enum class Platform { libvirt, xl, qemu, proxmox, openstack };

// "libvirt", "xl", ...; error `usage` that lists them.
[[nodiscard]] Result<Platform> platform_named(std::string_view name);
[[nodiscard]] std::span<const std::string_view> platform_names();

// One parameter of the boot stage, checked: the name is known and the value is one that GRUB's side
// understands (chainload/stage/parameters.cfg), so that a typing error is found here and not at
// boot.
struct BootParameter {
    std::string name;
    std::string value;
};
[[nodiscard]] Result<BootParameter> boot_parameter(std::string_view text); // "console=ttyS0"
[[nodiscard]] std::span<const std::string_view> boot_parameter_names();

// "lifeboat:console=ttyS0;root=keep", the OEM string (SMBIOS type 11).
[[nodiscard]] std::string oem_string(const std::vector<BootParameter>& parameters);
// The content of lifeboat.env on a FAT disk labelled LIFEBOAT.
[[nodiscard]] std::string parameter_file(const std::vector<BootParameter>& parameters);

struct Attachment {
    Platform platform = Platform::qemu;
    std::string medium;             // path, volume or image name of the ISO, as the host knows it
    std::string guest;              // name or number of the guest; proxmox and openstack need it
    std::vector<std::string> disks; // the guest's, in order; libvirt, xl and qemu need at least one
    bool uefi = false;              // qemu: with OVMF
    bool secure_boot = false;       // qemu, libvirt: UEFI with Microsoft's keys
    std::vector<BootParameter> parameters;
};

// Error `usage` when something that the platform needs is missing, or a name cannot be written in
// its language.
[[nodiscard]] Result<std::string> attach_text(const Attachment& attachment);

} // namespace lifeboat::session
