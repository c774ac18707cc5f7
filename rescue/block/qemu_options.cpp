// SPDX-License-Identifier: GPL-2.0-or-later
// From an image to the tree of files QEMU may open for it. Source: QEMU docs/system/images and
// qapi/block-core.json (BlockdevOptions).
#include "base/text.hpp"
#include "base/utf.hpp"
#include "block/qemu.hpp"
#include "block/qemu_header.hpp"

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>

namespace lifeboat::block {
namespace {

namespace stdfs = std::filesystem;

constexpr int kMostImages = 64; // of one chain

Result<std::string> json_text(const std::string& text) {
    if (printable(text) != text)
        return fail(ErrorKind::unsupported, printable(text),
                    "its name has characters that QEMU cannot be told", "give it another name");
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + "\"";
}

Result<struct stat> look_at(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0)
        return fail_errno(path, "opening", errno);
    if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode))
        return fail(ErrorKind::refused, path, "this is neither a file nor a block device");
    return info;
}

Result<std::string> file_node(const std::string& path) {
    LIFEBOAT_TRY(const auto info, look_at(path));
    std::error_code error;
    const auto absolute = stdfs::absolute(path, error);
    if (error)
        return fail(ErrorKind::io, path, "asking where it is: " + error.message());
    LIFEBOAT_TRY(const auto name, json_text(absolute.lexically_normal().string()));
    return std::string(R"({"driver":")") + (S_ISBLK(info.st_mode) ? "host_device" : "file") +
           R"(","filename":)" + name + "}";
}

std::string folder_of(const std::string& path) {
    const auto folder = stdfs::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." &&
           name.find_first_of("/:\\") == std::string_view::npos;
}

// The parts of a VMDK lie beside its description, always: VMware writes them so, and anything else
// may be a file of the host.
Result<void> check_parts(const std::string& path, const ImageHeader& header) {
    for (const auto& name : header.parts) {
        if (!is_plain_name(name))
            return fail(ErrorKind::refused, path,
                        "it names a part that does not lie beside it: " + printable(name),
                        "put all parts into one folder");
        const auto part = folder_of(path) + "/" + name;
        struct stat info {};
        if (::lstat(part.c_str(), &info) != 0)
            return fail_errno(part, "opening a part of " + path, errno);
        if (!S_ISREG(info.st_mode))
            return fail(ErrorKind::refused, path, "its part " + name + " is not a file");
        if (std::find(header.sparse.begin(), header.sparse.end(), name) == header.sparse.end())
            continue;
        LIFEBOAT_TRY(const auto file, open_plain(part, Access::read));
        LIFEBOAT_TRY(const auto head, read_bytes(*file, 0, 512));
        // Such a part would bring a description, and so further files, of its own.
        if (has_magic(head, 0, "KDMV") && read_le<std::uint64_t>(head, 12).value_or(0) == 0)
            return fail(ErrorKind::refused, path, "its part " + name + " names further files");
    }
    return {};
}

struct Place {
    std::string path;
    std::string driver;
};

// Where the backing file lies, and how it is to be read.
Result<Place> backing_place(const QemuDisk& disk, const std::string& path, const Backing& backing) {
    auto name = backing.name;
    if (name.starts_with("file:"))
        name.erase(0, 5);
    const auto shown = printable(backing.name);
    if (name.empty() || name.find_first_of(":/") < name.find('/'))
        return fail(ErrorKind::unsupported, path, "its backing file is not a file: " + shown,
                    "make a whole image of it: \"qemu-img convert -O qcow2\"");
    const auto place = stdfs::path(name).is_absolute() ? name : folder_of(path) + "/" + name;
    // A write below copies bytes of the backing file into the customer's image: it must not be any
    // file that a customer can think of.
    if (!disk.vouched && !is_plain_name(name))
        return fail(ErrorKind::refused, disk.name,
                    "it says that the rest of the disk is in " + shown,
                    "when that is right, put the format in front: \"" + disk.driver + ":" +
                        disk.name + "\"");
    if (!backing.format.empty()) {
        auto driver = backing.format == "raw" ? "raw" : driver_named(backing.format);
        if (driver.empty())
            return fail(ErrorKind::unsupported, path,
                        "its backing file is of a kind we do not know: " +
                            printable(backing.format));
        return Place{place, std::move(driver)};
    }
    LIFEBOAT_CHECK(look_at(place));
    LIFEBOAT_TRY(const auto file, open_plain(place, Access::read));
    LIFEBOAT_TRY(const auto format, format_of(*file));
    if (format)
        return fail(ErrorKind::refused, path,
                    "it does not say in which format its backing file is: " + shown,
                    "let it say so: \"qemu-img rebase -u -b FILE -F FORMAT\"");
    return Place{place, "raw"};
}

Result<std::string> node(const QemuDisk& disk, const Place& place, Access access, int depth);

Result<std::string> backing_node(const QemuDisk& disk, const std::string& path,
                                 const ImageHeader& header, int depth) {
    if (!header.backing)
        return std::string("null");
    if (depth >= kMostImages)
        return fail(ErrorKind::refused, disk.name, "its backing files never end");
    LIFEBOAT_TRY(const auto place, backing_place(disk, path, *header.backing));
    return node(disk, place, Access::read, depth + 1);
}

Result<std::string> node(const QemuDisk& disk, const Place& place, Access access, int depth) {
    LIFEBOAT_TRY(auto below, file_node(place.path));
    LIFEBOAT_TRY(auto file, open_plain(place.path, access));
    if (place.driver == "raw")
        return R"({"driver":"raw","file":)" + below + "}";
    const bool member = depth == 0 && disk.length > 0;
    if (member) {
        LIFEBOAT_TRY(file, slice(std::move(file), disk.name, disk.offset, disk.length));
        below = R"({"driver":"raw","offset":)" + std::to_string(disk.offset) + R"(,"size":)" +
                std::to_string(disk.length) + R"(,"file":)" + below + "}";
    }
    LIFEBOAT_TRY(const auto header, read_header(*file, place.driver));
    // It would have to grow, and the checksums beside it would not fit any more.
    if (access == Access::write && member)
        return fail(ErrorKind::refused, disk.name,
                    "a " + header.format + " image inside an OVA cannot be changed in place",
                    "unpack it (tar -xf) and make a disk that can be changed: \"qemu-img convert "
                    "-O qcow2\"");
    if (access == Access::write && !header.no_write.empty())
        return fail(ErrorKind::refused, disk.name, header.no_write);
    if (member && (header.backing || !header.parts.empty()))
        return fail(ErrorKind::unsupported, disk.name, "its data lies in other files", "unpack it");
    LIFEBOAT_CHECK(check_parts(place.path, header));
    LIFEBOAT_TRY(const auto backing, backing_node(disk, place.path, header, depth));
    return R"({"driver":")" + header.driver + R"(","file":)" + below + R"(,"backing":)" + backing +
           "}";
}

} // namespace

Result<std::string> qemu_options(const QemuDisk& disk, Access access) {
    return node(disk, {disk.path, disk.driver}, access, 0);
}

} // namespace lifeboat::block
