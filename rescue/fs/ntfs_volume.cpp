// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/ntfs_volume.hpp"

#include "base/text.hpp"
#include "base/utf.hpp"
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

constexpr std::size_t kEntryLimit = 1U << 20; // names in one directory
constexpr s64 kPiece = 1 << 20;

struct CloseAttribute {
    void operator()(ntfs_attr* attribute) const { ntfs_attr_close(attribute); }
};
using AttributePtr = std::unique_ptr<ntfs_attr, CloseAttribute>;
struct FreeMemory {
    void operator()(void* memory) const { std::free(memory); }
};
struct PutSearch {
    void operator()(ntfs_attr_search_ctx* search) const { ntfs_attr_put_search_ctx(search); }
};
using SearchPtr = std::unique_ptr<ntfs_attr_search_ctx, PutSearch>;

std::string text_of(const ntfschar* units, std::size_t count) {
    const auto* const bytes = reinterpret_cast<const std::byte*>(units);
    return utf8_from_utf16le_lossy(ByteSpan(bytes, 2 * count));
}

struct FileName {
    std::uint64_t directory;
    std::vector<ntfschar> units;
};
// A $FILE_NAME attribute; nothing for a short DOS name, or one that does not fit.
std::optional<FileName> file_name_of(const ATTR_RECORD* attribute) {
    constexpr std::size_t kName = offsetof(FILE_NAME_ATTR, file_name);
    const auto* const start = reinterpret_cast<const std::byte*>(attribute);
    const auto value =
        slice(ByteSpan(start, le32_to_cpu(attribute->length)), le16_to_cpu(attribute->value_offset),
              le32_to_cpu(attribute->value_length));
    if (attribute->non_resident != 0 || !value || value->size() < kName)
        return std::nullopt;
    const auto length =
        read_le<std::uint8_t>(*value, offsetof(FILE_NAME_ATTR, file_name_length)).value_or(0);
    const auto type =
        read_le<std::uint8_t>(*value, offsetof(FILE_NAME_ATTR, file_name_type)).value_or(0);
    const auto name = slice(*value, kName, 2U * length);
    if (!name || type == FILE_NAME_DOS)
        return std::nullopt;
    FileName result{MREF(read_le<std::uint64_t>(*value, 0).value_or(0)), {}};
    result.units.resize(length);
    std::memcpy(result.units.data(), name->data(), name->size());
    return result;
}

struct Listing {
    std::vector<std::pair<std::string, std::uint64_t>> names;
    bool too_many = false;
};

int take_name(void* data, const ntfschar* name, const int length, const int type, const s64 /*at*/,
              const MFT_REF reference, const unsigned /*kind*/) {
    auto& listing = *static_cast<Listing*>(data);
    if (type == FILE_NAME_DOS || MREF(reference) < FILE_first_user)
        return 0;
    if (listing.names.size() >= kEntryLimit) {
        listing.too_many = true;
        errno = E2BIG;
        return -1;
    }
    auto text = text_of(name, static_cast<std::size_t>(length));
    if (text != "." && text != "..") // the library adds these two itself
        listing.names.emplace_back(std::move(text), MREF(reference));
    return 0;
}

// Reparse data: tag at 0, then for junctions (0xa0000003) and symbolic links (0xa000000c) the
// substitute name's offset and length at 8 and 10, counted from 16 or 20. Source: MS-FSCC 2.1.2.
void read_reparse(ntfs_inode* inode, NtfsFile& file) {
    s64 length = 0;
    const std::unique_ptr<void, FreeMemory> data(
        ntfs_attr_readall(inode, AT_REPARSE_POINT, nullptr, 0, &length));
    file.reparse_tag = 0xffffffff; // there is one, even when it cannot be read
    if (!data || length < 16)
        return;
    const ByteSpan bytes(static_cast<const std::byte*>(data.get()),
                         static_cast<std::size_t>(length));
    file.reparse_tag = read_le<std::uint32_t>(bytes, 0).value_or(0xffffffff);
    if (file.reparse_tag != 0xa0000003 && file.reparse_tag != 0xa000000c)
        return;
    const std::size_t start = file.reparse_tag == 0xa0000003 ? 16 : 20;
    const std::size_t offset = read_le<std::uint16_t>(bytes, 8).value_or(0);
    const std::size_t size = read_le<std::uint16_t>(bytes, 10).value_or(0);
    if (const auto name = slice(bytes, start + offset, size); name)
        file.target = utf8_from_utf16le_lossy(*name);
}

void silence_log() {
    ntfs_log_set_handler(ntfs_log_handler_null);
    ntfs_log_clear_levels(0xffffffff);
}

} // namespace

void CloseNtfsInode::operator()(_ntfs_inode* inode) const { ntfs_inode_close(inode); }

std::optional<std::vector<std::uint16_t>> ntfs_units_of(std::string_view name) {
    const auto bytes = utf16le_from_utf8(name);
    if (!bytes || bytes->empty() || bytes->size() > 2 * 255U)
        return std::nullopt;
    std::vector<std::uint16_t> units(bytes->size() / 2);
    std::memcpy(units.data(), bytes->data(), bytes->size());
    return units;
}

tl::unexpected<Error> NtfsVolume::Impl::error(std::string doing) {
    const int number = errno;
    if (line.last)
        return fail(line.last->in(doing));
    const auto where = line.device->name();
    if (number == ENOSPC)
        return fail(ErrorKind::refused, where, doing + ": the volume is full");
    if (number == EOPNOTSUPP)
        return fail(ErrorKind::unsupported, where, doing + ": this is not supported");
    return fail(ErrorKind::damaged, where, doing + ": " + std::strerror(number),
                "let Windows check the volume with \"chkdsk /f\"");
}

Result<NtfsInodePtr> NtfsVolume::Impl::inode(std::uint64_t number) {
    if (volume == nullptr)
        return fail(ErrorKind::internal, line.device->name(), "the file system is closed already");
    NtfsInodePtr inode(ntfs_inode_open(volume, number));
    if (!inode)
        return error("opening MFT record " + std::to_string(number));
    return inode;
}

Result<void> NtfsVolume::Impl::finish(NtfsInodePtr inode) {
    if (ntfs_inode_close(inode.release()) != 0)
        return error("writing an MFT record");
    return {};
}

NtfsVolume::NtfsVolume() : impl_(std::make_unique<Impl>()) {}

NtfsVolume::~NtfsVolume() {
    if (impl_->volume != nullptr)
        ntfs_umount(impl_->volume, TRUE);
}

Result<std::unique_ptr<NtfsVolume>> NtfsVolume::mount(block::DevicePtr device, bool write) {
    return mount_with(std::move(device), write ? 0 : NTFS_MNT_RDONLY);
}

// A journal is empty when all its bytes are 0xff, and Windows makes a new one. The library mounts
// nothing for writing whose journal is of version 2.0, so this happens below it.
Result<void> NtfsVolume::empty_log(block::DevicePtr device) {
    LIFEBOAT_TRY(const auto volume, mount(device, false));
    const auto cluster = static_cast<std::uint64_t>(volume->impl_->volume->cluster_size);
    LIFEBOAT_TRY(const auto inode, volume->impl_->inode(FILE_LogFile));
    const AttributePtr data(ntfs_attr_open(inode.get(), AT_DATA, AT_UNNAMED, 0));
    if (!data || ntfs_attr_map_whole_runlist(data.get()) != 0)
        return volume->impl_->error("finding $LogFile");
    const Bytes filler(static_cast<std::size_t>(kPiece), std::byte{0xFF});
    for (const auto* run = data->rl; run->length != 0; ++run) {
        if (run->lcn < 0)
            return fail(ErrorKind::damaged, device->name(), "$LogFile has a hole");
        auto at = static_cast<std::uint64_t>(run->lcn) * cluster;
        for (auto left = static_cast<std::uint64_t>(run->length) * cluster; left > 0;) {
            const auto part = std::min<std::uint64_t>(left, filler.size());
            LIFEBOAT_CHECK(device->write(at, ByteSpan(filler).first(part)));
            at += part;
            left -= part;
        }
    }
    return {};
}

Result<void> NtfsVolume::remove_hibernation(block::DevicePtr device) {
    LIFEBOAT_TRY(const auto volume,
                 mount_with(std::move(device), NTFS_MNT_IGNORE_HIBERFILE | NTFS_MNT_RECOVER));
    constexpr std::string_view kName = "hiberfil.sys";
    LIFEBOAT_TRY(const auto number, volume->lookup(kRoot, kName));
    if (number) {
        LIFEBOAT_TRY(const auto stored, volume->stored_name(kRoot, *number, kName));
        LIFEBOAT_CHECK(volume->begin());
        const auto removed = volume->remove_name(*number, kRoot, stored);
        const auto ended = volume->end();
        LIFEBOAT_CHECK(removed);
        LIFEBOAT_CHECK(ended);
    }
    return volume->unmount();
}

Result<std::unique_ptr<NtfsVolume>> NtfsVolume::mount_with(block::DevicePtr device,
                                                           unsigned long flags) {
    silence_log();
    std::unique_ptr<NtfsVolume> result(new NtfsVolume());
    auto& impl = *result->impl_;
    impl.line.device = std::move(device);
    auto* const handle = new_ntfs_device(impl.line);
    if (handle == nullptr)
        return impl.error("opening the NTFS file system");
    impl.volume = ntfs_device_mount(handle, flags);
    if (impl.volume == nullptr) {
        const int number = errno;
        ntfs_device_free(handle);
        errno = number;
        return impl.error("opening the NTFS file system");
    }
    NVolClearCompression(impl.volume); // new files stay plain in a compressed directory
    if (ntfs_set_ignore_case(impl.volume) != 0)
        return impl.error("reading the table of upper-case letters");
    return result;
}

Result<NtfsState> NtfsVolume::state() {
    NtfsState state;
    auto* const volume = impl_->volume;
    state.dirty = (volume->flags & VOLUME_IS_DIRTY) != const_cpu_to_le16(0);
    if (ntfs_volume_check_hiberfile(volume, 0) != 0) {
        if (errno != EPERM)
            return impl_->error("looking at hiberfil.sys");
        state.hibernated = true;
    }
    LIFEBOAT_TRY(const auto inode, impl_->inode(FILE_LogFile));
    const AttributePtr data(ntfs_attr_open(inode.get(), AT_DATA, AT_UNNAMED, 0));
    if (!data)
        return impl_->error("opening $LogFile");
    RESTART_PAGE_HEADER* raw = nullptr;
    const bool readable = ntfs_check_logfile(data.get(), &raw) != 0;
    const std::unique_ptr<RESTART_PAGE_HEADER, FreeMemory> page(raw);
    state.log_unclean = !readable || ntfs_is_logfile_clean(data.get(), page.get()) == 0;
    state.cached = page && page->major_ver == const_cpu_to_le16(2);
    return state;
}

Result<std::optional<std::uint64_t>> NtfsVolume::lookup(std::uint64_t directory,
                                                        std::string_view name) {
    const auto units = ntfs_units_of(name);
    if (!units)
        return std::optional<std::uint64_t>();
    LIFEBOAT_TRY(const auto inode, impl_->inode(directory));
    const auto found =
        ntfs_inode_lookup_by_name(inode.get(), units->data(), static_cast<int>(units->size()));
    if (found != static_cast<u64>(-1))
        return std::optional<std::uint64_t>(MREF(found));
    if (errno != ENOENT)
        return impl_->error("looking up a name");
    return std::optional<std::uint64_t>();
}

Result<NtfsFile> NtfsVolume::file(std::uint64_t number) {
    LIFEBOAT_TRY(const auto inode, impl_->inode(number));
    NtfsFile file;
    file.number = number;
    file.directory = (inode->mrec->flags & MFT_RECORD_IS_DIRECTORY) != const_cpu_to_le16(0);
    file.compressed = (inode->flags & FILE_ATTR_COMPRESSED) != const_cpu_to_le32(0);
    file.encrypted = (inode->flags & FILE_ATTR_ENCRYPTED) != const_cpu_to_le32(0);
    if ((inode->flags & FILE_ATTR_REPARSE_POINT) != const_cpu_to_le32(0))
        read_reparse(inode.get(), file);
    if (!file.directory)
        file.size = static_cast<std::uint64_t>(std::max<s64>(inode->data_size, 0));
    return file;
}

Result<std::string> NtfsVolume::stored_name(std::uint64_t directory, std::uint64_t number,
                                            std::string_view name) {
    const auto wanted = ntfs_units_of(name);
    LIFEBOAT_TRY(const auto inode, impl_->inode(number));
    const SearchPtr search(ntfs_attr_get_search_ctx(inode.get(), nullptr));
    if (!search || !wanted)
        return std::string(name);
    std::string any;
    while (ntfs_attr_lookup(AT_FILE_NAME, AT_UNNAMED, 0, CASE_SENSITIVE, 0, nullptr, 0,
                            search.get()) == 0) {
        const auto entry = file_name_of(search->attr);
        if (!entry || entry->directory != directory)
            continue;
        any = text_of(entry->units.data(), entry->units.size());
        if (ntfs_names_are_equal(entry->units.data(), entry->units.size(), wanted->data(),
                                 wanted->size(), IGNORE_CASE, impl_->volume->upcase,
                                 impl_->volume->upcase_len) != 0)
            return any;
    }
    return any.empty() ? std::string(name) : any; // found by its short name
}

Result<std::vector<std::pair<std::string, std::uint64_t>>>
NtfsVolume::list(std::uint64_t directory) {
    LIFEBOAT_TRY(const auto inode, impl_->inode(directory));
    Listing listing;
    s64 position = 0;
    // While case is ignored the library would give us lower-case names instead of the stored ones.
    NVolSetCaseSensitive(impl_->volume);
    const int code = ntfs_readdir(inode.get(), &position, &listing, take_name);
    NVolClearCaseSensitive(impl_->volume);
    if (listing.too_many)
        return fail(ErrorKind::unsupported, impl_->line.device->name(),
                    "a directory has more than a million names");
    if (code != 0)
        return impl_->error("listing a directory");
    std::sort(listing.names.begin(), listing.names.end());
    return std::move(listing.names);
}

Result<Bytes> NtfsVolume::read(std::uint64_t number, std::uint64_t length) {
    LIFEBOAT_TRY(const auto inode, impl_->inode(number));
    const AttributePtr data(ntfs_attr_open(inode.get(), AT_DATA, AT_UNNAMED, 0));
    if (!data)
        return impl_->error("opening the content of a file");
    Bytes bytes(static_cast<std::size_t>(length));
    for (s64 done = 0; done < static_cast<s64>(length);) {
        const auto wanted = std::min(kPiece, static_cast<s64>(length) - done);
        const auto got = ntfs_attr_pread(data.get(), done, wanted, bytes.data() + done);
        if (got <= 0) {
            errno = got == 0 ? EIO : errno;
            return impl_->error("reading a file");
        }
        done += got;
    }
    return bytes;
}

Result<void> NtfsVolume::unmount() {
    if (impl_->volume == nullptr)
        return {};
    if (ntfs_umount(std::exchange(impl_->volume, nullptr), FALSE) != 0)
        return impl_->error("closing the NTFS file system");
    if (impl_->line.last)
        return impl_->error("closing the NTFS file system");
    return {};
}

} // namespace lifeboat::fs
