// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/regf_reader.hpp"

#include "registry/names.hpp"
#include "registry/regf_image.hpp"

#include <algorithm>
#include <map>

namespace lifeboat::registry {

namespace {

constexpr int kMaxDepth = 512; // Windows itself stops at 512 levels

std::string below(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "\\" + name;
}

tl::unexpected<Error> damaged(const std::string& path, std::string what) {
    return fail(ErrorKind::damaged, path.empty() ? "the root key" : path, std::move(what));
}

// Walks every key of one hive once.
class Checker {
public:
    explicit Checker(const RegfImage& image) : image_(image) {
        seen_.resize(image.base().bins_size / 8);
        security_.resize(seen_.size());
    }

    Result<void> check(const RegfKey& key, const std::string& path, int depth) {
        if (depth > kMaxDepth)
            return damaged(path, "keys are nested too deeply");
        if (seen_[key.at / 8])
            return damaged(path, "the key is reached twice");
        seen_[key.at / 8] = true;
        LIFEBOAT_CHECK(check_parts(key, path));
        auto refs = image_.subkeys(key);
        if (!refs)
            return fail(refs.error().in(path));
        RegfKey previous;
        for (const SubkeyRef& ref : *refs) {
            auto child = image_.key(ref.key);
            if (!child)
                return fail(child.error().in(path));
            LIFEBOAT_CHECK(check_place(key, *child, ref, previous, path));
            LIFEBOAT_CHECK(check(*child, below(path, child->name), depth + 1));
            previous = std::move(*child);
        }
        return {};
    }

private:
    Result<void> check_parts(const RegfKey& key, const std::string& path) {
        auto values = image_.values(key);
        if (!values)
            return fail(values.error().in(path));
        std::vector<std::u16string> names;
        for (const Value& value : *values)
            names.push_back(upcased(value.name));
        std::sort(names.begin(), names.end());
        if (std::adjacent_find(names.begin(), names.end()) != names.end())
            return damaged(path, "two values have the same name");
        if (key.security != kNothing && key.security / 8 < security_.size() &&
            security_[key.security / 8])
            return {};
        if (auto checked = image_.check_security(key.security); !checked)
            return fail(checked.error().in(path));
        security_[key.security / 8] = true;
        return {};
    }

    // A subkey must be found again by Windows: right parent, right hash, right place in the order.
    Result<void> check_place(const RegfKey& parent, const RegfKey& child, const SubkeyRef& ref,
                             const RegfKey& previous, const std::string& path) const {
        if (child.parent != parent.at)
            return damaged(below(path, child.name), "the key names another key as its parent");
        const bool certain = order_is_certain(child.sort_name);
        if (ref.kind == SubkeyRef::Kind::hash && certain && ref.hash != name_hash(child.sort_name))
            return damaged(below(path, child.name), "the key is listed with a wrong hash");
        if (previous.at != 0 && certain && order_is_certain(previous.sort_name) &&
            !(previous.sort_name < child.sort_name))
            return damaged(below(path, child.name), "the key is out of order");
        return {};
    }

    const RegfImage& image_;
    std::vector<bool> seen_;
    std::vector<bool> security_;
};

using Children = std::map<std::u16string, RegfKey>;

class Differ {
public:
    Differ(const RegfImage& before, const RegfImage& after) : before_(before), after_(after) {}

    Result<void> keys(const RegfKey& a, const RegfKey& b, const std::string& path, int depth) {
        if (depth > kMaxDepth)
            return damaged(path, "keys are nested too deeply");
        if (++visited_ > before_.base().bins_size / 8) // more keys than fit into the hive
            return damaged(path, "the key is reached twice");
        const bool same = a.at == b.at && before_.same_cell(after_, a.at);
        if (!same || !before_.same_values(after_, a)) {
            LIFEBOAT_TRY(const auto old_values, before_.values(a));
            LIFEBOAT_TRY(const auto new_values, after_.values(b));
            values(old_values, new_values, path);
        }
        if (same) {
            LIFEBOAT_TRY(const bool done, same_children(a, path, depth));
            if (done)
                return {};
        }
        LIFEBOAT_TRY(const Children old_keys, children(before_, a));
        LIFEBOAT_TRY(const Children new_keys, children(after_, b));
        auto x = old_keys.begin();
        auto y = new_keys.begin();
        while (x != old_keys.end() || y != new_keys.end()) {
            if (y == new_keys.end() || (x != old_keys.end() && x->first < y->first)) {
                LIFEBOAT_CHECK(
                    whole(before_, x->second, below(path, x->second.name), false, depth));
                ++x;
            } else if (x == old_keys.end() || y->first < x->first) {
                LIFEBOAT_CHECK(whole(after_, y->second, below(path, y->second.name), true, depth));
                ++y;
            } else {
                LIFEBOAT_CHECK(keys(x->second, y->second, below(path, y->second.name), depth + 1));
                ++x, ++y;
            }
        }
        return {};
    }

    std::vector<Change> changes;

private:
    // Nearly every key of an edited hive lies where it was, with the same bytes. Then names need
    // not be compared, which is most of the work. False, and nothing done, when it is not so.
    Result<bool> same_children(const RegfKey& key, const std::string& path, int depth) {
        LIFEBOAT_TRY(const auto old_refs, before_.subkeys(key));
        LIFEBOAT_TRY(const auto new_refs, after_.subkeys(key));
        if (old_refs.size() != new_refs.size())
            return false;
        for (std::size_t i = 0; i < old_refs.size(); ++i)
            if (old_refs[i].key != new_refs[i].key || !before_.same_cell(after_, old_refs[i].key))
                return false;
        for (const SubkeyRef& ref : old_refs) {
            LIFEBOAT_TRY(const RegfKey child, before_.key(ref.key));
            LIFEBOAT_CHECK(keys(child, child, below(path, child.name), depth + 1));
        }
        return true;
    }

    static Result<Children> children(const RegfImage& image, const RegfKey& key) {
        Children out;
        LIFEBOAT_TRY(const auto refs, image.subkeys(key));
        for (const SubkeyRef& ref : refs) {
            LIFEBOAT_TRY(RegfKey child, image.key(ref.key));
            std::u16string sort_name = child.sort_name;
            out.emplace(std::move(sort_name), std::move(child));
        }
        return out;
    }

    void values(const std::vector<Value>& before, const std::vector<Value>& after,
                const std::string& path) {
        std::map<std::u16string, std::pair<const Value*, const Value*>> pairs;
        for (const Value& value : before)
            pairs[upcased(value.name)].first = &value;
        for (const Value& value : after)
            pairs[upcased(value.name)].second = &value;
        for (const auto& [name, pair] : pairs) {
            const auto& [old_value, new_value] = pair;
            if (!old_value)
                changes.push_back(
                    {ChangeKind::value_added, path, new_value->name, std::nullopt, *new_value});
            else if (!new_value)
                changes.push_back(
                    {ChangeKind::value_removed, path, old_value->name, *old_value, std::nullopt});
            else if (old_value->type != new_value->type || old_value->data != new_value->data)
                changes.push_back(
                    {ChangeKind::value_changed, path, new_value->name, *old_value, *new_value});
        }
    }

    Result<void> whole(const RegfImage& image, const RegfKey& key, const std::string& path,
                       bool added, int depth) {
        if (depth > kMaxDepth)
            return damaged(path, "keys are nested too deeply");
        changes.push_back({added ? ChangeKind::key_added : ChangeKind::key_removed, path, "",
                           std::nullopt, std::nullopt});
        LIFEBOAT_TRY(const auto held, image.values(key));
        if (added)
            values({}, held, path);
        else
            values(held, {}, path);
        LIFEBOAT_TRY(const Children below_it, children(image, key));
        for (const auto& [name, child] : below_it)
            LIFEBOAT_CHECK(whole(image, child, below(path, child.name), added, depth + 1));
        return {};
    }

    const RegfImage& before_;
    const RegfImage& after_;
    std::size_t visited_ = 0;
};

} // namespace

Result<std::vector<Change>> difference(ByteSpan before, ByteSpan after) {
    LIFEBOAT_TRY(const RegfImage a, RegfImage::open(before));
    LIFEBOAT_TRY(const RegfImage b, RegfImage::open(after));
    LIFEBOAT_TRY(const RegfKey root_a, a.root());
    LIFEBOAT_TRY(const RegfKey root_b, b.root());
    Differ differ(a, b);
    LIFEBOAT_CHECK(differ.keys(root_a, root_b, "", 0));
    return std::move(differ.changes);
}

Result<void> check_structure(ByteSpan image) {
    LIFEBOAT_TRY(const RegfImage cells, RegfImage::open(image));
    LIFEBOAT_TRY(const RegfKey root, cells.root());
    return Checker(cells).check(root, "", 0);
}

} // namespace lifeboat::registry
