// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/hive.hpp"

#include "base/text.hpp"
#include "registry/hivex_hooks.hpp"
#include "registry/names.hpp"
#include "registry/regf_layout.hpp"
#include "registry/regf_reader.hpp"
#include "registry/subkey_order.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <hivex.h>
#include <set>

namespace lifeboat::registry {

namespace {

constexpr std::size_t kMaxKeyName = 255;     // UTF-16 units (Windows limit)
constexpr std::size_t kMaxValueName = 16383; // UTF-16 units (Windows limit)
constexpr std::size_t kMaxCell = 1000000;    // bytes; hivex allocates no more at once

struct CloseHive {
    void operator()(hive_h* hive) const { hivex_close(hive); }
};
struct Free {
    void operator()(void* memory) const { std::free(memory); }
};
template <class T> using Owned = std::unique_ptr<T, Free>;

static_assert(sizeof(hive_type) == sizeof(ValueType));

// hivex reports names as C strings: one with a NUL inside cannot be told apart from a shorter one.
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
    std::unique_ptr<hive_h, CloseHive> handle;
    bool checked = false; // the whole structure was found right: safe to edit
    bool changed = false;
    std::set<std::string> new_keys; // parents of keys that were created
    // The last path that was found, key by key: walks ask for neighbours.
    mutable std::vector<std::pair<std::string, hive_node_h>> trail;
    std::optional<Bytes> stored; // serialized since the last change

    [[nodiscard]] tl::unexpected<Error> broken(std::string_view path,
                                               std::string_view doing) const {
        const int number = errno;
        return fail(ErrorKind::damaged, name + (path.empty() ? "" : "\\" + std::string(path)),
                    std::string(doing) + " failed" +
                        (number == 0 ? "" : std::string(" (") + std::strerror(number) + ")"),
                    "the hive's structure is broken here");
    }

    // The key, or 0 when it is not there.
    [[nodiscard]] Result<hive_node_h> find(std::string_view path) const;
    [[nodiscard]] Result<hive_node_h> child(hive_node_h parent, std::string_view part) const;
    [[nodiscard]] Result<hive_node_h> make(std::string_view path);
    [[nodiscard]] Result<std::vector<Value>> read_values(hive_node_h node,
                                                         std::string_view path) const;
    [[nodiscard]] Result<Value> read_value(hive_value_h value, std::string_view path) const;
    [[nodiscard]] Result<void> write_values(hive_node_h node, const std::vector<Value>& values,
                                            std::string_view path);
    [[nodiscard]] Result<void> may_edit();
    [[nodiscard]] Result<void> collect(hive_node_h node, const std::string& path, int levels,
                                       std::span<const std::string_view> names,
                                       std::vector<Place>& out) const;
    void touch() {
        changed = true;
        stored.reset();
    }
};

Result<hive_node_h> Hive::State::child(hive_node_h parent, std::string_view part) const {
    const std::string text(part);
    if (text.find('\0') != std::string::npos)
        return hive_node_h{0};
    errno = 0;
    if (const hive_node_h node = hivex_node_get_child(handle.get(), parent, text.c_str()))
        return node;
    if (errno != 0)
        return broken(part, "looking up the key");
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (std::all_of(part.begin(), part.end(), is_ascii))
        return hive_node_h{0};
    // hivex ignores the case of ASCII letters only.
    const Owned<hive_node_h> children(hivex_node_children(handle.get(), parent));
    if (!children)
        return broken(part, "listing subkeys");
    const std::u16string wanted = upcased(part);
    for (const hive_node_h* one = children.get(); *one != 0; ++one) {
        const Owned<char> stored_name(hivex_node_name(handle.get(), *one));
        if (stored_name && upcased(stored_name.get()) == wanted)
            return *one;
    }
    return hive_node_h{0};
}

Result<hive_node_h> Hive::State::find(std::string_view path) const {
    hive_node_h node = hivex_root(handle.get());
    if (node == 0)
        return broken("", "finding the root key");
    std::size_t depth = 0;
    for (const std::string_view part : split_path(path)) {
        if (depth < trail.size() && trail[depth].first == part) {
            node = trail[depth++].second;
            continue;
        }
        trail.resize(depth);
        LIFEBOAT_TRY(node, child(node, part));
        if (node == 0)
            break;
        trail.emplace_back(part, node);
        ++depth;
    }
    return node;
}

Result<hive_node_h> Hive::State::make(std::string_view path) {
    hive_node_h node = hivex_root(handle.get());
    if (node == 0)
        return broken("", "finding the root key");
    std::string so_far;
    for (const std::string_view part : split_path(path)) {
        LIFEBOAT_TRY(hive_node_h next, child(node, part));
        if (next == 0) {
            if (!storable(part, kMaxKeyName))
                return fail(ErrorKind::usage, name + "\\" + printable(path),
                            "a key cannot have this name");
            next = hivex_node_add_child(handle.get(), node, std::string(part).c_str());
            if (next == 0)
                return broken(path, "creating the key");
            new_keys.insert(so_far);
            touch();
        }
        so_far += (so_far.empty() ? "" : "\\") + std::string(part);
        node = next;
    }
    return node;
}

Result<Value> Hive::State::read_value(hive_value_h handle_of_value, std::string_view path) const {
    hive_h* hive = handle.get();
    const Owned<char> key(hivex_value_key(hive, handle_of_value));
    if (!key)
        return broken(path, "reading the name of a value");
    errno = 0;
    const std::size_t key_length = hivex_value_key_len(hive, handle_of_value);
    hive_type type = hive_t_REG_NONE;
    std::size_t length = 0;
    const Owned<char> data(hivex_value_value(hive, handle_of_value, &type, &length));
    if (!data && length != 0)
        return broken(path, "reading the value " + printable(key.get()));
    Value value;
    value.name.assign(key.get(), key_length != 0 ? key_length : std::strlen(key.get()));
    std::memcpy(&value.type, &type, sizeof value.type);
    const ByteSpan bytes = std::as_bytes(std::span(data.get(), data ? length : 0));
    value.data.assign(bytes.begin(), bytes.end());
    return value;
}

Result<std::vector<Value>> Hive::State::read_values(hive_node_h node, std::string_view path) const {
    const Owned<hive_value_h> handles(hivex_node_values(handle.get(), node));
    if (!handles)
        return broken(path, "listing values");
    std::vector<Value> values;
    for (const hive_value_h* one = handles.get(); *one != 0; ++one) {
        LIFEBOAT_TRY(Value value, read_value(*one, path));
        values.push_back(std::move(value));
    }
    return values;
}

// hivex can only replace all values of a key. Names and bytes go back exactly as they were read.
Result<void> Hive::State::write_values(hive_node_h node, const std::vector<Value>& values,
                                       std::string_view path) {
    std::vector<hive_set_value> raw;
    for (const Value& value : values) {
        if (!storable(value.name, kMaxValueName))
            return fail(ErrorKind::unsupported, name + "\\" + printable(path),
                        "the name of a value in this key cannot be stored again exactly");
        // Larger data needs "db" records since version 1.4; hivex does not write those, and
        // Windows could not read what it writes instead.
        if (value.data.size() > (minor_version > 3 ? kSegment : kMaxCell))
            return fail(ErrorKind::unsupported, name + "\\" + std::string(path),
                        "the key holds a value of " + human_size(value.data.size()) +
                            ", which cannot be rewritten safely");
        hive_set_value one{};
        one.key = const_cast<char*>(value.name.c_str()); // NOLINT: hivex only reads it
        // Device properties have types that hivex's enumeration does not list.
        std::memcpy(&one.t, &value.type, sizeof one.t);
        one.len = value.data.size();
        one.value = reinterpret_cast<char*>(const_cast<std::byte*>(value.data.data())); // NOLINT
        raw.push_back(one);
    }
    if (hivex_node_set_values(handle.get(), node, raw.size(), raw.data(), 0) != 0)
        return broken(path, "storing values");
    touch();
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
    if (auto structure = check_structure(original); !structure)
        return fail(structure.error().in(name));
    checked = true;
    return {};
}

Result<void> Hive::State::collect(hive_node_h node, const std::string& path, int levels,
                                  std::span<const std::string_view> names,
                                  std::vector<Place>& out) const {
    if (levels == 0) {
        const Owned<hive_value_h> handles(hivex_node_values(handle.get(), node));
        if (!handles)
            return broken(path, "listing values");
        for (const hive_value_h* one = handles.get(); *one != 0; ++one) {
            const Owned<char> key(hivex_value_key(handle.get(), *one));
            if (!key)
                return broken(path, "reading the name of a value");
            const auto wanted = [&key](std::string_view one_name) {
                return same_name(one_name, key.get());
            };
            if (std::none_of(names.begin(), names.end(), wanted))
                continue;
            LIFEBOAT_TRY(Value value, read_value(*one, path));
            out.push_back({path, std::move(value)});
        }
        return {};
    }
    const Owned<hive_node_h> children(hivex_node_children(handle.get(), node));
    if (!children)
        return broken(path, "listing subkeys");
    for (const hive_node_h* one = children.get(); *one != 0; ++one) {
        const Owned<char> child(hivex_node_name(handle.get(), *one));
        if (!child)
            return broken(path, "reading the name of a subkey");
        LIFEBOAT_CHECK(collect(*one, path.empty() ? child.get() : path + "\\" + child.get(),
                               levels - 1, names, out));
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
    auto state = std::make_unique<State>();
    auto header = inspect(image);
    if (!header)
        return fail(header.error().in(name));
    state->name = std::move(name);
    state->header = *header;
    LIFEBOAT_TRY(const BaseBlock base, read_base(image));
    state->minor_version = base.minor_version;
    LIFEBOAT_TRY(MemoryFile file, MemoryFile::create());
    LIFEBOAT_CHECK(file.write(image));
    errno = 0;
    state->handle.reset(hivex_open(file.path().c_str(), HIVEX_OPEN_WRITE));
    if (!state->handle)
        return state->broken("", "opening the hive");
    state->original = std::move(image);
    return Hive(std::move(state));
}

const std::string& Hive::name() const { return state_->name; }
const HiveState& Hive::state() const { return state_->header; }
bool Hive::changed() const { return state_->changed; }

Result<bool> Hive::has_key(std::string_view path) const {
    LIFEBOAT_TRY(const hive_node_h node, state_->find(path));
    return node != 0;
}

Result<std::vector<std::string>> Hive::subkeys(std::string_view path) const {
    std::vector<std::string> names;
    LIFEBOAT_TRY(const hive_node_h node, state_->find(path));
    if (node == 0)
        return names;
    const Owned<hive_node_h> children(hivex_node_children(state_->handle.get(), node));
    if (!children)
        return state_->broken(path, "listing subkeys");
    for (const hive_node_h* one = children.get(); *one != 0; ++one) {
        const Owned<char> child(hivex_node_name(state_->handle.get(), *one));
        if (!child)
            return state_->broken(path, "reading the name of a subkey");
        const std::size_t length = hivex_node_name_len(state_->handle.get(), *one);
        names.emplace_back(child.get(), length != 0 ? length : std::strlen(child.get()));
    }
    return names;
}

Result<std::vector<Value>> Hive::values(std::string_view path) const {
    LIFEBOAT_TRY(const hive_node_h node, state_->find(path));
    if (node == 0)
        return std::vector<Value>{};
    return state_->read_values(node, path);
}

Result<std::optional<Value>> Hive::value(std::string_view path, std::string_view name) const {
    LIFEBOAT_TRY(auto all, values(path));
    for (Value& one : all)
        if (same_name(one.name, name))
            return std::optional<Value>(std::move(one));
    return std::optional<Value>{};
}

Result<std::vector<Hive::Place>> Hive::find_values(std::string_view path, int levels,
                                                   std::span<const std::string_view> names) const {
    std::vector<Place> out;
    LIFEBOAT_TRY(const hive_node_h node, state_->find(path));
    if (node != 0)
        LIFEBOAT_CHECK(state_->collect(node, std::string(path), levels, names, out));
    return out;
}

Result<void> Hive::set(std::string_view path, const Value& value) {
    LIFEBOAT_CHECK(state_->may_edit());
    LIFEBOAT_TRY(const hive_node_h node, state_->make(path));
    LIFEBOAT_TRY(auto values, state_->read_values(node, path));
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
    return state_->write_values(node, values, path);
}

Result<void> Hive::create_key(std::string_view path) {
    LIFEBOAT_CHECK(state_->may_edit());
    LIFEBOAT_TRY(const hive_node_h node, state_->make(path));
    (void)node;
    return {};
}

Result<void> Hive::delete_value(std::string_view path, std::string_view name) {
    LIFEBOAT_CHECK(state_->may_edit());
    LIFEBOAT_TRY(const hive_node_h node, state_->find(path));
    if (node == 0)
        return {};
    LIFEBOAT_TRY(auto values, state_->read_values(node, path));
    const auto removed =
        std::erase_if(values, [name](const Value& one) { return same_name(one.name, name); });
    return removed == 0 ? Result<void>{} : state_->write_values(node, values, path);
}

Result<void> Hive::delete_key(std::string_view path) {
    LIFEBOAT_CHECK(state_->may_edit());
    LIFEBOAT_TRY(const hive_node_h node, state_->find(path));
    if (node == 0)
        return {};
    if (node == hivex_root(state_->handle.get()))
        return fail(ErrorKind::usage, state_->name, "the root key cannot be deleted");
    state_->trail.clear();
    errno = 0;
    if (hivex_node_delete_child(state_->handle.get(), node) != 0)
        return state_->broken(path, "deleting the key");
    // The lists below it are gone with it.
    std::string normal;
    for (const std::string_view part : split_path(path))
        normal += (normal.empty() ? "" : "\\") + std::string(part);
    const std::u16string gone = upcased(normal);
    std::erase_if(state_->new_keys, [&gone](const std::string& parent) {
        const std::u16string key = upcased(parent);
        return key == gone || key.starts_with(gone + u"\\");
    });
    state_->touch();
    return {};
}

Result<Bytes> Hive::serialize() const {
    if (!state_->changed)
        return state_->original;
    if (state_->stored)
        return *state_->stored;
    LIFEBOAT_TRY(MemoryFile file, MemoryFile::create());
    errno = 0;
    if (hivex_commit(state_->handle.get(), file.path().c_str(), 0) != 0)
        return state_->broken("", "writing the hive");
    LIFEBOAT_TRY(Bytes image, file.read());
    LIFEBOAT_CHECK(restore_order(image, state_->new_keys));
    if (auto structure = check_structure(image); !structure)
        return fail(ErrorKind::internal, state_->name,
                    "the changed hive does not read back: " + structure.error().text(),
                    "nothing was written; please report this");
    state_->stored = image;
    return image;
}

} // namespace lifeboat::registry
