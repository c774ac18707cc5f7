// SPDX-License-Identifier: GPL-2.0-or-later
#include "modrename/rename.hpp"

#include <algorithm>
#include <optional>

namespace lifeboat::chainload {
namespace {

// ELF header and section header fields (System V ABI, "Object Files"), by file class.
struct Fields {
    std::size_t section_table, section_table_size; // e_shoff and its width
    std::size_t entry_size, entry_count, names;    // e_shentsize, e_shnum, e_shstrndx
    std::size_t offset, size, width;               // sh_offset, sh_size and their width
};
constexpr Fields kElf32{0x20, 4, 0x2e, 0x30, 0x32, 0x10, 0x14, 4};
constexpr Fields kElf64{0x28, 8, 0x3a, 0x3c, 0x3e, 0x18, 0x20, 8};
constexpr std::size_t kMaxSections = 1000; // GRUB's modules have about twenty

struct Section {
    std::string name;
    std::size_t offset = 0;
    std::size_t size = 0;
};

std::optional<std::size_t> read_number(ByteSpan data, std::size_t offset, std::size_t width) {
    if (width == 4)
        return read_le<std::uint32_t>(data, offset);
    const auto value = read_le<std::uint64_t>(data, offset);
    return value ? std::optional<std::size_t>(*value) : std::nullopt;
}

std::string name_at(ByteSpan names, std::size_t offset) {
    std::string name;
    for (; offset < names.size() && names[offset] != std::byte{0}; ++offset)
        name.push_back(static_cast<char>(names[offset]));
    return name;
}

tl::unexpected<Error> not_grub(std::string what) {
    return fail(ErrorKind::damaged, "module", std::move(what),
                "give a .mod file or kernel.img from GRUB's own directory");
}

Result<std::vector<Section>> sections_of(ByteSpan file) {
    if (!has_magic(file, 0,
                   "\x7f"
                   "ELF"))
        return not_grub("this is not an ELF file");
    const auto elf_class = read_le<std::uint8_t>(file, 4);
    const auto order = read_le<std::uint8_t>(file, 5);
    if (!elf_class || !order || (*elf_class != 1 && *elf_class != 2) || *order != 1)
        return not_grub("this ELF file is neither 32 nor 64 bits, little-endian");
    const Fields& at = *elf_class == 1 ? kElf32 : kElf64;
    const auto table = read_number(file, at.section_table, at.section_table_size);
    const auto entry_size = read_le<std::uint16_t>(file, at.entry_size);
    const auto count = read_le<std::uint16_t>(file, at.entry_count);
    const auto names_index = read_le<std::uint16_t>(file, at.names);
    if (!table || !entry_size || !count || !names_index || *count == 0 || *count > kMaxSections ||
        *entry_size < at.size + at.width || *names_index >= *count)
        return not_grub("the ELF header makes no sense");
    const auto entries = slice(file, *table, std::size_t{*entry_size} * *count);
    if (!entries)
        return not_grub("the section table lies outside the file");

    std::vector<Section> sections;
    std::vector<std::size_t> name_offsets;
    for (std::size_t i = 0; i < *count; ++i) {
        const ByteSpan entry = entries->subspan(i * *entry_size, *entry_size);
        name_offsets.push_back(read_le<std::uint32_t>(entry, 0).value_or(0));
        sections.push_back({{},
                            read_number(entry, at.offset, at.width).value_or(0),
                            read_number(entry, at.size, at.width).value_or(0)});
    }
    const Section& names_section = sections[*names_index];
    const auto names = slice(file, names_section.offset, names_section.size);
    if (!names)
        return not_grub("the section names lie outside the file");
    for (std::size_t i = 0; i < *count; ++i)
        sections[i].name = name_at(*names, name_offsets[i]);
    return sections;
}

// Offsets in `file` where exactly `word` stands as a whole string of `section`.
void find_whole_strings(ByteSpan file, const Section& section, std::string_view word,
                        std::vector<std::size_t>& found) {
    const auto text = slice(file, section.offset, section.size);
    if (!text)
        return;
    for (std::size_t start = 0; start + word.size() < text->size(); ++start) {
        const bool begins = start == 0 || (*text)[start - 1] == std::byte{0};
        if (begins && has_magic(*text, start, word) && (*text)[start + word.size()] == std::byte{0})
            found.push_back(section.offset + start);
    }
}

} // namespace

Result<Bytes> rename_strings(ByteSpan module, const std::vector<Rename>& renames) {
    LIFEBOAT_TRY(const std::vector<Section> sections, sections_of(module));
    Bytes out(module.begin(), module.end());
    for (const Rename& rename : renames) {
        if (rename.from.size() != rename.to.size() || rename.from.empty())
            return fail(ErrorKind::usage, rename.from, "the new name must be as long as the old");
        std::vector<std::size_t> found;
        for (const Section& section : sections)
            if (section.name.rfind(".rodata", 0) == 0)
                find_whole_strings(module, section, rename.from, found);
        if (found.size() != rename.count)
            return fail(ErrorKind::unsupported, rename.from,
                        "expected " + std::to_string(rename.count) + " times, found " +
                            std::to_string(found.size()),
                        "this GRUB differs from the ones the table was made for: look at the "
                        "module, then correct renames_for()");
        for (const std::size_t offset : found)
            for (std::size_t i = 0; i < rename.to.size(); ++i)
                out[offset + i] = static_cast<std::byte>(rename.to[i]);
    }
    return out;
}

} // namespace lifeboat::chainload
