// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/open.hpp"

#include "base/text.hpp"
#include "block/ova.hpp"
#include "block/qemu.hpp"
#include "block/qemu_header.hpp"
#include "block/qemu_helper.hpp"

#include <algorithm>
#include <array>
#include <sys/stat.h>

namespace lifeboat::block {
namespace {

// What QEMU takes for an address instead of a file. Source: QEMU docs/system/device-url-syntax.
constexpr std::array<std::string_view, 16> kAddresses{
    "nbd://",     "nbd+tcp://",     "nbd+unix://",     "rbd:",           "iscsi://", "iser://",
    "http://",    "https://",       "ftp://",          "ftps://",        "ssh://",   "nfs://",
    "gluster://", "gluster+tcp://", "gluster+unix://", "gluster+rdma://"};

struct Name {
    std::string shown;  // as the user wrote it
    std::string format; // QEMU's driver, when the user wrote one
    std::string path;
    std::string member; // of the OVA at `path`
    bool address = false;
    QemuHelper* helper = nullptr;
};

bool is_address(std::string_view text) {
    return std::any_of(kAddresses.begin(), kAddresses.end(),
                       [&](auto scheme) { return istarts_with(text, scheme); });
}

bool is_file(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

Name parse(const std::string& text) {
    Name out{text, {}, text, {}, false, nullptr};
    if (const auto colon = text.find(':'); colon != text.npos && colon + 1 < text.size()) {
        const auto word = std::string_view(text).substr(0, colon);
        out.format = iequals(word, "raw") ? "raw" : driver_named(word);
        if (!out.format.empty())
            out.path = text.substr(colon + 1);
    }
    out.address = is_address(out.path);
    struct stat info {};
    if (out.address || !out.format.empty() || ::stat(text.c_str(), &info) == 0)
        return out;
    for (auto colon = text.find(':'); colon != text.npos; colon = text.find(':', colon + 1)) {
        if (colon + 1 < text.size() && is_file(text.substr(0, colon))) {
            out.path = text.substr(0, colon);
            out.member = text.substr(colon + 1);
            break;
        }
    }
    return out;
}

tl::unexpected<Error> which_format(const Name& name, const std::string& format) {
    return fail(ErrorKind::refused, name.shown,
                "it begins like a " + format +
                    " image, but its name does not say so; a guest can write that into its own "
                    "plain disk",
                "say what it is: \"" + to_lower_ascii(format) + ":" + name.path +
                    "\" or \"raw:" + name.path + "\"");
}

Result<Ova> open_ova(const std::string& path) {
    LIFEBOAT_TRY(const auto file, open_plain(path, Access::read));
    LIFEBOAT_TRY(auto ova, read_ova(*file));
    if (!ova)
        return fail(ErrorKind::not_found, path, "this is no OVA, so there is nothing inside it");
    return std::move(*ova);
}

bool looks_like_tar(BlockDevice& file) {
    const auto head = file.size() < 512 ? Result<Bytes>(Bytes()) : read_bytes(file, 0, 512);
    return head && has_magic(*head, 257, "ustar");
}

Result<DevicePtr> open_member(const Name& name, Access access, std::uint32_t sector_size) {
    LIFEBOAT_TRY(const auto ova, open_ova(name.path));
    const auto* member = ova.member(name.member);
    if (member == nullptr)
        return fail(ErrorKind::not_found, name.shown, "the OVA has no such file");
    const auto& disks = ova.ovf.disks;
    const auto disk = std::find_if(disks.begin(), disks.end(),
                                   [&](const OvfDisk& each) { return each.file == name.member; });
    if (disk != disks.end() && disk->compressed)
        return fail(ErrorKind::unsupported, name.shown, "the disk is compressed inside the OVA",
                    "unpack it first, then name the disk image");
    LIFEBOAT_TRY(auto whole, open_plain(name.path, Access::read, sector_size));
    LIFEBOAT_TRY(auto part, slice(whole, name.shown, member->offset, member->size));
    LIFEBOAT_TRY(const auto format, format_of(*part));
    const auto driver = format ? driver_named(*format) : std::string();
    if (format && !name_agrees(name.member, driver))
        return fail(ErrorKind::refused, name.shown,
                    "it begins like a " + *format + " image, but its name does not say so",
                    "unpack it first, then name the disk image with its format in front");
    if (access == Access::write && !format && ova.sealed)
        return fail(ErrorKind::refused, name.shown,
                    "the checksums in the OVA would not fit any more",
                    "unpack it (tar -xf) and make a disk that can be changed: \"qemu-img convert "
                    "-O qcow2\"");
    if (format)
        return open_with_qemu(
            {name.shown, driver, false, name.path, member->offset, member->size, {}}, access,
            sector_size, name.helper);
    if (access == Access::read)
        return part;
    LIFEBOAT_TRY(whole, open_plain(name.path, access, sector_size));
    return slice(std::move(whole), name.shown, member->offset, member->size);
}

Result<DevicePtr> open_address(const Name& name, Access access, std::uint32_t sector_size) {
    QemuDisk disk{name.shown, name.format.empty() ? "raw" : name.format, false, {}, 0, 0,
                  name.path};
    LIFEBOAT_TRY(auto device, open_with_qemu(disk, access, sector_size, name.helper));
    if (!name.format.empty())
        return device;
    LIFEBOAT_TRY(const auto format, format_of(*device));
    if (format)
        return which_format(name, *format);
    return device;
}

Result<DevicePtr> open_file(const Name& name, Access access, std::uint32_t sector_size) {
    if (name.format == "raw")
        return open_plain(name.path, access, sector_size);
    if (!name.format.empty())
        return open_with_qemu({name.shown, name.format, true, name.path, 0, 0, {}}, access,
                              sector_size, name.helper);
    LIFEBOAT_TRY(auto file, open_plain(name.path, Access::read));
    LIFEBOAT_TRY(const auto format, format_of(*file));
    const bool tar = is_file(name.path) && looks_like_tar(*file);
    file.reset();
    if (tar) {
        LIFEBOAT_TRY(const auto disks, disks_in(name.path));
        if (disks.size() == 1) {
            auto member = parse(disks.front());
            member.helper = name.helper;
            return open_member(member, access, sector_size);
        }
        return fail(ErrorKind::usage, name.shown,
                    "it holds " + std::to_string(disks.size()) + " disks",
                    "name one of them: " + join(disks, ", "));
    }
    if (!format)
        return open_image(name.path, access, sector_size);
    const auto driver = driver_named(*format);
    if (!is_file(name.path) || !name_agrees(name.path, driver))
        return which_format(name, *format);
    return open_with_qemu({name.shown, driver, false, name.path, 0, 0, {}}, access, sector_size,
                          name.helper);
}

// The format the disk would be opened in; empty for a plain one.
Result<std::string> format_name(const Name& name) {
    if (!name.format.empty() || name.address)
        return name.format == "raw" ? "" : name.format;
    LIFEBOAT_TRY(DevicePtr file, open_plain(name.path, Access::read));
    if (!name.member.empty()) {
        LIFEBOAT_TRY(const auto ova, open_ova(name.path));
        const auto* member = ova.member(name.member);
        if (member == nullptr)
            return fail(ErrorKind::not_found, name.shown, "the OVA has no such file");
        LIFEBOAT_TRY(file, slice(std::move(file), name.shown, member->offset, member->size));
    }
    LIFEBOAT_TRY(auto format, format_of(*file));
    return std::move(format).value_or("");
}

std::string or_else(const std::string& text, std::string_view otherwise) {
    return text.empty() ? std::string(otherwise) : printable(text);
}

} // namespace

Result<std::vector<std::string>> disks_in(const std::string& text) {
    const auto name = parse(text);
    if (name.address || !name.format.empty() || !name.member.empty() || !is_file(name.path))
        return std::vector<std::string>{text};
    LIFEBOAT_TRY(auto file, open_plain(name.path, Access::read));
    if (!looks_like_tar(*file))
        return std::vector<std::string>{text};
    LIFEBOAT_TRY(const auto ova, open_ova(name.path));
    std::vector<std::string> out;
    for (const auto& disk : ova.ovf.disks) {
        if (disk.file.empty())
            continue;
        if (ova.member(disk.file) == nullptr)
            return fail(ErrorKind::damaged, text,
                        "its description names a disk that is not in it: " + printable(disk.file),
                        "get the file again");
        out.push_back(name.path + ":" + disk.file);
    }
    if (out.empty())
        return fail(ErrorKind::not_found, text, "the machine in this OVA has no disk");
    return out;
}

Result<DevicePtr> open_disk(const std::string& text, Access access, std::uint32_t sector_size,
                            QemuHelper* helper) {
    auto name = parse(text);
    name.helper = helper;
    if (name.address)
        return open_address(name, access, sector_size);
    if (!name.member.empty())
        return open_member(name, access, sector_size);
    return open_file(name, access, sector_size);
}

std::string file_of(const std::string& text) {
    const auto name = parse(text);
    return name.address ? std::string() : name.path;
}

std::optional<QemuDisk> disk_for_qemu(const std::string& text) {
    const auto name = parse(text);
    if (name.format == "raw" || (name.format.empty() && !name.address && !is_file(name.path)))
        return std::nullopt;
    QemuDisk disk;
    disk.vouched = !name.address && !name.format.empty();
    (name.address ? disk.address : disk.path) = name.path;
    return disk;
}

Result<DevicePtr> open_for_writing(BlockDevice& reader, const std::string& name,
                                   std::uint32_t sector_size) {
    LIFEBOAT_TRY(auto writer, reader.writer());
    if (writer)
        return writer;
    return open_disk(name, Access::write, sector_size);
}

Result<std::vector<std::string>> notes_on(const std::string& text) {
    const auto name = parse(text);
    std::vector<std::string> out;
    LIFEBOAT_TRY(const auto format, format_name(name));
    if (!format.empty())
        out.push_back("format: " + format);
    if (name.member.empty())
        return out;
    LIFEBOAT_TRY(const auto ova, open_ova(name.path));
    out.push_back("machine in the OVA: " + or_else(ova.ovf.name, "without a name"));
    for (const auto& nic : ova.ovf.nics)
        out.push_back("network card " + or_else(nic.model, "of any kind") + " with " +
                      (nic.mac.empty() ? "no fixed MAC" : "MAC " + printable(nic.mac)) + " on " +
                      or_else(nic.network, "no network"));
    return out;
}

} // namespace lifeboat::block
