// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/regf_image.hpp"

#include "base/text.hpp"
#include "registry/names.hpp"

namespace lifeboat::registry {

namespace {

constexpr std::uint32_t kMaxSubkeys = 1U << 20; // named limits against absurd counts
constexpr std::uint32_t kMaxValues = 1U << 17;
constexpr std::uint32_t kMaxValueSize = 64U << 20;
constexpr std::uint16_t kKeyPredefined = 0x40; // its value count is no count
constexpr std::uint16_t kKeyCompressedName = 0x20;
constexpr std::uint16_t kValueCompressedName = 0x01;
constexpr std::uint32_t kInline = 0x80000000; // data of up to four bytes lies in the record

tl::unexpected<Error> damaged(std::uint32_t at, std::string_view what) {
    return fail(ErrorKind::damaged, "", "cell 0x" + hex(at) + " " + std::string(what));
}

inline std::uint32_t word(ByteSpan cell, std::size_t at) {
    return read_le<std::uint32_t>(cell, at).value_or(0);
}
inline std::uint16_t half(ByteSpan cell, std::size_t at) {
    return read_le<std::uint16_t>(cell, at).value_or(0);
}

} // namespace

Result<RegfImage> RegfImage::open(ByteSpan image) {
    if (image.size() > kMaxHive)
        return fail(ErrorKind::unsupported, "", "the hive is larger than " + human_size(kMaxHive));
    LIFEBOAT_TRY(const HiveState state, inspect(image));
    (void)state;
    RegfImage out;
    LIFEBOAT_TRY(out.base_, read_base(image));
    out.bins_ = image.subspan(kBaseBlock, out.base_.bins_size);
    out.allocated_.resize(out.bins_.size() / 8);
    LIFEBOAT_CHECK(out.walk_bins());
    return out;
}

Result<void> RegfImage::walk_bins() {
    for (std::size_t at = 0; at < bins_.size();) {
        if (!has_magic(bins_, at, "hbin"))
            return damaged(static_cast<std::uint32_t>(at), "should begin a bin and does not");
        const std::uint32_t offset = word(bins_, at + 4);
        const std::uint32_t size = word(bins_, at + 8);
        if (offset != at || size < kBaseBlock || size % kBaseBlock != 0 || size > bins_.size() - at)
            return damaged(static_cast<std::uint32_t>(at), "begins a bin of impossible size");
        LIFEBOAT_CHECK(walk_cells(at, at + size));
        at += size;
    }
    return {};
}

Result<void> RegfImage::walk_cells(std::size_t bin, std::size_t end) {
    for (std::size_t at = bin + kBinHeader; at < end;) {
        const auto raw = static_cast<std::int32_t>(word(bins_, at));
        const std::int64_t size = raw < 0 ? -std::int64_t{raw} : raw;
        if (size < 8 || size % 8 != 0 || static_cast<std::uint64_t>(size) > end - at)
            return damaged(static_cast<std::uint32_t>(at), "has an impossible size");
        if (raw < 0)
            allocated_[at / 8] = true;
        at += static_cast<std::size_t>(size);
    }
    return {};
}

tl::unexpected<Error> RegfImage::no_cell(std::uint32_t at) {
    return damaged(at, "is referred to, but no allocated cell begins there");
}

Result<RegfKey> RegfImage::key(std::uint32_t at) const {
    LIFEBOAT_TRY(const ByteSpan record, cell(at));
    if (!has_magic(record, 0, "nk") || record.size() < 76)
        return damaged(at, "should be a key and is not");
    RegfKey key;
    key.at = at;
    key.flags = half(record, 2);
    key.parent = word(record, 16);
    key.subkey_count = word(record, 20);
    key.subkey_list = word(record, 28);
    key.value_count = (key.flags & kKeyPredefined) != 0 ? 0 : word(record, 36);
    key.value_list = word(record, 40);
    key.security = word(record, 44);
    key.class_name = word(record, 48);
    const auto name = slice(record, 76, half(record, 72));
    if (!name)
        return damaged(at, "is a key whose name does not fit into it");
    key.stored_name = *name;
    key.compressed_name = (key.flags & kKeyCompressedName) != 0;
    if (!key.compressed_name && name->size() % 2 != 0)
        return damaged(at, "is a key whose name ends in half a character");
    return key;
}

std::string RegfKey::name() const { return name_from_stored(stored_name, compressed_name); }

std::u16string RegfKey::sort_name() const {
    std::u16string out;
    upcase_stored(stored_name, compressed_name, out);
    return out;
}

// lf: {key, first four letters}; lh: {key, hash}; li: {key}.
Result<void> RegfImage::add_leaf(std::uint32_t at, ByteSpan list,
                                 std::vector<SubkeyRef>& out) const {
    const bool hashed = has_magic(list, 0, "lh");
    const bool hinted = has_magic(list, 0, "lf");
    if (!hashed && !hinted && !has_magic(list, 0, "li"))
        return damaged(at, "should be a list of subkeys and is not");
    const std::size_t entry = hashed || hinted ? 8 : 4;
    const std::size_t count = half(list, 2);
    if (!slice(list, 4, count * entry))
        return damaged(at, "is a list of subkeys that is longer than its cell");
    for (std::size_t i = 0; i < count; ++i) {
        SubkeyRef ref;
        ref.key = word(list, 4 + i * entry);
        if (hashed || hinted) {
            ref.hash = word(list, 4 + i * entry + 4);
            ref.kind = hashed ? SubkeyRef::Kind::hash : SubkeyRef::Kind::hint;
        }
        out.push_back(ref);
    }
    return {};
}

Result<std::vector<SubkeyRef>> RegfImage::subkeys(const RegfKey& key) const {
    std::vector<SubkeyRef> out;
    if (key.subkey_count == 0)
        return out;
    if (key.subkey_count > kMaxSubkeys)
        return damaged(key.at, "claims an absurd number of subkeys");
    LIFEBOAT_TRY(const ByteSpan list, cell(key.subkey_list));
    if (has_magic(list, 0, "ri")) { // a list of lists, one level deep
        const std::size_t lists = half(list, 2);
        if (!slice(list, 4, lists * 4))
            return damaged(key.subkey_list, "is a list of subkey lists longer than its cell");
        for (std::size_t i = 0; i < lists; ++i) {
            const std::uint32_t at = word(list, 4 + i * 4);
            LIFEBOAT_TRY(const ByteSpan leaf, cell(at));
            LIFEBOAT_CHECK(add_leaf(at, leaf, out));
            if (out.size() > key.subkey_count)
                break;
        }
    } else {
        LIFEBOAT_CHECK(add_leaf(key.subkey_list, list, out));
    }
    if (out.size() != key.subkey_count)
        return damaged(key.at, "is a key that counts " + std::to_string(key.subkey_count) +
                                   " subkeys and lists " + std::to_string(out.size()));
    return out;
}

Result<ByteSpan> RegfImage::value_list(const RegfKey& key) const {
    if (key.value_count == 0)
        return ByteSpan();
    LIFEBOAT_TRY(const ByteSpan list, cell(key.value_list));
    const auto used = slice(list, 0, std::size_t{key.value_count} * 4);
    if (key.value_count > kMaxValues || !used)
        return damaged(key.at, "is a key with more values than its list can hold");
    return *used;
}

Result<std::vector<Value>> RegfImage::values(const RegfKey& key) const {
    std::vector<Value> out;
    LIFEBOAT_TRY(const ByteSpan list, value_list(key));
    std::size_t held = 0; // values do not share data, so all of it fits into the hive once
    for (std::size_t at = 0; at < list.size(); at += 4) {
        LIFEBOAT_TRY(const RegfValue stored, stored_value(word(list, at)));
        held += stored.length;
        if (held > bins_.size())
            return damaged(key.at, "is a key with more data than the hive is long");
        Value one;
        one.name = name_from_stored(stored.stored_name, stored.compressed_name);
        one.type = static_cast<ValueType>(word(stored.record, 12));
        LIFEBOAT_CHECK(each_piece(stored, [&one](ByteSpan piece) {
            one.data.insert(one.data.end(), piece.begin(), piece.end());
        }));
        out.push_back(std::move(one));
    }
    return out;
}

Result<RegfValue> RegfImage::stored_value(std::uint32_t at) const {
    RegfValue out;
    out.at = at;
    LIFEBOAT_TRY(out.record, cell(at));
    if (!has_magic(out.record, 0, "vk") || out.record.size() < 20)
        return damaged(at, "should be a value and is not");
    const auto name = slice(out.record, 20, half(out.record, 2));
    if (!name)
        return damaged(at, "is a value whose name does not fit into it");
    out.stored_name = *name;
    out.compressed_name = (half(out.record, 16) & kValueCompressedName) != 0;
    const std::uint32_t length = word(out.record, 4);
    out.length = length & ~kInline;
    out.is_inline = (length & kInline) != 0;
    if (out.is_inline && out.length > 4)
        return damaged(at, "is a value with more than four bytes inside its record");
    if (out.length > kMaxValueSize)
        return damaged(at, "is a value of absurd length");
    return out;
}

Result<void> RegfImage::check_data(const RegfValue& value) const {
    return each_piece(value, [](ByteSpan) {});
}

// Versions before 1.4 know no "db" records.
bool RegfImage::is_segmented(const RegfValue& value, ByteSpan data) const {
    return value.length > kSegment && base_.minor_version > 3 && has_magic(data, 0, "db");
}

// The data of a value, piece by piece, in order.
template <class Use> Result<void> RegfImage::each_piece(const RegfValue& value, Use use) const {
    if (value.is_inline) {
        use(value.record.subspan(8, value.length));
        return {};
    }
    if (value.length == 0)
        return {};
    LIFEBOAT_TRY(const ByteSpan data, cell(value.data_cell()));
    if (is_segmented(value, data))
        return each_segment(data, value.length, use);
    if (value.length > data.size())
        return damaged(value.at, "is a value that is longer than its data");
    use(data.first(value.length));
    return {};
}

template <class Use>
Result<void> RegfImage::each_segment(ByteSpan record, std::size_t length, Use use) const {
    const std::size_t segments = half(record, 2);
    const std::uint32_t list_at = word(record, 4);
    LIFEBOAT_TRY(const ByteSpan list, cell(list_at));
    if (segments < 2 || !slice(list, 0, segments * 4))
        return damaged(list_at, "is a list of data segments that is too short");
    std::size_t left = length;
    for (std::size_t i = 0; i < segments && left > 0; ++i) {
        const std::uint32_t at = word(list, i * 4);
        LIFEBOAT_TRY(const ByteSpan segment, cell(at));
        const std::size_t wanted = std::min(left, kSegment);
        if (segment.size() < wanted)
            return damaged(at, "is a data segment that is too short");
        use(segment.first(wanted));
        left -= wanted;
    }
    if (left != 0)
        return damaged(list_at, "lists fewer data segments than the value needs");
    return {};
}

void RegfImage::add_list_cells(const RegfKey& key, std::vector<std::uint32_t>& out) const {
    if (key.subkey_count == 0)
        return;
    out.push_back(key.subkey_list);
    const auto list = cell(key.subkey_list);
    if (!list || !has_magic(*list, 0, "ri"))
        return;
    for (std::size_t i = 0; i < half(*list, 2); ++i)
        out.push_back(word(*list, 4 + i * 4));
}

void RegfImage::add_data_cells(const RegfValue& value, std::vector<std::uint32_t>& out) const {
    if (value.is_inline || value.length == 0)
        return;
    out.push_back(value.data_cell());
    if (value.length <= kSegment)
        return;
    const auto data = cell(value.data_cell());
    if (!data || !is_segmented(value, *data))
        return;
    const std::uint32_t list_at = word(*data, 4);
    out.push_back(list_at);
    const auto list = cell(list_at);
    for (std::size_t i = 0; list && i * kSegment < value.length; ++i)
        out.push_back(word(*list, i * 4));
}

Result<std::uint32_t> RegfImage::check_security(std::uint32_t at) const {
    LIFEBOAT_TRY(const ByteSpan record, cell(at));
    if (!has_magic(record, 0, "sk") || !slice(record, 20, word(record, 16)))
        return damaged(at, "should be a security record and is not");
    if (word(record, 12) == 0)
        return damaged(at, "is a security record that says nobody uses it");
    LIFEBOAT_TRY(const ByteSpan next, cell(word(record, 4)));
    LIFEBOAT_TRY(const ByteSpan previous, cell(word(record, 8)));
    if (!has_magic(next, 0, "sk") || !has_magic(previous, 0, "sk") || word(next, 8) != at ||
        word(previous, 4) != at)
        return damaged(at, "is a security record whose neighbours do not point back");
    return word(record, 12);
}

} // namespace lifeboat::registry
