// SPDX-License-Identifier: GPL-2.0-or-later
// The descriptor of a VMDK. Source: VMware's "Virtual Disk Format 5.0", "The Descriptor File".
#include "base/text.hpp"
#include "block/qemu_header.hpp"

#include <algorithm>
#include <array>

namespace lifeboat::block {
namespace {

constexpr std::size_t kMostLines = 4096;
constexpr std::size_t kMostParts = 1024;

// What stands between the quotation marks of `line`; nothing when there are none.
std::optional<std::string> quoted(std::string_view line) {
    const auto open = line.find('"');
    const auto close = line.find('"', open == line.npos ? open : open + 1);
    if (open == line.npos || close == line.npos)
        return std::nullopt;
    return std::string(line.substr(open + 1, close - open - 1));
}

// QEMU's reader takes any white space for a blank; so that ours sees the same lines, tabs become
// blanks, and other control characters are not accepted.
Result<std::string> one_kind_of_blank(const std::string& where, std::string_view text) {
    std::string out(text);
    for (auto& c : out) {
        if (c == '\t' || c == '\r')
            c = ' ';
        else if (c != '\n' && static_cast<unsigned char>(c) < ' ')
            return fail(ErrorKind::damaged, where, "its description is not a text");
    }
    return out;
}

// RW 4192256 SPARSE "disk-s001.vmdk" [offset]
Result<void> read_extent(const std::string& where, std::string_view line, ImageHeader& header) {
    const auto words = split_nonempty(line, ' ');
    const auto kind = words.size() > 2 ? to_lower_ascii(words[2]) : std::string();
    if (kind == "zero")
        return {};
    constexpr std::array<std::string_view, 3> kSparse{"sparse", "vmfssparse", "sesparse"};
    const bool sparse = std::find(kSparse.begin(), kSparse.end(), kind) != kSparse.end();
    if (!sparse && kind != "flat" && kind != "vmfs")
        return fail(ErrorKind::unsupported, where,
                    "it stands for a part of the kind \"" + printable(kind) +
                        "\", which may be a disk of the host",
                    "name that disk itself");
    const auto name = quoted(line);
    if (!name)
        return fail(ErrorKind::damaged, where, "a part of the disk has no name");
    if (header.parts.size() >= kMostParts)
        return fail(ErrorKind::damaged, where, "the disk has too many parts");
    header.parts.push_back(*name);
    if (sparse)
        header.sparse.push_back(*name);
    if (kind == "sesparse")
        header.no_write = "QEMU can only read this kind of VMware snapshot (seSparse)";
    return {};
}

} // namespace

Result<void> read_vmdk_descriptor(const std::string& where, std::string_view text,
                                  ImageHeader& header) {
    text = text.substr(0, text.find('\0'));
    LIFEBOAT_TRY(const auto plain, one_kind_of_blank(where, text));
    bool has_parent = false;
    std::string parent;
    std::size_t lines = 0;
    for (const auto raw : split(plain, '\n')) {
        if (++lines > kMostLines)
            return fail(ErrorKind::damaged, where, "its description is too long");
        const auto line = trim(raw);
        const auto equals = line.find('=');
        const auto key = to_lower_ascii(trim(line.substr(0, equals)));
        const auto value = equals == line.npos ? std::string_view() : trim(line.substr(equals + 1));
        if (equals != line.npos && key == "parentcid") {
            has_parent = !iequals(value, "ffffffff");
        } else if (equals != line.npos && key == "parentfilenamehint") {
            parent = quoted(value).value_or(std::string(value));
        } else if (istarts_with(line, "RW ") || istarts_with(line, "RDONLY ") ||
                   istarts_with(line, "NOACCESS ")) {
            LIFEBOAT_CHECK(read_extent(where, line, header));
        } else if (equals != line.npos && key == "keysafe") {
            return fail(ErrorKind::refused, where, "the image is encrypted",
                        "decrypt it in VMware first");
        }
    }
    // QEMU takes the words below wherever they stand; where we do not see the same, nobody looks.
    if (parent.empty() && plain.find("parentFileNameHint") != std::string::npos)
        return fail(ErrorKind::damaged, where, "its description names a parent in no proper line");
    if (!has_parent && parent.empty())
        return {};
    if (parent.empty())
        return fail(ErrorKind::damaged, where, "it is a snapshot, but does not name its parent");
    header.backing = Backing{parent, "vmdk"};
    return {};
}

} // namespace lifeboat::block
