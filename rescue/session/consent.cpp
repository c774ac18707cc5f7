// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/consent.hpp"

#include "session/ways.hpp"

#include <algorithm>

namespace lifeboat::session {

namespace {

void open_way(OpenDisks& disks, const std::string& volume, std::string_view option) {
    const auto place = find_volume_named(disks, volume);
    if (!place)
        return;
    auto& ways = disks[place->disk].ways[volume];
    ways.discard_hibernation |= option == fs::kDiscardHibernation;
    ways.replay_journal |= option == fs::kReplayJournal;
}

bool consists_of(const guest::Guest& guest, const std::string& volume) {
    const auto& mounts = guest.tree().mounts();
    return std::any_of(mounts.begin(), mounts.end(),
                       [&](const auto& mount) { return mount.volume == volume; });
}

// Its root, and the others that are its alone: an /etc/fstab can name what it likes, also volumes
// of another guest, whose owner was not asked.
std::vector<std::string> own_volumes(const guest::Guest& guest, const guest::Found& found) {
    std::vector<std::string> out;
    for (const auto& mount : guest.tree().mounts()) {
        const bool shared =
            std::any_of(found.guests.begin(), found.guests.end(), [&](const auto& other) {
                return other.get() != &guest && consists_of(*other, mount.volume);
            });
        if (!shared || mount.volume == guest.volume())
            out.push_back(mount.volume);
    }
    return out;
}

bool is_way(std::string_view option) {
    const auto ways = all_ways();
    return std::any_of(ways.begin(), ways.end(),
                       [&](const WayInfo& way) { return way.option == option; });
}

Result<void> open_ways(OpenDisks& disks, const Agreements& agreed) {
    auto machine = machine_over(disks, fs::Access::read);
    LIFEBOAT_TRY(const auto found, guest::find_guests(machine));
    for (const auto& one : agreed) {
        const auto refused = [&](std::string what) {
            return fail(ErrorKind::usage, one.guest + ", " + one.option, std::move(what),
                        "look at the disks again");
        };
        const auto guest = std::find_if(found.guests.begin(), found.guests.end(),
                                        [&](const auto& any) { return any->id() == one.guest; });
        if (guest == found.guests.end())
            return refused("there is no guest of this name");
        if (!is_way(one.option))
            return refused("there is no way past an obstacle of this name");
        for (const auto& volume : own_volumes(**guest, found))
            open_way(disks, volume, one.option);
    }
    return {};
}

void close_ways(OpenDisks& disks) {
    for (auto& disk : disks)
        disk.ways.clear();
}

// One for each obstacle of the guest; none when there is an obstacle that nothing clears away.
Agreements all_needed(const GuestInfo& guest) {
    Agreements out;
    for (const auto& obstacle : guest.obstacles) {
        if (obstacle.option.empty())
            return {};
        out.insert({guest.id, obstacle.option});
    }
    return out;
}

// What stands in the way of the guest when all that was agreed to is cleared away.
Result<std::vector<Error>> left_after(const OpenDisks& disks, const Agreements& agreed,
                                      const std::vector<GuestInfo>& guests,
                                      const GuestInfo& wanted) {
    LIFEBOAT_TRY(auto scratch, scratch_over(disks));
    LIFEBOAT_CHECK(agree(scratch, agreed));
    LIFEBOAT_CHECK(start_over(scratch));
    auto machine = machine_over(scratch, fs::Access::read);
    LIFEBOAT_TRY(const auto found, guest::find_guests(machine));
    // What was agreed to, and chosen, for a name must not come to another guest.
    const bool same = std::equal(found.guests.begin(), found.guests.end(), guests.begin(),
                                 guests.end(), [](const auto& a, const GuestInfo& b) {
                                     return a->id() == b.id && a->volume() == b.volume;
                                 });
    if (!same)
        return fail(ErrorKind::refused, wanted.volume,
                    "once this is cleared away, other guests are found on these disks, or none",
                    "start this guest once and shut it down");
    for (const auto& guest : found.guests)
        if (guest->id() == wanted.id)
            return guest->obstacles();
    return std::vector<Error>{};
}

void find_ways(const OpenDisks& disks, const std::vector<GuestInfo>& guests, GuestInfo& guest,
               const Agreements& needed) {
    auto left = left_after(disks, needed, guests, guest);
    if (!left)
        left = std::vector<Error>{left.error()};
    for (auto& obstacle : *left)
        if (std::find(guest.obstacles.begin(), guest.obstacles.end(), obstacle) ==
            guest.obstacles.end())
            guest.obstacles.push_back(std::move(obstacle));
    if (left->empty())
        for (const auto& one : needed)
            guest.ways.push_back(one.option);
}

} // namespace

Result<void> agree(OpenDisks& disks, const Agreements& agreed) {
    close_ways(disks);
    if (agreed.empty())
        return {};
    auto opened = open_ways(disks, agreed);
    if (!opened)
        close_ways(disks);
    return opened;
}

Result<void> find_ways(const OpenDisks& disks, std::vector<GuestInfo>& guests, Progress& progress) {
    for (auto& guest : guests) {
        const auto needed = all_needed(guest);
        if (needed.empty())
            continue;
        LIFEBOAT_CHECK(go_on(progress));
        progress.report("Looking for a way past what stops " + guest.title, -1);
        find_ways(disks, guests, guest, needed);
    }
    return {};
}

} // namespace lifeboat::session
