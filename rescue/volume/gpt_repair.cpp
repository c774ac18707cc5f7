// SPDX-License-Identifier: GPL-2.0-or-later
// libfdisk does the work on a sketch of the disk, as it does for reading; the sectors that it
// changed there are then written to the disk.
#include "volume/gpt_repair.hpp"

#include "volume/table.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <libfdisk/libfdisk.h>
#include <memory>
#include <unistd.h>

namespace lifeboat::volume {
namespace {

constexpr std::uint64_t kEnds = 64U << 10; // what copy_table() copies of both ends of the disk

struct FreeContext {
    void operator()(fdisk_context* context) const { fdisk_unref_context(context); }
};

int no_message(fdisk_context* /*context*/, fdisk_ask* /*ask*/, void* /*data*/) { return 0; }

// Both ends of the sketch, which are known in full.
struct Ends {
    std::array<std::uint64_t, 2> offset{};
    std::array<Bytes, 2> content;
};

Result<Ends> ends_of(const Sketch& sketch, std::uint64_t size) {
    Ends ends;
    ends.offset = {0, size - kEnds};
    for (std::size_t i = 0; i < ends.offset.size(); ++i) {
        ends.content[i].resize(kEnds);
        const auto got = ::pread(sketch.descriptor(), ends.content[i].data(), kEnds,
                                 static_cast<off_t>(ends.offset[i]));
        if (got != static_cast<ssize_t>(kEnds))
            return fail_errno("partition table", "reading a file in memory", errno);
    }
    return ends;
}

// Whether libfdisk found something to put in order; then it has done so in the sketch.
Result<bool> rewrite(const Sketch& sketch, std::uint32_t sector_size) {
    const std::unique_ptr<fdisk_context, FreeContext> context(fdisk_new_context());
    if (!context)
        return fail(ErrorKind::internal, "libfdisk", "it cannot be set up");
    fdisk_disable_dialogs(context.get(), 1);
    fdisk_set_ask(context.get(), no_message, nullptr);
    fdisk_save_user_sector_size(context.get(), sector_size, sector_size);
    if (fdisk_assign_device_by_fd(context.get(), sketch.descriptor(), "disk", 0) != 0)
        return fail(ErrorKind::damaged, "partition table", "libfdisk cannot read this disk");
    if (fdisk_is_label(context.get(), GPT) == 0)
        return fail(ErrorKind::unsupported, "partition table",
                    "this disk has no GPT of which at least one copy is good");
    if (fdisk_label_is_changed(fdisk_get_label(context.get(), nullptr)) == 0)
        return false;
    if (fdisk_write_disklabel(context.get()) != 0)
        return fail(ErrorKind::unsupported, "partition table",
                    "the copies of the GPT cannot be put in order; perhaps the disk was made "
                    "smaller than its partitions");
    return true;
}

struct Change {
    std::uint64_t offset = 0;
    ByteSpan content;
};

std::vector<Change> differences(const Ends& before, const Ends& after, std::uint32_t sector) {
    std::vector<Change> out;
    for (std::size_t i = 0; i < before.offset.size(); ++i)
        for (std::size_t at = 0; at < kEnds; at += sector) {
            const auto now = ByteSpan(after.content[i]).subspan(at, sector);
            if (!equal(ByteSpan(before.content[i]).subspan(at, sector), now))
                out.push_back({before.offset[i] + at, now});
        }
    return out;
}

} // namespace

Result<bool> repair_gpt(block::BlockDevice& disk) {
    LIFEBOAT_TRY(const auto layout, read_layout(disk));
    if (disk.size() < 4 * kEnds)
        return fail(ErrorKind::unsupported, disk.name(), "the disk is too small for a GPT");
    LIFEBOAT_TRY(auto sketch, Sketch::of(disk));
    std::vector<std::string> notes;
    LIFEBOAT_CHECK(copy_table(disk, layout.sector_size, sketch, notes));
    LIFEBOAT_TRY(const auto before, ends_of(sketch, disk.size()));
    auto changed = rewrite(sketch, layout.sector_size);
    if (!changed)
        return fail(changed.error().in(disk.name()));
    if (!*changed)
        return false;
    LIFEBOAT_TRY(const auto after, ends_of(sketch, disk.size()));
    const auto changes = differences(before, after, layout.sector_size);
    for (const auto& change : changes)
        for (const auto& volume : layout.volumes)
            if (!volume.mapped && change.offset < volume.offset + volume.size &&
                change.offset + change.content.size() > volume.offset)
                return fail(ErrorKind::refused, disk.name(),
                            "partition " + volume.id + " lies where a copy of the GPT must be",
                            "make the disk at least 1 MiB larger");
    for (const auto& change : changes)
        LIFEBOAT_CHECK(disk.write(change.offset, change.content));
    return !changes.empty();
}

} // namespace lifeboat::volume
