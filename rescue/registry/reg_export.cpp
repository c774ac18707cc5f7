// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/reg_text.hpp"

#include "base/text.hpp"
#include "base/utf.hpp"

#include <algorithm>

namespace lifeboat::registry {

namespace {

constexpr std::size_t kLineLength = 80; // where regedit breaks lines of hex digits
constexpr int kMaxDepth = 512;

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + "\"";
}

// `start` is what stands before the digits on the line: "name"=hex(7):
std::string hex_lines(std::string start, ByteSpan data) {
    std::string out;
    std::string line = std::move(start);
    for (std::size_t i = 0; i < data.size(); ++i) {
        line += hex(data.subspan(i, 1));
        if (i + 1 == data.size())
            break;
        line += ',';
        if (line.size() + 3 > kLineLength - 1) {
            out += line + "\\\r\n";
            line = "  ";
        }
    }
    return out + line;
}

// Only what reads back to the same bytes is written as text.
std::string data_text(const std::string& name, const Value& value) {
    if (value.type == ValueType::dword && value.data.size() == 4)
        return name + "=dword:" + hex(*value.as_dword(), 8);
    if (value.type == ValueType::sz) {
        const auto text = value.as_string();
        if (text && !has_control(*text) && string_value(value.name, *text) == value)
            return name + "=" + quoted(*text);
    }
    std::string kind = "=hex";
    if (value.type != ValueType::binary)
        kind += "(" + hex(static_cast<std::uint32_t>(value.type)) + ")";
    return hex_lines(name + kind + ":", value.data);
}

Result<void> export_key(const Hive& hive, const std::string& key, const std::string& shown,
                        int depth, std::string& out) {
    if (depth > kMaxDepth)
        return fail(ErrorKind::damaged, shown, "keys are nested too deeply");
    if (has_control(shown) || !is_utf8(shown))
        return fail(ErrorKind::unsupported, printable(shown),
                    "the name of this key cannot be written as .reg text");
    out += "\r\n[" + shown + "]\r\n";
    LIFEBOAT_TRY(const auto values, hive.values(key));
    for (const Value& value : values) {
        if (has_control(value.name) || !is_utf8(value.name))
            return fail(ErrorKind::unsupported, shown + ", value " + printable(value.name),
                        "the name of this value cannot be written as .reg text");
        out += data_text(value.name.empty() ? "@" : quoted(value.name), value) + "\r\n";
    }
    LIFEBOAT_TRY(const auto names, hive.subkeys(key));
    for (const auto& name : names) {
        if (name.find('\\') != std::string::npos)
            return fail(ErrorKind::unsupported, shown,
                        "a key below has a name that cannot be written as .reg text");
        LIFEBOAT_CHECK(export_key(hive, key.empty() ? name : key + "\\" + name, shown + "\\" + name,
                                  depth + 1, out));
    }
    return {};
}

} // namespace

Result<std::string> export_text(const Hive& hive, std::string_view key, std::string_view prefix) {
    LIFEBOAT_TRY(const bool there, hive.has_key(key));
    if (!there)
        return fail(ErrorKind::not_found, hive.name() + "\\" + printable(key),
                    "there is no such key");
    std::string out = "Windows Registry Editor Version 5.00\r\n";
    std::string shown(prefix);
    std::string path;
    for (const auto part : split_nonempty(key, '\\')) {
        shown += "\\" + std::string(part);
        path += (path.empty() ? "" : "\\") + std::string(part);
    }
    LIFEBOAT_CHECK(export_key(hive, path, shown, 0, out));
    return out + "\r\n";
}

} // namespace lifeboat::registry
