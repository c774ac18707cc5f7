// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/names.hpp"
#include "registry/regf_image.hpp"
#include "registry/regf_reader.hpp"

#include <algorithm>
#include <map>

namespace lifeboat::registry {

namespace {

constexpr std::size_t kMaxDepth = 512; // Windows itself stops at 512 levels
constexpr std::size_t kPage = 4096;

// Which pages of two hives hold the same bytes.
std::vector<bool> same_pages(ByteSpan a, ByteSpan b) {
    const auto common = std::min(a.size(), b.size());
    std::vector<bool> out(common / kPage);
    for (std::size_t page = 0; page < out.size(); ++page)
        out[page] = equal(a.subspan(page * kPage, kPage), b.subspan(page * kPage, kPage));
    return out;
}

using Children = std::map<std::u16string, RegfKey>;

class Differ {
public:
    Differ(const RegfImage& before, const RegfImage& after, std::vector<bool> same)
        : before_(before), after_(after), same_(std::move(same)) {}

    Result<void> root(const RegfKey& a, const RegfKey& b) { return keys(a, b); }

    std::vector<Change> changes;

private:
    [[nodiscard]] std::string path() const {
        std::string out;
        for (std::size_t i = 1; i < trail_.size(); ++i)
            out += (i == 1 ? "" : "\\") + trail_[i]->name();
        return out;
    }
    [[nodiscard]] tl::unexpected<Error> damaged(std::string what) const {
        return fail(ErrorKind::damaged, trail_.size() < 2 ? "the root key" : path(),
                    std::move(what));
    }

    // The cell is there in both with the same bytes.
    [[nodiscard]] bool same_cell(std::uint32_t at) const {
        if (!before_.is_cell(at) || !after_.is_cell(at))
            return false;
        const auto mine = before_.cell(at);
        const auto last = (std::size_t{at} + 4 + mine->size() - 1) / kPage;
        for (auto page = at / kPage; page <= last; ++page)
            if (page >= same_.size() || !same_[page]) {
                const auto theirs = after_.cell(at);
                return theirs && equal(*mine, *theirs);
            }
        return true; // the size in front of it included
    }

    // The values of a key whose record is the same lie in the same cells with the same bytes.
    [[nodiscard]] bool same_values(const RegfKey& key) const {
        if (key.value_count == 0)
            return true;
        const auto list = before_.value_list(key);
        if (!list || !same_cell(key.value_list))
            return false;
        for (std::size_t at = 0; at < list->size(); at += 4) {
            const auto value = before_.stored_value(*read_le<std::uint32_t>(*list, at));
            if (!value || !same_cell(value->at))
                return false;
            if (value->is_inline || value->length == 0)
                continue;
            // Larger data lies in several cells ("db"): let the slow way look.
            if (value->length > kSegment || !same_cell(value->data_cell()))
                return false;
        }
        return true;
    }

    Result<void> keys(const RegfKey& a, const RegfKey& b) {
        trail_.push_back(&b);
        if (trail_.size() > kMaxDepth + 1)
            return damaged("keys are nested too deeply");
        if (++visited_ > before_.base().bins_size / 8) // more keys than fit into the hive
            return damaged("the key is reached twice");
        const bool same = a.at == b.at && same_cell(a.at);
        if (!same || !same_values(a))
            LIFEBOAT_CHECK(values(a, b));
        LIFEBOAT_TRY(const bool done, same ? same_children(a) : Result<bool>(false));
        if (!done)
            LIFEBOAT_CHECK(children(a, b));
        trail_.pop_back();
        return {};
    }

    // Nearly every key of an edited hive lies where it was, with the same bytes. Then names need
    // not be compared, which is most of the work. False, and nothing done, when it is not so.
    Result<bool> same_children(const RegfKey& key) {
        if (key.subkey_count == 0)
            return true;
        LIFEBOAT_TRY(const auto old_refs, before_.subkeys(key));
        LIFEBOAT_TRY(const auto new_refs, after_.subkeys(key));
        if (old_refs.size() != new_refs.size())
            return false;
        for (std::size_t i = 0; i < old_refs.size(); ++i)
            if (old_refs[i].key != new_refs[i].key || !same_cell(old_refs[i].key))
                return false;
        for (const SubkeyRef& ref : old_refs) {
            LIFEBOAT_TRY(const RegfKey child, before_.key(ref.key));
            LIFEBOAT_CHECK(keys(child, child));
        }
        return true;
    }

    static Result<Children> children_of(const RegfImage& image, const RegfKey& key) {
        Children out;
        LIFEBOAT_TRY(const auto refs, image.subkeys(key));
        for (const SubkeyRef& ref : refs) {
            LIFEBOAT_TRY(const RegfKey child, image.key(ref.key));
            out.emplace(child.sort_name(), child);
        }
        return out;
    }

    // By name: both lists are in order.
    Result<void> children(const RegfKey& a, const RegfKey& b) {
        LIFEBOAT_TRY(const Children old_keys, children_of(before_, a));
        LIFEBOAT_TRY(const Children new_keys, children_of(after_, b));
        auto x = old_keys.begin();
        auto y = new_keys.begin();
        while (x != old_keys.end() || y != new_keys.end()) {
            if (y == new_keys.end() || (x != old_keys.end() && x->first < y->first)) {
                LIFEBOAT_CHECK(whole(before_, x->second, false));
                ++x;
            } else if (x == old_keys.end() || y->first < x->first) {
                LIFEBOAT_CHECK(whole(after_, y->second, true));
                ++y;
            } else {
                LIFEBOAT_CHECK(keys(x->second, y->second));
                ++x, ++y;
            }
        }
        return {};
    }

    Result<void> values(const RegfKey& a, const RegfKey& b) {
        LIFEBOAT_TRY(const auto old_values, before_.values(a));
        LIFEBOAT_TRY(const auto new_values, after_.values(b));
        pair_values(old_values, new_values);
        return {};
    }

    void pair_values(const std::vector<Value>& before, const std::vector<Value>& after) {
        std::map<std::u16string, std::pair<const Value*, const Value*>> pairs;
        for (const Value& value : before)
            pairs[upcased(value.name)].first = &value;
        for (const Value& value : after)
            pairs[upcased(value.name)].second = &value;
        for (const auto& [name, pair] : pairs) {
            const auto& [old_value, new_value] = pair;
            if (!old_value)
                changes.push_back(
                    {ChangeKind::value_added, path(), new_value->name, std::nullopt, *new_value});
            else if (!new_value)
                changes.push_back(
                    {ChangeKind::value_removed, path(), old_value->name, *old_value, std::nullopt});
            else if (old_value->type != new_value->type || old_value->data != new_value->data)
                changes.push_back(
                    {ChangeKind::value_changed, path(), new_value->name, *old_value, *new_value});
        }
    }

    Result<void> whole(const RegfImage& image, const RegfKey& key, bool added) {
        trail_.push_back(&key);
        if (trail_.size() > kMaxDepth + 1)
            return damaged("keys are nested too deeply");
        changes.push_back({added ? ChangeKind::key_added : ChangeKind::key_removed, path(), "",
                           std::nullopt, std::nullopt});
        LIFEBOAT_TRY(const auto held, image.values(key));
        if (added)
            pair_values({}, held);
        else
            pair_values(held, {});
        LIFEBOAT_TRY(const Children below, children_of(image, key));
        for (const auto& [name, child] : below)
            LIFEBOAT_CHECK(whole(image, child, added));
        trail_.pop_back();
        return {};
    }

    const RegfImage& before_;
    const RegfImage& after_;
    std::vector<bool> same_;
    std::vector<const RegfKey*> trail_; // from the root to the key that is looked at
    std::size_t visited_ = 0;
};

} // namespace

Result<std::vector<Change>> difference(ByteSpan before, ByteSpan after) {
    LIFEBOAT_TRY(const RegfImage a, RegfImage::open(before));
    LIFEBOAT_TRY(const RegfImage b, RegfImage::open(after));
    LIFEBOAT_TRY(const RegfKey root_a, a.root());
    LIFEBOAT_TRY(const RegfKey root_b, b.root());
    Differ differ(a, b, same_pages(before.subspan(kBaseBlock), after.subspan(kBaseBlock)));
    LIFEBOAT_CHECK(differ.root(root_a, root_b));
    return std::move(differ.changes);
}

} // namespace lifeboat::registry
