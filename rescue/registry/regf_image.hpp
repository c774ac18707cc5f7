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
    std::string name;
    std::u16string sort_name; // upper-cased, as Windows orders keys
    std::uint16_t flags = 0;
    std::uint32_t parent = kNothing;
    std::uint32_t subkey_count = 0;
    std::uint32_t subkey_list = kNothing;
    std::uint32_t value_count = 0;
    std::uint32_t value_list = kNothing;
    std::uint32_t security = kNothing;
    std::uint32_t class_name = kNothing;
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
    [[nodiscard]] Result<ByteSpan> cell(std::uint32_t at) const;
    [[nodiscard]] Result<RegfKey> key(std::uint32_t at) const;
    [[nodiscard]] Result<RegfKey> root() const { return key(base_.root); }
    [[nodiscard]] Result<std::vector<SubkeyRef>> subkeys(const RegfKey& key) const;
    [[nodiscard]] Result<std::vector<Value>> values(const RegfKey& key) const;
    // True when the key record at `at` has the same bytes in both; nothing is said about what it
    // refers to.
    [[nodiscard]] bool same_cell(const RegfImage& other, std::uint32_t at) const;
    // True when all values of `key` have the same bytes at the same place in both, for a key that
    // is the same_cell(). False does not mean that they differ.
    [[nodiscard]] bool same_values(const RegfImage& other, const RegfKey& key) const;
    // `damaged` unless the cell is a security record that its neighbours in the ring agree with.
    [[nodiscard]] Result<void> check_security(std::uint32_t at) const;

private:
    [[nodiscard]] Result<void> walk_bins();
    [[nodiscard]] Result<void> walk_cells(std::size_t bin, std::size_t end);
    [[nodiscard]] Result<void> add_leaf(std::uint32_t at, ByteSpan list,
                                        std::vector<SubkeyRef>& out) const;
    [[nodiscard]] Result<Value> value(std::uint32_t at) const;
    [[nodiscard]] Result<Bytes> big_data(ByteSpan record, std::size_t length) const;

    ByteSpan bins_;
    BaseBlock base_;
    std::vector<bool> allocated_; // one per 8 bytes: an allocated cell begins here
};

} // namespace lifeboat::registry
