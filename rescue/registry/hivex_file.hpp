// SPDX-License-Identifier: GPL-2.0-or-later
// The only door to hivex: one hive, its keys by handle, every failure a value. `path` arguments
// are for messages only.
#pragma once

#include "registry/hive.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

struct hive_h;

namespace lifeboat::registry {

using KeyHandle = std::size_t; // 0: no such key

class HivexFile {
public:
    [[nodiscard]] static Result<HivexFile> open(ByteSpan image, std::string name);

    [[nodiscard]] Result<KeyHandle> root() const;
    // Ignores case, as Windows does.
    [[nodiscard]] Result<KeyHandle> child(KeyHandle parent, std::string_view name) const;
    [[nodiscard]] Result<std::vector<KeyHandle>> children(KeyHandle key,
                                                          std::string_view path) const;
    [[nodiscard]] Result<std::string> key_name(KeyHandle key, std::string_view path) const;
    // Only the values of these names; all when there are none.
    [[nodiscard]] Result<std::vector<Value>>
    values(KeyHandle key, std::string_view path,
           std::span<const std::string_view> names = {}) const;

    // Names must be UTF-8 as of names.hpp, without NUL.
    [[nodiscard]] Result<KeyHandle> add_child(KeyHandle parent, std::string_view name,
                                              std::string_view path);
    [[nodiscard]] Result<void> set_values(KeyHandle key, const std::vector<Value>& values,
                                          std::string_view path);
    [[nodiscard]] Result<void> delete_key(KeyHandle key, std::string_view path);
    // The hive as hivex writes it; order and hashes of new keys still have to be put right.
    [[nodiscard]] Result<Bytes> write() const;

private:
    struct Close {
        void operator()(hive_h* hive) const;
    };
    [[nodiscard]] Result<Value> value(std::size_t handle, std::string name,
                                      std::string_view path) const;
    [[nodiscard]] tl::unexpected<Error> broken(std::string_view path, std::string_view doing) const;

    // The subkeys of a key by upper-cased name. hivex converts the names of all of them for every
    // key that is looked up, which took most of the time of a diagnosis.
    using Children = std::unordered_map<std::u16string, KeyHandle>;
    [[nodiscard]] Result<const Children*> named_children(KeyHandle key,
                                                         std::string_view path) const;

    std::string name_;
    std::unique_ptr<hive_h, Close> hive_;
    mutable std::unordered_map<KeyHandle, Children> children_; // as far as they were asked for
};

} // namespace lifeboat::registry
