// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/hivex_file.hpp"

#include "base/text.hpp"
#include "registry/hivex_hooks.hpp"
#include "registry/names.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <hivex.h>

namespace lifeboat::registry {

namespace {

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};
template <class T> using Owned = std::unique_ptr<T, Free>;

static_assert(sizeof(hive_type) == sizeof(ValueType));

// hivex gives names as C strings and, apart from that, their length.
std::string whole_name(const char* text, std::size_t length) {
    return std::string(text, length != 0 ? length : std::strlen(text));
}

} // namespace

void HivexFile::Close::operator()(hive_h* hive) const { hivex_close(hive); }

tl::unexpected<Error> HivexFile::broken(std::string_view path, std::string_view doing) const {
    const int number = errno;
    return fail(ErrorKind::damaged, name_ + (path.empty() ? "" : "\\" + printable(path)),
                std::string(doing) + " failed" +
                    (number == 0 ? "" : std::string(" (") + std::strerror(number) + ")"),
                "the hive's structure is broken here");
}

Result<HivexFile> HivexFile::open(ByteSpan image, std::string name) {
    HivexFile out;
    out.name_ = std::move(name);
    LIFEBOAT_TRY(const MemoryFile file, MemoryFile::holding(image));
    errno = 0;
    out.hive_.reset(hivex_open(file.path().c_str(), HIVEX_OPEN_WRITE));
    if (!out.hive_)
        return out.broken("", "opening the hive");
    return out;
}

Result<KeyHandle> HivexFile::root() const {
    errno = 0;
    const KeyHandle key = hivex_root(hive_.get());
    if (key == 0)
        return broken("", "finding the root key");
    return key;
}

Result<const HivexFile::Children*> HivexFile::named_children(KeyHandle key,
                                                             std::string_view path) const {
    if (const auto known = children_.find(key); known != children_.end())
        return &known->second;
    LIFEBOAT_TRY(const auto all, children(key, path));
    Children named;
    for (const KeyHandle one : all) {
        LIFEBOAT_TRY(const std::string stored, key_name(one, path));
        named.emplace(upcased(stored), one);
    }
    return &children_.emplace(key, std::move(named)).first->second;
}

Result<KeyHandle> HivexFile::child(KeyHandle parent, std::string_view name) const {
    LIFEBOAT_TRY(const auto* named, named_children(parent, name));
    const auto found = named->find(upcased(name));
    return found == named->end() ? KeyHandle{0} : found->second;
}

Result<std::vector<KeyHandle>> HivexFile::children(KeyHandle key, std::string_view path) const {
    errno = 0;
    const Owned<hive_node_h> found(hivex_node_children(hive_.get(), key));
    if (!found)
        return broken(path, "listing subkeys");
    std::vector<KeyHandle> out;
    for (const hive_node_h* one = found.get(); *one != 0; ++one)
        out.push_back(*one);
    return out;
}

Result<std::string> HivexFile::key_name(KeyHandle key, std::string_view path) const {
    errno = 0;
    const Owned<char> text(hivex_node_name(hive_.get(), key));
    if (!text)
        return broken(path, "reading the name of a subkey");
    return whole_name(text.get(), hivex_node_name_len(hive_.get(), key));
}

Result<Value> HivexFile::value(std::size_t handle, std::string name, std::string_view path) const {
    hive_type type = hive_t_REG_NONE;
    std::size_t length = 0;
    errno = 0;
    const Owned<char> data(hivex_value_value(hive_.get(), handle, &type, &length));
    if (!data && length != 0)
        return broken(path, "reading the value " + printable(name));
    Value value;
    value.name = std::move(name);
    std::memcpy(&value.type, &type, sizeof value.type); // also types hivex has no name for
    const ByteSpan bytes = std::as_bytes(std::span(data.get(), data ? length : 0));
    value.data.assign(bytes.begin(), bytes.end());
    return value;
}

Result<std::vector<Value>> HivexFile::values(KeyHandle key, std::string_view path,
                                             std::span<const std::string_view> names) const {
    errno = 0;
    const Owned<hive_value_h> found(hivex_node_values(hive_.get(), key));
    if (!found)
        return broken(path, "listing values");
    std::vector<Value> out;
    for (const hive_value_h* one = found.get(); *one != 0; ++one) {
        errno = 0;
        const Owned<char> text(hivex_value_key(hive_.get(), *one));
        if (!text)
            return broken(path, "reading the name of a value");
        std::string name = whole_name(text.get(), hivex_value_key_len(hive_.get(), *one));
        const auto is_it = [&name](std::string_view wanted) { return same_name(wanted, name); };
        if (!names.empty() && std::none_of(names.begin(), names.end(), is_it))
            continue;
        LIFEBOAT_TRY(Value read, value(*one, std::move(name), path));
        out.push_back(std::move(read));
    }
    return out;
}

Result<KeyHandle> HivexFile::add_child(KeyHandle parent, std::string_view name,
                                       std::string_view path) {
    children_.clear();
    errno = 0;
    const KeyHandle key = hivex_node_add_child(hive_.get(), parent, std::string(name).c_str());
    if (key == 0)
        return broken(path, "creating the key");
    return key;
}

Result<void> HivexFile::set_values(KeyHandle key, const std::vector<Value>& values,
                                   std::string_view path) {
    std::vector<hive_set_value> raw;
    for (const Value& value : values) {
        hive_set_value one{};
        one.key = const_cast<char*>(value.name.c_str()); // NOLINT: hivex only reads it
        std::memcpy(&one.t, &value.type, sizeof one.t);
        one.len = value.data.size();
        one.value = reinterpret_cast<char*>(const_cast<std::byte*>(value.data.data())); // NOLINT
        raw.push_back(one);
    }
    errno = 0;
    if (hivex_node_set_values(hive_.get(), key, raw.size(), raw.data(), 0) != 0)
        return broken(path, "storing values");
    return {};
}

Result<void> HivexFile::delete_key(KeyHandle key, std::string_view path) {
    children_.clear();
    errno = 0;
    if (hivex_node_delete_child(hive_.get(), key) != 0)
        return broken(path, "deleting the key");
    return {};
}

Result<Bytes> HivexFile::write() const {
    LIFEBOAT_TRY(MemoryFile file, MemoryFile::empty());
    errno = 0;
    if (hivex_commit(hive_.get(), file.path().c_str(), 0) != 0)
        return broken("", "writing the hive");
    return file.take_written();
}

} // namespace lifeboat::registry
