// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/attach.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace lifeboat::session {
namespace {

constexpr std::array<std::string_view, 5> kPlatforms = {"libvirt", "xl", "qemu", "proxmox",
                                                        "openstack"};
constexpr std::size_t kMaxDisks = 26; // vda to vdz

tl::unexpected<Error> missing(std::string_view platform, std::string_view what,
                              std::string_view next) {
    return fail(ErrorKind::usage, std::string(platform), std::string(what), std::string(next));
}

// One word of a POSIX shell.
std::string shell(std::string_view text) {
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string xml(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '\'': out += "&apos;"; break;
        case '"': out += "&quot;"; break;
        default: out += c;
        }
    }
    return out;
}

// A value in QEMU's comma-separated options.
std::string comma_doubled(std::string_view text) {
    std::string out;
    for (const char c : text)
        out += c == ',' ? std::string(",,") : std::string(1, c);
    return out;
}

std::string drive_letter(std::size_t number) {
    return std::string(1, static_cast<char>('a' + number));
}

std::string qemu(const Attachment& what) {
    std::string out = "qemu-system-x86_64";
    const auto add = [&out](const std::string& option, const std::string& value) {
        out += " \\\n  " + option + " " + shell(value);
    };
    if (what.secure_boot) {
        // Only the firmware's own code, in system management mode, may write its variables.
        add("-machine", "q35,smm=on");
        add("-global", "driver=cfi.pflash01,property=secure,value=on");
        add("-drive", "if=pflash,unit=0,format=raw,readonly=on,"
                      "file=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd");
        // A copy of OVMF_VARS_4M.ms.fd, which has the keys of Microsoft.
        add("-drive", "if=pflash,unit=1,format=raw,file=VARS.ms.fd");
    } else if (what.uefi) {
        add("-drive", "if=pflash,unit=0,format=raw,readonly=on,"
                      "file=/usr/share/OVMF/OVMF_CODE_4M.fd");
        add("-drive", "if=pflash,unit=1,format=raw,file=VARS.fd");
    }
    add("-drive", "if=none,id=lifeboat,media=cdrom,readonly=on,format=raw,file=" +
                      comma_doubled(what.medium));
    add("-device", "ide-cd,drive=lifeboat,bootindex=0");
    for (std::size_t i = 0; i < what.disks.size(); ++i) {
        const std::string id = "disk" + std::to_string(i);
        add("-drive", "if=none,id=" + id + ",format=raw,file=" + comma_doubled(what.disks[i]));
        // UEFI does not connect a disk without a boot index, and GRUB then sees none.
        add("-device", "virtio-blk-pci,drive=" + id + ",bootindex=" + std::to_string(i + 1));
    }
    if (!what.parameters.empty())
        add("-smbios", "type=11,value=" + comma_doubled(oem_string(what.parameters)));
    add("-serial", "mon:stdio");
    return out + "\n";
}

std::string libvirt(const Attachment& what) {
    std::string out = "<!-- for virsh edit; remove <boot dev=.../> of <os> -->\n";
    if (!what.parameters.empty())
        out += "<os>\n  <smbios mode='sysinfo'/> <!-- beside what is there -->\n</os>\n"
               "<sysinfo type='smbios'>\n  <oemStrings>\n    <entry>" +
               xml(oem_string(what.parameters)) + "</entry>\n  </oemStrings>\n</sysinfo>\n";
    out += "<devices>\n  <disk type='file' device='cdrom'>\n    <driver name='qemu' type='raw'/>\n"
           "    <source file='" +
           xml(what.medium) +
           "'/>\n    <target dev='sdf' bus='sata'/>\n    <readonly/>\n    <boot order='1'/>\n"
           "  </disk>\n";
    for (std::size_t i = 0; i < what.disks.size(); ++i)
        out += "  <disk type='file' device='disk'>\n    <driver name='qemu' type='raw'/>\n"
               "    <source file='" +
               xml(what.disks[i]) + "'/>\n    <target dev='vd" + drive_letter(i) +
               "' bus='virtio'/>\n    <boot order='" + std::to_string(i + 2) + "'/>\n  </disk>\n";
    return out + "</devices>\n";
}

std::string xl(const Attachment& what) {
    std::string out = "type = \"hvm\"\ndisk = [\n";
    for (std::size_t i = 0; i < what.disks.size(); ++i)
        out += "  \"format=raw, vdev=xvd" + drive_letter(i) +
               ", access=rw, target=" + what.disks[i] + "\",\n";
    // hdc is the usual place of a CD; the boot order d is "the CD", c "the first disk".
    out += "  \"format=raw, vdev=hdc, access=ro, devtype=cdrom, target=" + what.medium +
           "\",\n]\nboot = \"dc\"\nserial = \"pty\"\n";
    if (!what.parameters.empty())
        out += "# Xen has no option for OEM strings: create the guest paused, then\n#   "
               "xenstore-write "
               "/local/domain/ID/bios-strings/oem-1 " +
               shell(oem_string(what.parameters)) + "\n# and unpause it.\n";
    return out;
}

std::string proxmox(const Attachment& what) {
    std::string out = "qm set " + shell(what.guest) + " --ide2 " +
                      shell(what.medium + ",media=cdrom") +
                      " --boot 'order=ide2;scsi0' --serial0 socket\n";
    if (!what.parameters.empty())
        out += "qm set " + shell(what.guest) + " --args " +
               shell("-smbios " +
                     shell("type=11,value=" + comma_doubled(oem_string(what.parameters)))) +
               "\n";
    return out + "# In place of scsi0: the guest's own first disk, as in qm config.\n";
}

std::string openstack(const Attachment& what) {
    std::string out = "openstack image create --file " + shell(what.medium) +
                      " --disk-format iso --container-format bare \\\n"
                      "  --property hw_rescue_device=cdrom --property hw_rescue_bus=sata "
                      "lifeboat\nopenstack server rescue --image lifeboat " +
                      shell(what.guest) + "\n";
    if (!what.parameters.empty())
        out += "# Nova has no OEM strings for a guest: attach a small FAT volume labelled LIFEBOAT "
               "with the file\n# lifeboat.env:\n" +
               parameter_file(what.parameters);
    return out;
}

Result<void> check(const Attachment& what) {
    const auto name = kPlatforms.at(static_cast<std::size_t>(what.platform));
    const bool by_number =
        what.platform == Platform::proxmox || what.platform == Platform::openstack;
    if (what.medium.empty())
        return missing(name, "the medium is not named", "give the path of lifeboat-grub2.iso");
    if (by_number && what.guest.empty())
        return missing(name, "the guest is not named", "give its name or number");
    if (!by_number && (what.disks.empty() || what.disks.size() > kMaxDisks))
        return missing(name, "between 1 and 26 disks of the guest are needed", "give its disks");
    std::vector<std::string> names = what.disks;
    names.push_back(what.medium);
    // Who starts the guest later works in another folder; libvirt's schema refuses such a path.
    if (what.platform == Platform::libvirt || what.platform == Platform::xl)
        for (const auto& path : names)
            if (!path.starts_with('/'))
                return missing(name, "\"" + path + "\" is not a whole path", "begin it with /");
    names.push_back(what.guest);
    for (const auto& text : names) {
        if (printable(text) != text)
            return missing(name, "a name has control characters in it", "rename it");
        // xl's list has no way to quote these (man xl-disk-configuration).
        if (what.platform == Platform::xl && text.find_first_of("\",\\") != std::string::npos)
            return missing(name, "xl cannot name a file with quotes or commas", "rename " + text);
    }
    return {};
}

} // namespace

std::span<const std::string_view> platform_names() { return kPlatforms; }

Result<Platform> platform_named(std::string_view name) {
    const auto found = std::find(kPlatforms.begin(), kPlatforms.end(), name);
    if (found == kPlatforms.end())
        return fail(ErrorKind::usage, std::string(name), "is not a kind of host that is known",
                    "one of libvirt, xl, qemu, proxmox, openstack");
    return static_cast<Platform>(found - kPlatforms.begin());
}

Result<std::string> attach_text(const Attachment& attachment) {
    LIFEBOAT_CHECK(check(attachment));
    switch (attachment.platform) {
    case Platform::libvirt: return libvirt(attachment);
    case Platform::xl: return xl(attachment);
    case Platform::qemu: return qemu(attachment);
    case Platform::proxmox: return proxmox(attachment);
    case Platform::openstack: return openstack(attachment);
    }
    return fail(ErrorKind::internal, "attach", "unknown platform");
}

} // namespace lifeboat::session
