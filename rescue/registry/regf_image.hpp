// SPDX-License-Identifier: GPL-2.0-or-later
// The cells of a hive file, read strictly: nothing here trusts an offset, a count or a length.
// Shares no code with hivex. Offsets are those the hive uses, counted from the first bin.
#pragma once

#include "registry/hive.hpp"
#include "registry/regf_layout.hpp"

#include <string>
#include <vector>

namespace lifeboat::registry {

struct RegfKey {
    std::uint32_t at = 0; // its cell
    ByteSpan stored_name; // in the image
    bool compressed_name = false;
    std::uint16_t flags = 0;
    std::uint32_t parent = kNothing;
    std::uint32_t subkey_count = 0;
    std::uint32_t subkey_list = kNothing;
    std::uint32_t value_count = 0;
    std::uint32_t value_list = kNothing;
    std::uint32_t security = kNothing;
    std::uint32_t class_name = kNothing;

    [[nodiscard]] std::string name() const;
    [[nodiscard]] std::u16string sort_name() const; // upper-cased, as Windows orders keys
};

// A value as it is stored; nothing is copied.
struct RegfValue {
    std::uint32_t at = 0; // its cell
    ByteSpan record;
    ByteSpan stored_name; // in the image
    bool compressed_name = false;
    std::size_t length = 0; // of its data
    bool is_inline = false; // data of up to four bytes lies in the record

    [[nodiscard]] std::uint32_t data_cell() const { return *read_le<std::uint32_t>(record, 8); }
};

struct SubkeyRef {
    std::uint32_t key = 0;
    std::uint32_t hash = 0; // as stored; meaning depends on `kind`
    enum class Kind { plain, hint, hash } kind = Kind::plain;
};

class RegfImage {
public:
    // Reads the header and walks all bins. `image` must outlive the object.
    [[nodiscard]] static Result<RegfImage> open(ByteSpan image);

    [[nodiscard]] const BaseBlock& base() const { return base_; }
    // The content of an allocated cell, without its size field.
    // Asked for several times per value, so it is here, to be part of its callers.
    [[nodiscard]] Result<ByteSpan> cell(std::uint32_t at) const {
        if (!is_cell(at))
            return no_cell(at);
        // Inside its bin: walk_cells checked.
        const auto raw = static_cast<std::int32_t>(*read_le<std::uint32_t>(bins_, at));
        return bins_.subspan(at + 4, static_cast<std::size_t>(-raw) - 4);
    }
    [[nodiscard]] bool is_cell(std::uint32_t at) const {
        return at % 8 == 0 && at / 8 < allocated_.size() && allocated_[at / 8];
    }
    [[nodiscard]] Result<RegfKey> key(std::uint32_t at) const;
    [[nodiscard]] Result<RegfKey> root() const { return key(base_.root); }
    [[nodiscard]] Result<std::vector<SubkeyRef>> subkeys(const RegfKey& key) const;
    [[nodiscard]] Result<std::vector<Value>> values(const RegfKey& key) const;
    // The cells of its values, four bytes each.
    [[nodiscard]] Result<ByteSpan> value_list(const RegfKey& key) const;
    [[nodiscard]] Result<RegfValue> stored_value(std::uint32_t at) const;
    // `damaged` unless all its data is there.
    [[nodiscard]] Result<void> check_data(const RegfValue& value) const;
    // `damaged` unless the cell is a security record that its neighbours in the ring agree with;
    // else how many keys it says use it.
    [[nodiscard]] Result<std::uint32_t> check_security(std::uint32_t at) const;
    // Append the cells of a sound key's subkey lists, and of a sound value's data.
    void add_list_cells(const RegfKey& key, std::vector<std::uint32_t>& out) const;
    void add_data_cells(const RegfValue& value, std::vector<std::uint32_t>& out) const;

private:
    [[nodiscard]] static tl::unexpected<Error> no_cell(std::uint32_t at);
    [[nodiscard]] Result<void> walk_bins();
    [[nodiscard]] Result<void> walk_cells(std::size_t bin, std::size_t end);
    [[nodiscard]] Result<void> add_leaf(std::uint32_t at, ByteSpan list,
                                        std::vector<SubkeyRef>& out) const;
    [[nodiscard]] bool is_segmented(const RegfValue& value, ByteSpan data) const;
    template <class Use>
    [[nodiscard]] Result<void> each_piece(const RegfValue& value, Use use) const;
    template <class Use>
    [[nodiscard]] Result<void> each_segment(ByteSpan record, std::size_t length, Use use) const;

    ByteSpan bins_;
    BaseBlock base_;
    std::vector<bool> allocated_; // one per 8 bytes: an allocated cell begins here
};

} // namespace lifeboat::registry
