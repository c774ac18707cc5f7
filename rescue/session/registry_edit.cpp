// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.hpp"
#include "base/utf.hpp"
#include "registry/reg_text.hpp"
#include "session/edit.hpp"

#include <charconv>

namespace lifeboat::session {

namespace {

struct TypeName {
    std::string_view name;
    registry::ValueType type;
};
constexpr TypeName kTypes[] = {
    {"sz", registry::ValueType::sz},         {"expand_sz", registry::ValueType::expand_sz},
    {"binary", registry::ValueType::binary}, {"dword", registry::ValueType::dword},
    {"qword", registry::ValueType::qword},   {"multi_sz", registry::ValueType::multi_sz},
    {"none", registry::ValueType::none},
};

// Accepts "dword", "REG_DWORD", any case.
std::optional<registry::ValueType> type_of(std::string_view text) {
    if (istarts_with(text, "REG_"))
        text.remove_prefix(4);
    for (const auto& known : kTypes)
        if (iequals(known.name, text))
            return known.type;
    return std::nullopt;
}

std::optional<std::uint64_t> number_of(std::string_view text, std::uint64_t limit) {
    int base = 10;
    if (istarts_with(text, "0x")) {
        text.remove_prefix(2);
        base = 16;
    }
    std::uint64_t out = 0;
    const auto end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, out, base);
    if (text.empty() || read.ec != std::errc() || read.ptr != end || out > limit)
        return std::nullopt;
    return out;
}

// Hexadecimal digits in pairs; blanks, commas and colons between them are allowed.
std::optional<Bytes> bytes_of(const std::vector<std::string>& parts) {
    std::string digits;
    for (const auto& part : parts)
        for (const char c : part)
            if (c != ' ' && c != ',' && c != ':')
                digits += c;
    Bytes out;
    if (digits.size() % 2 != 0)
        return std::nullopt;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        const auto byte = number_of("0x" + digits.substr(i, 2), 0xFF);
        if (!byte || digits[i + 1] == 'x' || digits[i + 1] == 'X')
            return std::nullopt;
        out.push_back(static_cast<std::byte>(*byte));
    }
    return out;
}

tl::unexpected<Error> bad_data(const RegistryEdit& edit, std::string what) {
    return fail(ErrorKind::usage, edit.key + "\\" + edit.value, std::move(what));
}

Result<registry::Value> numeric(const RegistryEdit& edit, bool wide) {
    const std::uint64_t limit = wide ? ~std::uint64_t{0} : 0xFFFFFFFFU;
    const auto number = edit.data.size() == 1 ? number_of(edit.data.front(), limit) : std::nullopt;
    if (!number)
        return bad_data(edit, wide ? "a qword needs one number of at most 64 bits, as 3 or 0x3"
                                   : "a dword needs one number of at most 32 bits, as 3 or 0x3");
    return wide ? registry::qword_value(edit.value, *number)
                : registry::dword_value(edit.value, static_cast<std::uint32_t>(*number));
}

Result<registry::Value> make_value(const RegistryEdit& edit, registry::ValueType type) {
    using registry::ValueType;
    for (const auto& text : edit.data)
        if (!is_utf8(text) || text.find('\0') != std::string::npos)
            return bad_data(edit, "the data is not UTF-8 text");
    switch (type) {
    case ValueType::dword: return numeric(edit, false);
    case ValueType::qword: return numeric(edit, true);
    case ValueType::sz:
    case ValueType::expand_sz:
        if (edit.data.size() != 1)
            return bad_data(edit, "a string needs exactly one text");
        return registry::string_value(edit.value, edit.data.front(), type);
    case ValueType::multi_sz:
        for (const auto& text : edit.data)
            if (text.empty())
                return bad_data(edit, "a multi_sz cannot hold an empty text");
        return registry::multi_value(edit.value, edit.data);
    case ValueType::binary:
    case ValueType::none: {
        const auto bytes = bytes_of(edit.data);
        if (!bytes)
            return bad_data(edit, "binary data is written in pairs of hexadecimal digits");
        auto value = registry::binary_value(edit.value, *bytes);
        value.type = type;
        return value;
    }
    case ValueType::dword_big_endian:
    case ValueType::link:
    case ValueType::resource_list:
    case ValueType::full_resource_descriptor:
    case ValueType::resource_requirements_list: break;
    }
    return bad_data(edit, "values of type " + std::string(registry::to_string(type)) +
                              " can only be imported");
}

Result<registry::ValueType> type_for(const registry::Hive& hive, const RegistryEdit& edit,
                                     std::string_view key) {
    if (!edit.type.empty()) {
        if (const auto type = type_of(edit.type))
            return *type;
        return fail(ErrorKind::usage, edit.type, "there is no such type of value",
                    "use sz, expand_sz, multi_sz, dword, qword or binary");
    }
    LIFEBOAT_TRY(const bool there, hive.has_key(key));
    if (there) {
        LIFEBOAT_TRY(const auto old, hive.value(key, edit.value));
        if (old)
            return old->type;
    }
    return bad_data(edit, "the value is new; say its type with --type");
}

Result<void> require_key(const registry::Hive& hive, const std::string& key) {
    LIFEBOAT_TRY(const bool there, hive.has_key(key));
    return there ? Result<void>{}
                 : fail(ErrorKind::not_found, hive.name() + ", " + key, "there is no such key");
}

Result<void> apply(registry::Hive& hive, const RegistryEdit& edit, const std::string& prefix) {
    if (edit.kind == RegistryEdit::Kind::import) {
        LIFEBOAT_TRY(const auto text, real_reg_text(hive, edit.text, prefix));
        return registry::import_text(hive, to_bytes(text), prefix);
    }
    LIFEBOAT_TRY(const auto key, real_key(hive, edit.key));
    if (edit.kind == RegistryEdit::Kind::set) {
        LIFEBOAT_TRY(const auto type, type_for(hive, edit, key));
        LIFEBOAT_TRY(const auto value, make_value(edit, type));
        return hive.set(key, value);
    }
    LIFEBOAT_CHECK(require_key(hive, key));
    if (edit.kind == RegistryEdit::Kind::delete_key) {
        if (key.empty())
            return fail(ErrorKind::refused, hive.name(), "the root key cannot be deleted");
        return hive.delete_key(key);
    }
    LIFEBOAT_TRY(const auto value, hive.value(key, edit.value));
    if (!value)
        return fail(ErrorKind::not_found, hive.name() + ", " + key + "\\" + edit.value,
                    "there is no such value");
    return hive.delete_value(key, edit.value);
}

ValueInfo describe(const registry::Value& value) {
    return {value.name, std::string(registry::to_string(value.type)), value.data, value.text()};
}

} // namespace

Result<Preview> stage_registry(const OpenDisks& disks, const HiveName& name,
                               const RegistryEdit& edit, Progress& progress) {
    HivePlace at;
    Bytes image;
    {
        LIFEBOAT_TRY(auto opened, open_hive(disks, name));
        if (opened.state.incomplete)
            return fail(*opened.state.incomplete);
        LIFEBOAT_CHECK(apply(opened.hive, edit, opened.at.prefix));
        if (!opened.hive.changed())
            return Preview{};
        LIFEBOAT_TRY(image, opened.hive.serialize());
        at = std::move(opened.at);
    } // what held the old hive is free for what follows
    return stage_content(disks, at.place, at.path, std::move(image), progress);
}

Result<KeyInfo> Session::registry_key(const HiveName& name, std::string_view key) {
    LIFEBOAT_TRY(const auto opened, open_hive(state_->current(), name));
    LIFEBOAT_TRY(const auto real, real_key(opened.hive, key));
    LIFEBOAT_CHECK(require_key(opened.hive, real));
    KeyInfo out;
    out.state = opened.state;
    LIFEBOAT_TRY(out.subkeys, opened.hive.subkeys(real));
    LIFEBOAT_TRY(const auto values, opened.hive.values(real));
    for (const auto& value : values)
        out.values.push_back(describe(value));
    return out;
}

Result<KeyText> Session::registry_export(const HiveName& name, std::string_view key) {
    LIFEBOAT_TRY(const auto opened, open_hive(state_->current(), name));
    LIFEBOAT_TRY(const auto real, real_key(opened.hive, key));
    LIFEBOAT_CHECK(require_key(opened.hive, real));
    LIFEBOAT_TRY(auto text, registry::export_text(opened.hive, real, opened.at.prefix));
    return KeyText{std::move(text), opened.state};
}

} // namespace lifeboat::session
