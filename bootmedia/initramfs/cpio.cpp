// SPDX-License-Identifier: GPL-2.0-or-later
#include "initramfs/cpio.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

namespace lifeboat::bootmedia {
namespace {

std::optional<unsigned> number(std::string_view text, int base) {
    unsigned value = 0;
    const auto end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc() || rest != end)
        return std::nullopt;
    return value;
}

std::optional<Entry> parse_line(const std::vector<std::string_view>& words) {
    Entry entry;
    if (words.size() < 2 || words[1].size() < 2 || words[1].front() != '/')
        return std::nullopt;
    entry.path = words[1];
    std::optional<unsigned> mode = 0U;
    if (words[0] == "dir" && words.size() == 3) {
        entry.kind = Entry::Kind::directory;
        mode = number(words[2], 8);
    } else if (words[0] == "file" && words.size() == 4) {
        entry.source = words[2];
        mode = number(words[3], 8);
    } else if (words[0] == "link" && words.size() == 3) {
        entry.kind = Entry::Kind::link;
        entry.source = words[2];
        mode = 0777U;
    } else if (words[0] == "nod" && words.size() == 6) {
        const auto major = number(words[4], 10);
        const auto minor = number(words[5], 10);
        if (!major || !minor || (words[3] != "c" && words[3] != "b"))
            return std::nullopt;
        entry.kind = Entry::Kind::device;
        entry.block = words[3] == "b";
        entry.major = *major;
        entry.minor = *minor;
        mode = number(words[2], 8);
    } else if (words[0] == "complete" && words.size() == 2) {
        entry.kind = Entry::Kind::complete;
        mode = 0444U;
    } else {
        return std::nullopt;
    }
    if (!mode || *mode > 07777U)
        return std::nullopt;
    entry.mode = *mode;
    return entry;
}

int rank(const Entry& entry) {
    if (entry.kind == Entry::Kind::directory || entry.kind == Entry::Kind::device)
        return 0;
    if (entry.kind == Entry::Kind::complete)
        return 3;
    return entry.path == "/init" ? 1 : 2;
}

unsigned type_bits(const Entry& entry) {
    switch (entry.kind) {
    case Entry::Kind::directory: return S_IFDIR;
    case Entry::Kind::link: return S_IFLNK;
    case Entry::Kind::device: return entry.block ? S_IFBLK : S_IFCHR;
    case Entry::Kind::file:
    case Entry::Kind::complete: return S_IFREG;
    }
    return S_IFREG;
}

void pad(std::string& out) {
    while (out.size() % 4 != 0)
        out.push_back('\0');
}

void append(std::string& out, unsigned inode, const Entry& entry, std::string_view name,
            std::string_view data) {
    const bool trailer = inode == 0;
    const std::uint64_t fields[] = {
        inode,
        trailer ? 0U : type_bits(entry) | entry.mode,
        0, // user
        0, // group
        trailer || entry.kind != Entry::Kind::directory ? 1U : 2U,
        0, // time
        data.size(),
        0, // device the file lay on
        0,
        entry.major,
        entry.minor,
        name.size() + 1,
        0, // check sum: not used in this format
    };
    out += "070701";
    for (const std::uint64_t field : fields)
        out += hex(field, 8);
    out += name;
    out.push_back('\0');
    pad(out);
    out += data;
    pad(out);
}

Result<std::string> read_whole(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        return fail_errno(path, "opening", errno);
    std::string data((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (in.bad())
        return fail_errno(path, "reading", errno);
    // The size field of the format has 32 bits.
    if (data.size() > 0xffffffffU)
        return fail(ErrorKind::unsupported, path, "the file is too large for a cpio archive");
    return data;
}

} // namespace

Result<std::vector<Entry>> parse_manifest(std::string_view text) {
    std::vector<Entry> entries;
    int line_number = 0;
    for (const std::string_view line : split(text, '\n')) {
        ++line_number;
        const auto words = split_nonempty(trim(line), ' ');
        if (words.empty() || words[0].front() == '#')
            continue;
        auto entry = parse_line(words);
        if (!entry)
            return fail(ErrorKind::usage, "manifest line " + std::to_string(line_number),
                        "this is not an entry: " + printable(line));
        entries.push_back(std::move(*entry));
    }
    return entries;
}

Result<std::vector<Entry>> in_order(std::vector<Entry> entries) {
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return rank(a) != rank(b) ? rank(a) < rank(b) : a.path < b.path;
    });
    std::vector<std::string> paths;
    for (const Entry& entry : entries)
        paths.push_back(entry.path);
    std::sort(paths.begin(), paths.end());
    const auto twice = std::adjacent_find(paths.begin(), paths.end());
    if (twice != paths.end())
        return fail(ErrorKind::usage, *twice, "the manifest lists this path twice");
    return entries;
}

Result<std::string> archive(const std::vector<Entry>& ordered) {
    std::string out;
    unsigned inode = 0;
    for (const Entry& entry : ordered) {
        std::string data;
        if (entry.kind == Entry::Kind::file) {
            LIFEBOAT_TRY(data, read_whole(entry.source));
        } else if (entry.kind == Entry::Kind::link) {
            data = entry.source;
        } else if (entry.kind == Entry::Kind::complete) {
            data = std::to_string(ordered.size()) + " entries\n";
        }
        append(out, ++inode, entry, std::string_view(entry.path).substr(1), data);
    }
    append(out, 0, Entry{}, "TRAILER!!!", {});
    return out;
}

} // namespace lifeboat::bootmedia
