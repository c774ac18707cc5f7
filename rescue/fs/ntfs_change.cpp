// SPDX-License-Identifier: GPL-2.0-or-later
// NtfsVolume: everything that changes something.
#include "base/text.hpp"
#include "fs/ntfs_cow.hpp"
#include "fs/ntfs_impl.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
// ntfs-3g's headers are not self-contained: struct timespec and the C types must be known first.
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <sys/stat.h>

extern "C" {
#include <ntfs-3g/attrib.h>
#include <ntfs-3g/device.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/logfile.h>
#include <ntfs-3g/logging.h>
#include <ntfs-3g/security.h>
#include <ntfs-3g/unistr.h>
#include <ntfs-3g/volume.h>
}
#undef min
#undef max
// Its flag macros take the complement of an int.
#pragma GCC diagnostic ignored "-Wsign-conversion"

namespace lifeboat::fs {
namespace {

constexpr s64 kPiece = 1 << 20;
const auto kModified = static_cast<ntfs_time_update_flags>(NTFS_UPDATE_MCTIME);

struct CloseAttribute {
    void operator()(ntfs_attr* attribute) const { ntfs_attr_close(attribute); }
};
using AttributePtr = std::unique_ptr<ntfs_attr, CloseAttribute>;

// Where an attribute of the volume's own lies.
bool add_ranges(const ntfs_volume& volume, ntfs_attr* attribute,
                std::vector<NtfsLedger::Range>& ranges) {
    if (ntfs_attr_map_whole_runlist(attribute) != 0)
        return false;
    const auto size = static_cast<std::uint64_t>(volume.cluster_size);
    for (const auto* run = attribute->rl; run->length != 0; ++run)
        if (run->lcn >= 0)
            ranges.push_back({static_cast<std::uint64_t>(run->lcn) * size,
                              static_cast<std::uint64_t>(run->length) * size});
    return true;
}

} // namespace

Result<void> NtfsVolume::begin() {
    if (impl_->volume == nullptr)
        return fail(ErrorKind::internal, impl_->line.device->name(),
                    "the file system is closed already");
    impl_->ledger = std::make_unique<NtfsLedger>(*impl_->line.device);
    impl_->line.ledger = impl_->ledger.get();
    return {};
}

Result<void> NtfsVolume::end() {
    impl_->line.ledger = nullptr;
    const auto ledger = std::move(impl_->ledger);
    auto* const volume = impl_->volume;
    NtfsLedger::Maps maps;
    maps.cluster_size = volume->cluster_size;
    if (!add_ranges(*volume, volume->lcnbmp_na, maps.clusters) ||
        !add_ranges(*volume, volume->mftbmp_na, maps.records))
        return impl_->error("reading the maps of used clusters and records");
    LIFEBOAT_TRY(impl_->switched, ledger->settle(maps));
    return {};
}

std::size_t NtfsVolume::switched_records() const { return impl_->switched; }

Result<bool> NtfsVolume::write(std::uint64_t number, ByteSpan content) {
    LIFEBOAT_TRY(auto inode, impl_->inode(number));
    const auto copied = cow_write(impl_->volume, inode.get(), *impl_->line.device, content);
    if (copied == CowResult::failed)
        return impl_->error("writing a file");
    bool safe = copied == CowResult::done;
    if (!safe) {
        LIFEBOAT_TRY(safe, impl_->write_where_it_lies(inode.get(), content));
    }
    ntfs_inode_update_times(inode.get(), kModified);
    LIFEBOAT_CHECK(impl_->finish(std::move(inode)));
    return safe;
}

Result<bool> NtfsVolume::Impl::write_where_it_lies(ntfs_inode* inode, ByteSpan content) {
    AttributePtr data(ntfs_attr_open(inode, AT_DATA, AT_UNNAMED, 0));
    if (!data)
        return error("opening the content of a file");
    // Content inside the record is changed with the record; what moves out of it goes to new
    // clusters.
    const bool safe = NAttrNonResident(data.get()) == 0 || content.empty();
    const auto size = static_cast<s64>(content.size());
    if (size != data->data_size && ntfs_attr_truncate(data.get(), size) != 0)
        return error("setting the size of a file");
    for (s64 done = 0; done < size;) {
        const auto put = ntfs_attr_pwrite(data.get(), done, std::min(kPiece, size - done),
                                          content.data() + done);
        if (put <= 0) {
            errno = put == 0 ? EIO : errno;
            return error("writing a file");
        }
        done += put;
    }
    return safe;
}

Result<std::uint64_t> NtfsVolume::create(std::uint64_t directory, std::string_view name,
                                         NtfsMake what, std::uint64_t heir_of) {
    const auto units = ntfs_units_of(name);
    if (!units)
        return fail(ErrorKind::usage, printable(name), "this cannot be a file name on NTFS");
    LIFEBOAT_TRY(auto parent, impl_->inode(directory));
    NtfsInodePtr other;
    if (heir_of != directory) {
        LIFEBOAT_TRY(other, impl_->inode(heir_of));
    }
    auto* const testator = other ? other.get() : parent.get();
    SECURITY_CONTEXT context{};
    PERMISSIONS_CACHE* no_cache = nullptr;
    context.vol = impl_->volume;
    context.pseccache = &no_cache;
    const bool make_directory = what == NtfsMake::directory;
    const auto security = ntfs_inherited_id(&context, testator, make_directory ? TRUE : FALSE);
    NtfsInodePtr made(ntfs_create(parent.get(), security, units->data(),
                                  static_cast<u8>(units->size()),
                                  make_directory ? S_IFDIR : S_IFREG));
    if (!made)
        return impl_->error("making a file");
    other.reset();
    const std::uint64_t number = made->mft_no;
    ntfs_inode_update_times(parent.get(), kModified);
    LIFEBOAT_CHECK(impl_->finish(std::move(made)));
    LIFEBOAT_CHECK(impl_->finish(std::move(parent)));
    return number;
}

Result<void> NtfsVolume::add_name(std::uint64_t number, std::uint64_t directory,
                                  std::string_view name) {
    const auto units = ntfs_units_of(name);
    if (!units)
        return fail(ErrorKind::usage, printable(name), "this cannot be a file name on NTFS");
    LIFEBOAT_TRY(auto parent, impl_->inode(directory));
    LIFEBOAT_TRY(auto inode, impl_->inode(number));
    if (ntfs_link(inode.get(), parent.get(), units->data(), static_cast<u8>(units->size())) != 0)
        return impl_->error("adding a name");
    LIFEBOAT_CHECK(impl_->finish(std::move(inode)));
    return impl_->finish(std::move(parent));
}

Result<void> NtfsVolume::remove_name(std::uint64_t number, std::uint64_t directory,
                                     std::string_view name) {
    const auto units = ntfs_units_of(name);
    if (!units)
        return fail(ErrorKind::usage, printable(name), "this cannot be a file name on NTFS");
    LIFEBOAT_TRY(auto parent, impl_->inode(directory));
    LIFEBOAT_TRY(auto inode, impl_->inode(number));
    // ntfs_delete closes both, also when it fails.
    if (ntfs_delete(impl_->volume, nullptr, inode.release(), parent.release(), units->data(),
                    static_cast<u8>(units->size())) != 0) {
        if (errno == ENOTEMPTY)
            return fail(ErrorKind::refused, printable(name), "the directory is not empty");
        return impl_->error("removing a name");
    }
    return {};
}

} // namespace lifeboat::fs
