// SPDX-License-Identifier: GPL-2.0-or-later
#include "volume/table.hpp"

#include "base/text.hpp"

#include <cstdlib>
#include <libfdisk/libfdisk.h>
#include <limits>
#include <memory>

namespace lifeboat::volume {
namespace {

struct FreeContext {
    void operator()(fdisk_context* context) const { fdisk_unref_context(context); }
};
struct FreeTable {
    void operator()(fdisk_table* table) const { fdisk_unref_table(table); }
};
struct FreeIterator {
    void operator()(fdisk_iter* iterator) const { fdisk_free_iter(iterator); }
};
using ContextPtr = std::unique_ptr<fdisk_context, FreeContext>;

// libfdisk tells what it noticed through this callback; it never prints by itself then.
int take_message(fdisk_context* /*context*/, fdisk_ask* ask, void* data) {
    auto& notes = *static_cast<std::vector<std::string>*>(data);
    const int type = fdisk_ask_get_type(ask);
    if (type != FDISK_ASKTYPE_WARN && type != FDISK_ASKTYPE_WARNX)
        return 0;
    if (const char* text = fdisk_ask_print_get_mesg(ask); text != nullptr)
        notes.push_back("partition table: " + printable(text));
    return 0;
}

std::string text_of(const char* text) {
    return text == nullptr ? std::string() : std::string(text);
}

std::string type_of(fdisk_partition* part) {
    auto* const type = fdisk_partition_get_type(part);
    if (type == nullptr)
        return {};
    if (const char* guid = fdisk_parttype_get_string(type); guid != nullptr)
        return to_lower_ascii(guid);
    return hex(fdisk_parttype_get_code(type));
}

// Linux makes the PARTUUID of an MBR partition from the disk's number and the partition's.
std::string mbr_partition_uuid(std::string_view disk_id, std::size_t number) {
    if (!istarts_with(disk_id, "0x"))
        return {};
    return std::string(disk_id.substr(2)) + "-" + hex(number, 2);
}

Result<std::optional<Volume>> volume_of(fdisk_partition* part, std::uint32_t sector_size) {
    if (fdisk_partition_is_container(part) != 0 || fdisk_partition_is_freespace(part) != 0 ||
        fdisk_partition_has_start(part) == 0 || fdisk_partition_has_size(part) == 0)
        return std::optional<Volume>();
    const std::uint64_t start = fdisk_partition_get_start(part);
    const std::uint64_t size = fdisk_partition_get_size(part);
    constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
    if (start > kMost / sector_size || size > kMost / sector_size)
        return std::optional<Volume>();
    Volume volume;
    volume.id = std::to_string(fdisk_partition_get_partno(part) + 1);
    volume.offset = start * sector_size;
    volume.size = size * sector_size;
    volume.type = type_of(part);
    volume.partition_uuid = to_lower_ascii(text_of(fdisk_partition_get_uuid(part)));
    volume.partition_label = text_of(fdisk_partition_get_name(part));
    volume.active = fdisk_partition_is_bootable(part) != 0;
    volume.logical = fdisk_partition_is_nested(part) != 0;
    return std::optional<Volume>(std::move(volume));
}

Result<void> add_partitions(fdisk_context* context, std::uint32_t sector_size, Table& table) {
    fdisk_table* raw = nullptr;
    if (fdisk_get_partitions(context, &raw) != 0)
        return fail(ErrorKind::damaged, "partition table", "the partitions cannot be listed");
    const std::unique_ptr<fdisk_table, FreeTable> parts(raw);
    const std::unique_ptr<fdisk_iter, FreeIterator> iterator(fdisk_new_iter(FDISK_ITER_FORWARD));
    fdisk_partition* part = nullptr;
    while (fdisk_table_next_partition(parts.get(), iterator.get(), &part) == 0) {
        LIFEBOAT_TRY(auto volume, volume_of(part, sector_size));
        if (!volume)
            continue;
        if (table.name == "dos")
            volume->partition_uuid =
                mbr_partition_uuid(table.disk_id, fdisk_partition_get_partno(part) + 1);
        table.volumes.push_back(std::move(*volume));
    }
    return {};
}

} // namespace

Result<Table> read_table(const Sketch& sketch, std::uint32_t sector_size) {
    Table table;
    const ContextPtr context(fdisk_new_context());
    if (!context)
        return fail(ErrorKind::internal, "libfdisk", "it cannot be set up");
    fdisk_disable_dialogs(context.get(), 1);
    fdisk_set_ask(context.get(), take_message, &table.notes);
    fdisk_save_user_sector_size(context.get(), sector_size, sector_size);
    if (fdisk_assign_device_by_fd(context.get(), sketch.descriptor(), "disk", 1) != 0)
        return fail(ErrorKind::damaged, "partition table", "libfdisk cannot read this disk");
    if (fdisk_has_label(context.get()) == 0)
        return table;
    table.name = text_of(fdisk_label_get_name(fdisk_get_label(context.get(), nullptr)));
    char* id = nullptr;
    if (fdisk_get_disklabel_id(context.get(), &id) == 0)
        table.disk_id = to_lower_ascii(text_of(id));
    std::free(id);
    LIFEBOAT_CHECK(add_partitions(context.get(), sector_size, table));
    if (table.name == "gpt" && !table.notes.empty())
        table.notes.back() += " (lifeboat repair DISK --gpt-backup puts both copies in order)";
    return table;
}

} // namespace lifeboat::volume
