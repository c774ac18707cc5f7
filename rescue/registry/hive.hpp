// SPDX-License-Identifier: GPL-2.0-or-later
// A registry hive in memory: typed values at key paths. Paths use '\', are relative to the root
// key of the hive, and ignore case, as Windows does. The bytes of a value are kept exactly.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::registry {

// REG_* numbers as stored in the hive (msuhanov/regf, "Value types").
enum class ValueType : std::uint32_t {
    none = 0,
    sz = 1,
    expand_sz = 2,
    binary = 3,
    dword = 4,
    dword_big_endian = 5,
    link = 6,
    multi_sz = 7,
    resource_list = 8,
    full_resource_descriptor = 9,
    resource_requirements_list = 10,
    qword = 11,
};

struct Value {
    std::string name; // empty: the key's default value
    ValueType type = ValueType::none;
    Bytes data;

    bool operator==(const Value&) const = default;
    [[nodiscard]] std::optional<std::uint32_t> as_dword() const;
    // Up to the first NUL; nothing when it is not a string type or not valid UTF-16.
    [[nodiscard]] std::optional<std::string> as_string() const;
    [[nodiscard]] std::optional<std::vector<std::string>> as_multi() const;
    // For people: `REG_DWORD 0x00000003 (3)`, `REG_SZ "text"`, long data shortened.
    [[nodiscard]] std::string text() const;
};

[[nodiscard]] Value dword_value(std::string name, std::uint32_t number);
[[nodiscard]] Value qword_value(std::string name, std::uint64_t number);
[[nodiscard]] Value string_value(std::string name, std::string_view text,
                                 ValueType type = ValueType::sz);
[[nodiscard]] Value multi_value(std::string name, const std::vector<std::string>& texts);
[[nodiscard]] Value binary_value(std::string name, ByteSpan data);
[[nodiscard]] std::string_view to_string(ValueType type); // "REG_DWORD"; "REG_?" for unknown ones

// What the header says about a hive, without opening it.
struct HiveState {
    std::uint32_t primary_sequence = 0;
    std::uint32_t secondary_sequence = 0;
    [[nodiscard]] bool dirty() const { return primary_sequence != secondary_sequence; }
};
// `damaged` when it is no hive, its checksum is wrong, or it is shorter than it says.
[[nodiscard]] Result<HiveState> inspect(ByteSpan image);

class Hive {
public:
    // `name` is for messages: "SYSTEM". A dirty hive opens for reading what is there; use
    // `state().dirty()` before any edit. `damaged` when the structure is broken.
    [[nodiscard]] static Result<Hive> open(Bytes image, std::string name);
    ~Hive();
    Hive(Hive&&) noexcept;
    Hive& operator=(Hive&&) noexcept;

    [[nodiscard]] const std::string& name() const;
    [[nodiscard]] const HiveState& state() const;

    [[nodiscard]] Result<bool> has_key(std::string_view path) const;
    [[nodiscard]] Result<std::vector<std::string>> subkeys(std::string_view path) const;
    [[nodiscard]] Result<std::vector<Value>> values(std::string_view path) const;
    // Nothing when the key or the value is not there.
    [[nodiscard]] Result<std::optional<Value>> value(std::string_view path,
                                                     std::string_view name) const;

    struct Place {
        std::string path; // of the key
        Value value;
    };
    // The values of these names in all keys exactly `levels` below `path` (0: the key itself), in
    // the hive's order. Much quicker than asking key by key.
    [[nodiscard]] Result<std::vector<Place>>
    find_values(std::string_view path, int levels, std::span<const std::string_view> names) const;

    // Creates missing keys. Setting what is already there changes nothing.
    [[nodiscard]] Result<void> set(std::string_view path, const Value& value);
    [[nodiscard]] Result<void> create_key(std::string_view path);
    [[nodiscard]] Result<void> delete_value(std::string_view path, std::string_view name);
    [[nodiscard]] Result<void> delete_key(std::string_view path); // and all below it

    [[nodiscard]] bool changed() const;
    // The whole hive as it is to be stored; the bytes it was opened from when nothing changed. It
    // was not read back: check_structure() does that, which shares no code with the writer.
    [[nodiscard]] Result<Bytes> serialize() const;

private:
    struct State;
    explicit Hive(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace lifeboat::registry
