// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.hpp"
#include "block/ova.hpp"

#include <algorithm>

namespace lifeboat::block {
namespace {

constexpr std::uint64_t kRecord = 512;
constexpr std::size_t kMostMembers = 1024;
constexpr int kMostRecords = 8192;                 // headers of any kind
constexpr std::uint64_t kMostExtension = 64 << 10; // a pax header or a long name

std::string text_field(ByteSpan header, std::size_t offset, std::size_t length) {
    const auto text = to_text(header.subspan(offset, length));
    return text.substr(0, text.find('\0'));
}

// Octal digits, ended by a blank or a zero byte; GNU writes large numbers as base-256 with the
// highest bit of the first byte set.
std::optional<std::uint64_t> number_field(ByteSpan header, std::size_t offset, std::size_t length) {
    const auto field = header.subspan(offset, length);
    std::uint64_t value = 0;
    if ((field[0] & std::byte{0x80}) != std::byte{0}) {
        for (std::size_t i = 0; i < length; ++i) {
            const auto digit = std::to_integer<std::uint64_t>(field[i]) & (i == 0 ? 0x7f : 0xff);
            if (value >> 56 != 0)
                return std::nullopt; // more than 64 bits, or negative
            value = value << 8 | digit;
        }
        return value;
    }
    const auto text = text_field(header, offset, length);
    for (const char c : trim(text)) {
        if (c < '0' || c > '7' || value >> 61 != 0)
            return std::nullopt;
        value = value << 3 | static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

// The sum of all bytes, with the field of the sum itself taken as blanks.
bool sum_is_right(ByteSpan header) {
    constexpr std::size_t kSum = 148;
    constexpr std::size_t kSumLength = 8;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < header.size(); ++i)
        sum += i >= kSum && i < kSum + kSumLength ? std::uint64_t{' '}
                                                  : std::to_integer<std::uint64_t>(header[i]);
    return number_field(header, kSum, kSumLength) == sum;
}

struct Extension { // what comes before a header and replaces parts of it
    std::optional<std::string> name;
    std::optional<std::uint64_t> size;
};

std::optional<std::uint64_t> decimal(std::string_view text) {
    std::uint64_t value = 0;
    if (text.empty() || text.size() > 18)
        return std::nullopt;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

// Records "LENGTH key=value\n", LENGTH counting itself.
bool read_pax(std::string_view text, Extension& out) {
    while (!text.empty()) {
        const auto length = decimal(text.substr(0, text.find(' ')));
        if (!length || *length > text.size() || *length < 5)
            return false;
        auto record = text.substr(0, static_cast<std::size_t>(*length));
        text.remove_prefix(record.size());
        const auto blank = record.find(' ');
        const auto equals = record.find('=');
        if (equals == record.npos || equals < blank || record.back() != '\n')
            return false;
        const auto key = record.substr(blank + 1, equals - blank - 1);
        const auto value = record.substr(equals + 1, record.size() - equals - 2);
        if (key == "path")
            out.name = std::string(value);
        if (key == "size" && !(out.size = decimal(value)))
            return false;
        if (key.starts_with("GNU.sparse"))
            return false; // the content is not stored as it is
    }
    return true;
}

std::string name_of(ByteSpan header) {
    const auto name = text_field(header, 0, 100);
    const auto prefix =
        has_magic(header, 257, std::string_view("ustar\0", 6)) ? text_field(header, 345, 155) : "";
    return prefix.empty() ? name : prefix + "/" + name;
}

tl::unexpected<Error> bad(const BlockDevice& file, std::uint64_t at, std::string_view what) {
    return fail(ErrorKind::damaged, file.name(),
                std::string(what) + " at byte " + std::to_string(at) + " of the archive",
                "get the file again");
}

// Types that bring an extension for the next header; false when it cannot be used.
Result<void> read_extension(BlockDevice& file, char type, const TarMember& part, Extension& next) {
    if (part.size > kMostExtension)
        return bad(file, part.offset, "a header is too long");
    LIFEBOAT_TRY(const auto data,
                 read_bytes(file, part.offset, static_cast<std::size_t>(part.size)));
    const auto text = to_text(data);
    if (type == 'L')
        next.name = text.substr(0, text.find('\0'));
    else if (type == 'x' && !read_pax(text, next))
        return bad(file, part.offset, "a header that cannot be read");
    return {};
}

} // namespace

Result<std::vector<TarMember>> read_tar(BlockDevice& file) {
    std::vector<TarMember> members;
    Extension next;
    std::uint64_t at = 0;
    for (int count = 0; at <= file.size() && file.size() - at >= kRecord; ++count) {
        LIFEBOAT_TRY(const auto header, read_bytes(file, at, kRecord));
        if (all_zero(header))
            return members; // the end is two such records; one is enough to see it
        if (count >= kMostRecords || members.size() >= kMostMembers)
            return bad(file, at, "too many files");
        const auto size = number_field(header, 124, 12);
        if (!has_magic(header, 257, "ustar") || !sum_is_right(header) || !size)
            return bad(file, at, "no header");
        TarMember part{next.name.value_or(name_of(header)), at + kRecord,
                       next.size.value_or(*size)};
        if (part.size > file.size() - part.offset)
            return bad(file, at, "a file that ends after the end");
        const char type = std::to_integer<char>(header[156]);
        if (type == 'x' || type == 'L' || type == 'K' || type == 'g') {
            part.size = *size;
            if (part.size > file.size() - part.offset)
                return bad(file, at, "a header that ends after the end");
            LIFEBOAT_CHECK(read_extension(file, type, part, next));
        } else {
            if (type == 'S')
                return bad(file, at, "a file stored with holes");
            next = {};
            while (part.name.starts_with("./"))
                part.name.erase(0, 2);
            if (type == '0' || type == '\0')
                members.push_back(part);
        }
        const auto padded = part.size + (kRecord - part.size % kRecord) % kRecord;
        if (padded > file.size() - part.offset)
            break; // nothing follows
        at = part.offset + padded;
    }
    if (members.empty())
        return bad(file, at, "nothing");
    return members;
}

const TarMember* Ova::member(std::string_view name) const {
    const auto at = std::find_if(members.begin(), members.end(),
                                 [&](const TarMember& each) { return each.name == name; });
    return at == members.end() ? nullptr : &*at;
}

Result<std::optional<Ova>> read_ova(BlockDevice& file) {
    constexpr std::uint64_t kMostDescription = 4 << 20;
    if (file.size() < 2 * kRecord)
        return std::nullopt;
    LIFEBOAT_TRY(const auto head, read_bytes(file, 0, kRecord));
    if (!has_magic(head, 257, "ustar"))
        return std::nullopt;
    Ova out;
    LIFEBOAT_TRY(out.members, read_tar(file));
    const TarMember* description = nullptr;
    for (const auto& member : out.members) {
        const auto lower = to_lower_ascii(member.name);
        if (lower.ends_with(".ovf") && description == nullptr)
            description = &member;
        out.sealed = out.sealed || lower.ends_with(".mf") || lower.ends_with(".cert");
    }
    if (description == nullptr)
        return fail(ErrorKind::unsupported, file.name(),
                    "this is a tar archive, but no OVA: it has no description (.ovf)",
                    "unpack it, then name the disk image inside");
    if (description->size > kMostDescription)
        return fail(ErrorKind::damaged, file.name(), "its description is too long");
    LIFEBOAT_TRY(const auto xml, read_bytes(file, description->offset,
                                            static_cast<std::size_t>(description->size)));
    LIFEBOAT_TRY(out.ovf, read_ovf(file.name() + ", " + printable(description->name), xml));
    return out;
}

} // namespace lifeboat::block
