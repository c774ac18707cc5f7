// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/hive.hpp"

#include "base/text.hpp"
#include "registry/hivex_file.hpp"
#include "registry/names.hpp"
#include "registry/regf_layout.hpp"
#include "registry/regf_reader.hpp"
#include "registry/subkey_order.hpp"

#include <algorithm>
#include <set>

namespace lifeboat::registry {

namespace {

constexpr std::size_t kMaxKeyName = 255;     // UTF-16 units (Windows limit)
constexpr std::size_t kMaxValueName = 16383; // UTF-16 units (Windows limit)
constexpr std::size_t kMaxCell = 1000000;    // bytes; hivex allocates no more at once

std::string below(const std::string& path, std::string_view name) {
    return path.empty() ? std::string(name) : path + "\\" + std::string(name);
}

std::string normal(std::string_view path) {
    std::string out;
    for (const std::string_view part : split_path(path))
        out = below(out, part);
    return out;
}

// hivex takes names as C strings: one with a NUL inside would be cut.
bool storable(std::string_view name, std::size_t limit) {
    const std::u16string units = units_from_name(name);
    return units.size() <= limit && name.find('\0') == std::string_view::npos &&
           name_from_units(units) == name;
}

} // namespace

struct Hive::State {
    std::string name;
    HiveState header;
    std::uint32_t minor_version = 0;
    Bytes original;
    HivexFile file;
    bool checked = false; // the whole structure was found right: safe to edit
    bool changed = false;
    std::set<std::string> new_keys; // parents of keys that were created
    // The last path that was found, key by key: walks ask for neighbours.
    mutable std::vector<std::pair<std::string, KeyHandle>> trail;

    [[nodiscard]] Result<KeyHandle> find(std::string_view path) const;
    [[nodiscard]] Result<KeyHandle> make(std::string_view path);
    [[nodiscard]] Result<void> write(KeyHandle key, const std::vector<Value>& values,
                                     std::string_view path);
    [[nodiscard]] Result<void> check_storable(const Value& value, std::string_view path) const;
    [[nodiscard]] Result<void> may_edit();
    [[nodiscard]] Result<void> collect(KeyHandle key, const std::string& path, int levels,
                                       std::span<const std::string_view> names,
                                       std::vector<Place>& out) const;
};

// The key, or 0 when it is not there.
Result<KeyHandle> Hive::State::find(std::string_view path) const {
    LIFEBOAT_TRY(KeyHandle key, file.root());
    std::size_t depth = 0;
    for (const std::string_view part : split_path(path)) {
        if (depth < trail.size() && trail[depth].first == part) {
            key = trail[depth++].second;
            continue;
        }
        trail.resize(depth);
        LIFEBOAT_TRY(key, file.child(key, part));
        if (key == 0)
            break;
        trail.emplace_back(part, key);
        ++depth;
    }
    return key;
}

Result<KeyHandle> Hive::State::make(std::string_view path) {
    LIFEBOAT_TRY(KeyHandle key, file.root());
    std::string so_far;
    for (const std::string_view part : split_path(path)) {
        LIFEBOAT_TRY(KeyHandle next, file.child(key, part));
        if (next == 0) {
            if (!storable(part, kMaxKeyName))
                return fail(ErrorKind::usage, name + "\\" + printable(path),
                            "a key cannot have this name");
            LIFEBOAT_TRY(next, file.add_child(key, part, path));
            new_keys.insert(so_far);
            changed = true;
        }
        so_far = below(so_far, part);
        key = next;
    }
    return key;
}

// Whether hivex can store this value so that Windows reads the same.
Result<void> Hive::State::check_storable(const Value& value, std::string_view path) const {
    if (!storable(value.name, kMaxValueName))
        return fail(ErrorKind::unsupported, name + "\\" + printable(path),
                    "the name of a value in this key cannot be stored exactly");
    // Larger data needs "db" records since version 1.4; hivex does not write those, and Windows
    // could not read what it writes instead.
    if (value.data.size() > (minor_version > 3 ? kSegment : kMaxCell))
        return fail(ErrorKind::unsupported, name + "\\" + printable(path),
                    "a value of " + human_size(value.data.size()) + " cannot be stored safely");
    return {};
}

// hivex can only replace all values of a key. Names and bytes go back exactly as they were read.
Result<void> Hive::State::write(KeyHandle key, const std::vector<Value>& values,
                                std::string_view path) {
    for (const Value& value : values)
        LIFEBOAT_CHECK(check_storable(value, path));
    LIFEBOAT_CHECK(file.set_values(key, values, path));
    changed = true;
    return {};
}

// Editing a hive that is dirty would make Windows throw away what its logs hold; editing a broken
// one could write anywhere.
Result<void> Hive::State::may_edit() {
    if (header.dirty())
        return fail(ErrorKind::refused, name,
                    "the hive has changes waiting in its transaction log, which an edit would lose",
                    "start this Windows once where it still runs and shut it down cleanly");
    if (checked)
        return {};
    if (auto structure = check_structure(original); !structure) {
        auto error = structure.error().in(name);
        if (error.next.empty())
            error.next =
                "this hive is damaged, and an edit could damage more; put back a sound copy "
                "of it, or start this Windows where it still runs, which repairs it";
        return fail(std::move(error));
    }
    checked = true;
    return {};
}

Result<void> Hive::State::collect(KeyHandle key, const std::string& path, int levels,
                                  std::span<const std::string_view> names,
                                  std::vector<Place>& out) const {
    if (levels == 0) {
        LIFEBOAT_TRY(auto values, file.values(key, path, names));
        for (Value& value : values)
            out.push_back({path, std::move(value)});
        return {};
    }
    LIFEBOAT_TRY(const auto children, file.children(key, path));
    for (const KeyHandle child : children) {
        LIFEBOAT_TRY(const std::string child_name, file.key_name(child, path));
        LIFEBOAT_CHECK(collect(child, below(path, child_name), levels - 1, names, out));
    }
    return {};
}

Hive::Hive(std::unique_ptr<State> state) : state_(std::move(state)) {}
Hive::~Hive() = default;
Hive::Hive(Hive&&) noexcept = default;
Hive& Hive::operator=(Hive&&) noexcept = default;

Result<Hive> Hive::open(Bytes image, std::string name) {
    if (image.size() > kMaxHive)
        return fail(ErrorKind::unsupported, name,
                    "the hive is larger than " + human_size(kMaxHive));
    auto header = inspect(image);
    if (!header)
        return fail(header.error().in(name));
    LIFEBOAT_TRY(const BaseBlock base, read_base(image));
    LIFEBOAT_TRY(HivexFile file, HivexFile::open(image, name));
    auto state = std::make_unique<State>();
    state->name = std::move(name);
    state->header = *header;
    state->minor_version = base.minor_version;
    state->original = std::move(image);
    state->file = std::move(file);
    return Hive(std::move(state));
}

const std::string& Hive::name() const { return state_->name; }
const HiveState& Hive::state() const { return state_->header; }
bool Hive::changed() const { return state_->changed; }

Result<bool> Hive::has_key(std::string_view path) const {
    LIFEBOAT_TRY(const KeyHandle key, state_->find(path));
    return key != 0;
}

Result<std::vector<std::string>> Hive::subkeys(std::string_view path) const {
    std::vector<std::string> names;
    LIFEBOAT_TRY(const KeyHandle key, state_->find(path));
    if (key == 0)
        return names;
    LIFEBOAT_TRY(const auto children, state_->file.children(key, path));
    for (const KeyHandle child : children) {
        LIFEBOAT_TRY(std::string name, state_->file.key_name(child, path));
        names.push_back(std::move(name));
    }
    return names;
}

Result<std::vector<Value>> Hive::values(std::string_view path) const {
    LIFEBOAT_TRY(const KeyHandle key, state_->find(path));
    if (key == 0)
        return std::vector<Value>{};
    return state_->file.values(key, path);
}

Result<std::optional<Value>> Hive::value(std::string_view path, std::string_view name) const {
    LIFEBOAT_TRY(const KeyHandle key, state_->find(path));
    if (key == 0)
        return std::optional<Value>{};
    LIFEBOAT_TRY(auto found, state_->file.values(key, path, std::span(&name, 1)));
    return found.empty() ? std::optional<Value>{} : std::optional<Value>(std::move(found.front()));
}

Result<std::vector<Hive::Place>> Hive::find_values(std::string_view path, int levels,
                                                   std::span<const std::string_view> names) const {
    std::vector<Place> out;
    LIFEBOAT_TRY(const KeyHandle key, state_->find(path));
    if (key != 0)
        LIFEBOAT_CHECK(state_->collect(key, normal(path), levels, names, out));
    return out;
}

Result<void> Hive::set(std::string_view path, const Value& value) {
    LIFEBOAT_CHECK(state_->may_edit());
    LIFEBOAT_CHECK(state_->check_storable(value, path));
    LIFEBOAT_TRY(const KeyHandle key, state_->make(path));
    LIFEBOAT_TRY(auto values, state_->file.values(key, path));
    const auto existing = std::find_if(values.begin(), values.end(), [&value](const Value& one) {
        return same_name(one.name, value.name);
    });
    if (existing == values.end()) {
        values.push_back(value);
    } else {
        if (existing->type == value.type && existing->data == value.data)
            return {};
        existing->type = value.type;
        existing->data = value.data;
    }
    return state_->write(key, values, path);
}

Result<void> Hive::create_key(std::string_view path) {
    LIFEBOAT_CHECK(state_->may_edit());
    LIFEBOAT_TRY(const KeyHandle key, state_->make(path));
    (void)key;
    return {};
}

Result<void> Hive::delete_value(std::string_view path, std::string_view name) {
    LIFEBOAT_CHECK(state_->may_edit());
    LIFEBOAT_TRY(const KeyHandle key, state_->find(path));
    if (key == 0)
        return {};
    LIFEBOAT_TRY(auto values, state_->file.values(key, path));
    const auto removed =
        std::erase_if(values, [name](const Value& one) { return same_name(one.name, name); });
    return removed == 0 ? Result<void>{} : state_->write(key, values, path);
}

Result<void> Hive::delete_key(std::string_view path) {
    LIFEBOAT_CHECK(state_->may_edit());
    LIFEBOAT_TRY(const KeyHandle key, state_->find(path));
    if (key == 0)
        return {};
    LIFEBOAT_TRY(const KeyHandle root, state_->file.root());
    if (key == root)
        return fail(ErrorKind::usage, state_->name, "the root key cannot be deleted");
    state_->trail.clear();
    LIFEBOAT_CHECK(state_->file.delete_key(key, path));
    // Lists below it are gone with it.
    const std::u16string gone = upcased(normal(path));
    std::erase_if(state_->new_keys, [&gone](const std::string& parent) {
        const std::u16string one = upcased(parent);
        return one == gone || one.starts_with(gone + u"\\");
    });
    state_->changed = true;
    return {};
}

Result<Bytes> Hive::serialize() const {
    if (!state_->changed)
        return state_->original;
    LIFEBOAT_TRY(Bytes image, state_->file.write());
    LIFEBOAT_CHECK(restore_order(image, state_->new_keys));
    return image;
}

} // namespace lifeboat::registry
