// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/subkey_order.hpp"

#include "registry/names.hpp"
#include "registry/regf_image.hpp"

#include <algorithm>

namespace lifeboat::registry {

namespace {

// One place in a leaf list: where the key's offset stands, and its hash or hint behind it.
struct Slot {
    std::size_t at = 0; // in the image
    SubkeyRef::Kind kind = SubkeyRef::Kind::plain;
};

std::size_t image_offset(std::uint32_t cell) { return kBaseBlock + cell + 4; }

// The four letters an `lf` record holds: the name's first ones, as stored, zero where none fits.
std::uint32_t hint_of(std::string_view name) {
    const std::u16string units = units_from_name(name);
    std::uint32_t hint = 0;
    for (std::size_t i = 0; i < 4 && i < units.size(); ++i)
        if (units[i] <= 0xFF)
            hint |= static_cast<std::uint32_t>(units[i]) << (8 * i);
    return hint;
}

std::vector<Slot> leaf_slots(ByteSpan leaf, std::uint32_t cell) {
    const bool hashed = has_magic(leaf, 0, "lh");
    const bool hinted = has_magic(leaf, 0, "lf");
    const std::size_t entry = hashed || hinted ? 8 : 4;
    std::vector<Slot> out;
    const std::size_t count = read_le<std::uint16_t>(leaf, 2).value_or(0);
    for (std::size_t i = 0; i < count; ++i)
        out.push_back({image_offset(cell) + 4 + i * entry, hashed   ? SubkeyRef::Kind::hash
                                                           : hinted ? SubkeyRef::Kind::hint
                                                                    : SubkeyRef::Kind::plain});
    return out;
}

// In the order in which Windows reads them. The lists were checked by RegfImage::subkeys.
Result<std::vector<Slot>> slots_of(const RegfImage& cells, const RegfKey& key) {
    LIFEBOAT_TRY(const ByteSpan list, cells.cell(key.subkey_list));
    if (!has_magic(list, 0, "ri"))
        return leaf_slots(list, key.subkey_list);
    std::vector<Slot> out;
    const std::size_t count = read_le<std::uint16_t>(list, 2).value_or(0);
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t at = read_le<std::uint32_t>(list, 4 + i * 4).value_or(kNothing);
        LIFEBOAT_TRY(const ByteSpan leaf, cells.cell(at));
        const auto part = leaf_slots(leaf, at);
        out.insert(out.end(), part.begin(), part.end());
    }
    return out;
}

Result<RegfKey> find_key(const RegfImage& cells, std::string_view path) {
    LIFEBOAT_TRY(RegfKey key, cells.root());
    for (const std::string_view part : split_path(path)) {
        const std::u16string wanted = upcased(part);
        LIFEBOAT_TRY(const auto refs, cells.subkeys(key));
        bool found = false;
        for (const SubkeyRef& ref : refs) {
            LIFEBOAT_TRY(RegfKey child, cells.key(ref.key));
            if (child.sort_name() == wanted) {
                key = std::move(child);
                found = true;
                break;
            }
        }
        if (!found)
            return fail(ErrorKind::internal, std::string(path), "a changed key is not in the hive");
    }
    return key;
}

} // namespace

Result<void> restore_order(Bytes& image, const std::set<std::string>& parents) {
    if (parents.empty())
        return {};
    LIFEBOAT_TRY(const RegfImage cells, RegfImage::open(image));
    for (const std::string& path : parents) {
        LIFEBOAT_TRY(const RegfKey parent, find_key(cells, path));
        LIFEBOAT_TRY(const auto refs, cells.subkeys(parent));
        if (refs.empty())
            continue;
        std::vector<std::pair<std::u16string, RegfKey>> children;
        for (const SubkeyRef& ref : refs) {
            LIFEBOAT_TRY(RegfKey child, cells.key(ref.key));
            children.emplace_back(child.sort_name(), child);
        }
        std::stable_sort(children.begin(), children.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        LIFEBOAT_TRY(const auto slots, slots_of(cells, parent));
        if (slots.size() != children.size())
            return fail(ErrorKind::internal, path, "subkey lists and subkeys do not match");
        for (std::size_t i = 0; i < slots.size(); ++i) {
            const auto& [sort_name, child] = children[i];
            bool stored = write_le(image, slots[i].at, child.at);
            if (slots[i].kind == SubkeyRef::Kind::hash)
                stored = stored && write_le(image, slots[i].at + 4, name_hash(sort_name));
            else if (slots[i].kind == SubkeyRef::Kind::hint)
                stored = stored && write_le(image, slots[i].at + 4, hint_of(child.name()));
            if (!stored)
                return fail(ErrorKind::internal, path, "a subkey list lies outside the hive");
        }
    }
    return {};
}

} // namespace lifeboat::registry
