// SPDX-License-Identifier: GPL-2.0-or-later
#include "volume/lvm.hpp"
#include "volume/probe.hpp"

namespace lifeboat::volume {

Result<void> add_logical_volumes(std::span<const DiskLayout> disks) {
    std::vector<PhysicalVolume> physical;
    for (std::size_t n = 0; n < disks.size(); ++n)
        for (const auto& volume : disks[n].layout->volumes)
            if (volume.content == Content::lvm_member) {
                LIFEBOAT_TRY(auto part, open_volume(disks[n].device, volume));
                physical.push_back({n, std::move(part)});
            }
    if (physical.empty())
        return {};
    auto found = find_logical_volumes(physical);
    for (const auto& problem : found.problems)
        disks[physical.front().disk].layout->notes.push_back(problem.text());
    for (auto& logical : found.volumes) {
        Layout& layout = *disks[logical.disk].layout;
        if (logical.why_not) {
            layout.notes.push_back(logical.why_not->text());
            continue;
        }
        Volume volume;
        volume.id = logical.group + "/" + logical.name;
        volume.size = logical.size;
        volume.mapped = std::move(logical.device);
        LIFEBOAT_CHECK(identify(*volume.mapped, layout.sector_size, volume, layout.notes));
        layout.volumes.push_back(std::move(volume));
    }
    return {};
}

} // namespace lifeboat::volume
