// SPDX-License-Identifier: GPL-2.0-or-later
// Which volume a device name in a Linux guest means. Names like /dev/xvda2 came from the old host
// and say little about the disks as they are attached now, so they are resolved by evidence: what
// the volume holds, where ext last was mounted, partition and disk numbers; and only when exactly
// one volume fits best. "Could not tell" is an answer.
#pragma once

#include "guest/machine.hpp"
#include "text/fstab.hpp"

#include <optional>

namespace lifeboat::guest {

// A whole disk or partition named by letters: /dev/xvda2, /dev/sdb, /dev/hda1, /dev/vdc3.
struct DeviceName {
    std::string family; // "xvd", "sd", "hd", "vd"
    std::size_t letter = 0;
    std::optional<std::size_t> partition;

    bool operator==(const DeviceName&) const = default;
};
[[nodiscard]] std::optional<DeviceName> parse_device_name(std::string_view path);

// A volume as it is attached now.
struct VolumeRef {
    std::size_t disk = 0;
    volume::Volume volume;
    std::string name;         // Machine::volume_name
    std::string last_mounted; // of ext: the mount point the kernel noted; empty when unknown
};
[[nodiscard]] std::vector<VolumeRef> all_volumes(const Machine& machine);

struct Resolution {
    std::optional<VolumeRef> volume;
    std::string why; // the evidence, or why no volume could be named; one sentence
};

class DeviceResolver {
public:
    // `root` is Machine::volume_name of the guest's root; `fstab` its mount table.
    DeviceResolver(const Machine& machine, std::string root, std::vector<text::FstabEntry> fstab);

    [[nodiscard]] Resolution root() const;
    // Any way fstab names a device: UUID=, LABEL=, PARTUUID=, /dev/xvda2, /dev/vg/lv.
    [[nodiscard]] Resolution resolve(const text::FstabEntry& entry) const;
    // Of `resume=`: the swap volume that this device name means.
    [[nodiscard]] Resolution resolve_swap(std::string_view device) const;
    // "UUID=..." for a volume; nothing when it has none, or another volume here has the same.
    [[nodiscard]] std::optional<std::string> unique_spec(const VolumeRef& volume) const;

private:
    [[nodiscard]] Resolution by_tag(std::string_view spec) const;
    [[nodiscard]] Resolution by_evidence(const DeviceName& name,
                                         const text::FstabEntry& entry) const;
    [[nodiscard]] int score(const VolumeRef& candidate, const DeviceName& name,
                            const text::FstabEntry& entry) const;
    [[nodiscard]] std::size_t rank(const DeviceName& name) const;
    [[nodiscard]] bool taken(const VolumeRef& candidate, const text::FstabEntry& by) const;

    std::vector<VolumeRef> volumes_;
    std::string root_;
    std::vector<text::FstabEntry> fstab_;
};

} // namespace lifeboat::guest
