// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/machine.hpp"
#include "guest/unreadable.hpp"

#include <utility>

namespace lifeboat::guest {

using volume::Content;

namespace {

std::string_view what_to_do(Content content) {
    switch (content) {
    case Content::luks:
    case Content::bitlocker: return "decrypt the volume inside the guest first";
    case Content::xfs:
    case Content::btrfs:
        return "start this guest from the Lifeboat rescue medium and repair it there";
    default: return "repair this guest by hand, for example from the rescue system's shell";
    }
}

// The reason why a volume cannot be read; nothing when it can, or never holds a guest.
std::optional<Error> unreadable_reason(Machine& machine, std::size_t disk,
                                       const volume::Volume& volume) {
    if (can_open(volume.content)) {
        auto fs = machine.filesystem(disk, volume);
        if (fs)
            return std::nullopt;
        return fs.error();
    }
    if (volume.content == Content::lvm_member) {
        // Its logical volumes are volumes of their own, and stand with the disk of their first
        // part.
        for (const auto& any : machine.disks())
            for (const auto& other : any.layout.volumes)
                if (other.mapped && !other.array)
                    return std::nullopt;
    }
    if (!volume.member_of.empty())
        return std::nullopt; // its array is a volume of its own
    const auto why = why_unreadable(volume.content);
    if (why.empty())
        return std::nullopt;
    std::string what(volume.why_not.empty() ? std::string(why) : volume.why_not);
    if (volume.content == Content::other && !volume.content_name.empty())
        what += " (" + volume.content_name + ")";
    return Error{ErrorKind::unsupported, Machine::volume_name(disk, volume), what,
                 std::string(what_to_do(volume.content))};
}

} // namespace

Result<Found> find_guests(Machine& machine) {
    Found found;
    for (std::size_t disk = 0; disk < machine.disks().size(); ++disk)
        for (const auto& volume : machine.disks()[disk].layout.volumes)
            if (auto why = unreadable_reason(machine, disk, volume))
                found.unreadable.push_back({Machine::volume_name(disk, volume), std::move(*why)});
    LIFEBOAT_TRY(found.guests, find_windows(machine));
    LIFEBOAT_TRY(auto linux_guests, find_linux(machine));
    for (auto& guest : linux_guests)
        found.guests.push_back(std::move(guest));
    return found;
}

} // namespace lifeboat::guest
