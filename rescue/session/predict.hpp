// SPDX-License-Identifier: GPL-2.0-or-later
// What the chainload media would boot from these disks, told without booting. The GRUB 2 media's
// own scripts (chainload/stage) are part of this program and are run here, so their rules are the
// same; the medium with GRUB Legacy looks at the places of chainload/make-iso.
#pragma once

#include "session/attach.hpp"
#include "session/session.hpp"

namespace lifeboat::session {

enum class BootMediumKind { grub2, grub_legacy, rescue };

struct PredictionRequest {
    BootMediumKind medium = BootMediumKind::grub2;
    bool uefi = false;
    bool secure_boot = false;              // UEFI, and the medium that starts there
    bool xen = false;                      // the machine is a Xen HVM guest
    std::vector<BootParameter> parameters; // of the medium
};

struct BootCandidate {
    std::string kind;   // "grub.cfg", "menu.lst", "extlinux", "entries", "windows", "kernels", ...
    std::string volume; // "disk 1, partition 1"
    std::string path;   // "/boot/grub/grub.cfg"
};

enum class PredictedResult {
    linux_,      // this kernel with this line
    loader,      // another boot loader: Windows, an EFI program, a boot sector
    multiboot,   // a hypervisor or another multiboot kernel
    rescue,      // the repair environment of the medium
    waits,       // a menu or a password waits for a person
    fails,       // the boot is tried, and this is why it ends in our menu
    nothing,     // nothing that can be booted was found
    leaves,      // the guest's configuration powers off, restarts, or goes to the firmware
    cannot_tell, // and why
};

struct Prediction {
    PredictedResult result = PredictedResult::cannot_tell;
    // False when something on the way could not be looked at or understood; see doubts.
    bool certain = false;
    std::vector<BootCandidate> candidates; // in the medium's order: one boots at once
    std::vector<std::string> files;        // configurations that were run: "(hd0,msdos1)/boot/..."
    std::vector<std::string> entry;        // titles of the menu entries, outermost first
    bool key_needed = false;               // the guest's own menu has no timeout
    std::string volume;                    // of the kernel or loader
    std::string path;                      // of the kernel or loader; empty: its boot sector
    std::string command_line;              // as /proc/cmdline would show it
    std::string original;                  // the words that the guest's configuration has
    std::vector<std::string> ramdisks;     // "(hd0,msdos1)/boot/initrd.img"
    std::vector<std::string> reasons;      // what was decided, as sentences
    std::vector<std::string> doubts;       // what could make the real boot differ
};

// True when the machine comes up without anybody's help.
[[nodiscard]] bool boots(const Prediction& prediction);
// "grub2", "grub-legacy", "rescue"; error `usage`.
[[nodiscard]] Result<BootMediumKind> boot_medium_named(std::string_view name);
// "linux", "loader", ..., for JSON.
[[nodiscard]] std::string_view to_string(PredictedResult result);
[[nodiscard]] std::string_view to_string(BootMediumKind medium);

[[nodiscard]] std::string prediction_text(const PredictionRequest& request,
                                          const Prediction& prediction);
[[nodiscard]] std::string to_json(const PredictionRequest& request, const Prediction& prediction);

} // namespace lifeboat::session
