// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/hive.hpp"

#include "base/text.hpp"
#include "base/utf.hpp"

namespace lifeboat::registry {

namespace {

constexpr std::size_t kShownBytes = 48; // longer binary data is shortened for people

bool is_text(ValueType type) {
    return type == ValueType::sz || type == ValueType::expand_sz || type == ValueType::link;
}

// The bytes before the first UTF-16 NUL; all of them when there is none. Windows itself leaves
// garbage behind the NUL in some values (seen in TimeZoneKeyName of Windows 7).
ByteSpan until_nul(ByteSpan data) {
    for (std::size_t i = 0; i + 1 < data.size(); i += 2)
        if (data[i] == std::byte{0} && data[i + 1] == std::byte{0})
            return data.first(i);
    return data;
}

Bytes terminated(std::string_view text) {
    Bytes data = utf16le_from_utf8(text).value_or(Bytes{});
    append_le(data, std::uint16_t{0});
    return data;
}

} // namespace

std::optional<std::uint32_t> Value::as_dword() const {
    if (type != ValueType::dword || data.size() != 4)
        return std::nullopt;
    return read_le<std::uint32_t>(data, 0);
}

std::optional<std::string> Value::as_string() const {
    if (!is_text(type))
        return std::nullopt;
    return utf8_from_utf16le(until_nul(data));
}

std::optional<std::vector<std::string>> Value::as_multi() const {
    if (type != ValueType::multi_sz || data.size() % 2 != 0)
        return std::nullopt;
    std::vector<std::string> texts;
    ByteSpan rest = data;
    while (!rest.empty()) {
        const ByteSpan part = until_nul(rest);
        if (part.empty())
            break;
        auto text = utf8_from_utf16le(part);
        if (!text)
            return std::nullopt;
        texts.push_back(std::move(*text));
        rest = rest.subspan(std::min(rest.size(), part.size() + 2));
    }
    return texts;
}

std::string Value::text() const {
    std::string out(to_string(type));
    if (const auto number = as_dword())
        return out + " 0x" + hex(*number, 8) + " (" + std::to_string(*number) + ")";
    if (const auto string = as_string())
        return out + " \"" + printable(*string) + "\"";
    if (const auto texts = as_multi()) {
        out += " [";
        for (const auto& one : *texts)
            out += (&one == &texts->front() ? "\"" : ", \"") + printable(one) + "\"";
        return out + "]";
    }
    const ByteSpan shown = ByteSpan(data).first(std::min(data.size(), kShownBytes));
    out += " " + hex(shown);
    if (shown.size() < data.size())
        out += "... (" + std::to_string(data.size()) + " bytes)";
    return out;
}

Value dword_value(std::string name, std::uint32_t number) {
    Value value{std::move(name), ValueType::dword, {}};
    append_le(value.data, number);
    return value;
}

Value qword_value(std::string name, std::uint64_t number) {
    Value value{std::move(name), ValueType::qword, {}};
    append_le(value.data, number);
    return value;
}

Value string_value(std::string name, std::string_view text, ValueType type) {
    return Value{std::move(name), type, terminated(text)};
}

Value multi_value(std::string name, const std::vector<std::string>& texts) {
    Value value{std::move(name), ValueType::multi_sz, {}};
    for (const auto& text : texts) {
        const Bytes one = terminated(text);
        value.data.insert(value.data.end(), one.begin(), one.end());
    }
    append_le(value.data, std::uint16_t{0});
    return value;
}

Value binary_value(std::string name, ByteSpan data) {
    return Value{std::move(name), ValueType::binary, Bytes(data.begin(), data.end())};
}

std::string_view to_string(ValueType type) {
    switch (type) {
    case ValueType::none: return "REG_NONE";
    case ValueType::sz: return "REG_SZ";
    case ValueType::expand_sz: return "REG_EXPAND_SZ";
    case ValueType::binary: return "REG_BINARY";
    case ValueType::dword: return "REG_DWORD";
    case ValueType::dword_big_endian: return "REG_DWORD_BIG_ENDIAN";
    case ValueType::link: return "REG_LINK";
    case ValueType::multi_sz: return "REG_MULTI_SZ";
    case ValueType::resource_list: return "REG_RESOURCE_LIST";
    case ValueType::full_resource_descriptor: return "REG_FULL_RESOURCE_DESCRIPTOR";
    case ValueType::resource_requirements_list: return "REG_RESOURCE_REQUIREMENTS_LIST";
    case ValueType::qword: return "REG_QWORD";
    }
    return "REG_?"; // device properties use numbers of their own
}

} // namespace lifeboat::registry
