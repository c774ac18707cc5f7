// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.hpp"
#include "registry/names.hpp"
#include "registry/regf_image.hpp"
#include "registry/regf_reader.hpp"

#include <algorithm>
#include <map>

namespace lifeboat::registry {

namespace {

constexpr std::size_t kMaxDepth = 512; // Windows itself stops at 512 levels

// Walks every key of one hive once. Names are compared as they are stored: text is made of them
// only for an error.
class Checker {
public:
    explicit Checker(const RegfImage& image) : image_(image) {
        taken_.resize(image.base().bins_size / 8);
    }

    Result<void> check(const RegfKey& key) {
        trail_.push_back(&key);
        if (trail_.size() > kMaxDepth + 1)
            return damaged("keys are nested too deeply");
        if (!take(key.at))
            return damaged("the key is reached twice");
        LIFEBOAT_CHECK(here(check_values(key)));
        LIFEBOAT_CHECK(here(check_security(key)));
        auto refs = image_.subkeys(key);
        if (!refs)
            return here(fail(refs.error()));
        LIFEBOAT_CHECK(here(take_lists(key)));
        LIFEBOAT_CHECK(check_places(key, *refs));
        for (const SubkeyRef& ref : *refs) {
            LIFEBOAT_TRY(const RegfKey child, image_.key(ref.key));
            LIFEBOAT_CHECK(check(child));
        }
        trail_.pop_back();
        return {};
    }

    // After all keys: a record that counts too few would be freed while it is still used.
    [[nodiscard]] Result<void> check_users() const {
        for (const auto& [at, use] : securities_)
            if (use.users > use.counted)
                return fail(ErrorKind::damaged, "",
                            "cell 0x" + hex(at) + " is a security record that counts " +
                                std::to_string(use.counted) + " keys and has " +
                                std::to_string(use.users));
        return {};
    }

private:
    [[nodiscard]] std::string path() const {
        std::string out;
        for (std::size_t i = 1; i < trail_.size(); ++i)
            out += (i == 1 ? "" : "\\") + trail_[i]->name();
        return out.empty() ? "the root key" : out;
    }
    [[nodiscard]] tl::unexpected<Error> damaged(std::string what) const {
        return fail(ErrorKind::damaged, path(), std::move(what));
    }
    [[nodiscard]] tl::unexpected<Error> damaged(const RegfKey& child, std::string what) {
        trail_.push_back(&child);
        return damaged(std::move(what));
    }
    [[nodiscard]] Result<void> here(Result<void> result) const {
        return result ? result : fail(result.error().in(path()));
    }

    Result<void> check_values(const RegfKey& key) {
        LIFEBOAT_TRY(const ByteSpan list, image_.value_list(key));
        hashes_.clear();
        if (key.value_count != 0 && !take(key.value_list))
            return twice(key.value_list);
        std::size_t held = 0;
        for (std::size_t at = 0; at < list.size(); at += 4) {
            LIFEBOAT_TRY(const RegfValue value,
                         image_.stored_value(*read_le<std::uint32_t>(list, at)));
            held += value.length;
            if (held > image_.base().bins_size)
                return fail(ErrorKind::damaged, "", "its values are longer than the hive");
            LIFEBOAT_CHECK(image_.check_data(value));
            if (!take(value.at))
                return twice(value.at);
            if (!value.is_inline)
                LIFEBOAT_CHECK(take_data(value));
            upcase_stored(value.stored_name, value.compressed_name, name_);
            hashes_.push_back(name_hash(name_));
        }
        std::sort(hashes_.begin(), hashes_.end());
        if (std::adjacent_find(hashes_.begin(), hashes_.end()) == hashes_.end())
            return {};
        return check_names(list); // names with one hash are rarely the same name
    }

    Result<void> check_names(ByteSpan list) const {
        std::vector<std::u16string> names(list.size() / 4);
        for (std::size_t i = 0; i < names.size(); ++i) {
            LIFEBOAT_TRY(const RegfValue value,
                         image_.stored_value(*read_le<std::uint32_t>(list, 4 * i)));
            upcase_stored(value.stored_name, value.compressed_name, names[i]);
        }
        std::sort(names.begin(), names.end());
        if (std::adjacent_find(names.begin(), names.end()) != names.end())
            return fail(ErrorKind::damaged, "", "two values have the same name");
        return {};
    }

    // Every cell has one owner: what is freed with one key must not be another's. False when it has
    // one already. The cell must be one.
    [[nodiscard]] bool take(std::uint32_t at) {
        if (taken_[at / 8])
            return false;
        taken_[at / 8] = true;
        return true;
    }
    [[nodiscard]] static tl::unexpected<Error> twice(std::uint32_t at) {
        return fail(ErrorKind::damaged, "", "cell 0x" + hex(at) + " is used twice");
    }

    Result<void> take_data(const RegfValue& value) {
        cells_.clear();
        image_.add_data_cells(value, cells_);
        for (const auto at : cells_)
            if (!take(at))
                return twice(at);
        return {};
    }

    Result<void> take_lists(const RegfKey& key) {
        cells_.clear();
        image_.add_list_cells(key, cells_);
        if (key.class_name != kNothing && !image_.is_cell(key.class_name))
            return fail(ErrorKind::damaged, "",
                        "cell 0x" + hex(key.class_name) + " is referred to and not allocated");
        if (key.class_name != kNothing)
            cells_.push_back(key.class_name);
        for (const auto at : cells_)
            if (!take(at))
                return twice(at);
        return {};
    }

    Result<void> check_security(const RegfKey& key) {
        if (last_ == securities_.end() || last_->first != key.security) // neighbours often share it
            last_ = securities_.find(key.security);
        if (last_ == securities_.end()) {
            LIFEBOAT_TRY(const auto counted, image_.check_security(key.security));
            last_ = securities_.try_emplace(key.security, SecurityUse{counted, 0}).first;
        }
        ++last_->second.users;
        return {};
    }

    // A subkey must be found again by Windows: right parent, right hash, right place in the order.
    Result<void> check_places(const RegfKey& parent, const std::vector<SubkeyRef>& refs) {
        bool comparable = false; // previous_ is a name whose order is known for certain
        for (const SubkeyRef& ref : refs) {
            auto child = image_.key(ref.key);
            if (!child)
                return here(fail(child.error()));
            if (child->parent != parent.at)
                return damaged(*child, "the key names another key as its parent");
            upcase_stored(child->stored_name, child->compressed_name, name_);
            const bool certain = order_is_certain(name_);
            if (ref.kind == SubkeyRef::Kind::hash && certain && ref.hash != name_hash(name_))
                return damaged(*child, "the key is listed with a wrong hash");
            if (comparable && certain && !(previous_ < name_))
                return damaged(*child, "the key is out of order");
            comparable = certain;
            std::swap(previous_, name_);
        }
        return {};
    }

    const RegfImage& image_;
    std::vector<bool> taken_; // cells, one per 8 bytes
    struct SecurityUse {
        std::uint32_t counted, users; // what the record says, and what was found
    };
    std::map<std::uint32_t, SecurityUse> securities_; // by cell
    std::map<std::uint32_t, SecurityUse>::iterator last_ = securities_.end();
    std::vector<const RegfKey*> trail_; // from the root to the key that is looked at
    // Kept for their room.
    std::u16string name_, previous_;
    std::vector<std::uint32_t> hashes_, cells_;
};

} // namespace

Result<void> check_structure(ByteSpan image) {
    LIFEBOAT_TRY(const RegfImage cells, RegfImage::open(image));
    LIFEBOAT_TRY(const RegfKey root, cells.root());
    Checker checker(cells);
    LIFEBOAT_CHECK(checker.check(root));
    return checker.check_users();
}

} // namespace lifeboat::registry
