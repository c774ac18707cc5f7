// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/reg_text.hpp"

#include "base/text.hpp"
#include "base/utf.hpp"

#include <charconv>

namespace lifeboat::registry {

namespace {

constexpr std::size_t kMaxText = 256U << 20; // bytes
constexpr std::string_view kHeader = "Windows Registry Editor Version 5.00";
constexpr std::string_view kOldHeader = "REGEDIT4"; // its strings are in an unknown code page

struct Step {
    enum class Kind { create_key, delete_key, set_value, delete_value };
    Kind kind = Kind::create_key;
    std::size_t line = 0;
    std::string key;
    Value value;
};

// The whole text as UTF-8.
Result<std::string> decode(ByteSpan text) {
    if (text.size() > kMaxText)
        return fail(ErrorKind::unsupported, "", "the text is larger than " + human_size(kMaxText));
    if (has_magic(text, 0, "\xFF\xFE")) {
        auto utf8 = utf8_from_utf16le(text.subspan(2));
        if (!utf8)
            return fail(ErrorKind::usage, "", "the text is not valid UTF-16");
        return std::move(*utf8);
    }
    const std::size_t start = has_magic(text, 0, "\xEF\xBB\xBF") ? 3 : 0;
    std::string utf8 = to_text(text.subspan(start));
    if (!is_utf8(utf8))
        return fail(ErrorKind::usage, "",
                    "the text is neither UTF-8 nor UTF-16 with a byte order mark");
    return utf8;
}

class Parser {
public:
    Parser(std::string_view text, std::string_view prefix) : text_(text), prefix_(prefix) {}

    Result<std::vector<Step>> run() {
        std::string_view line;
        bool header = false;
        while (next(line)) {
            const std::string_view content = trim(line);
            if (content.empty() || content.front() == ';')
                continue;
            if (!header) {
                if (content == kOldHeader)
                    return wrong("this is the old REGEDIT4 format; export it again as version 5");
                if (content != kHeader)
                    return wrong("the text does not begin with \"" + std::string(kHeader) + "\"");
                header = true;
            } else if (content.front() == '[') {
                LIFEBOAT_CHECK(key_line(content));
            } else {
                LIFEBOAT_CHECK(value_line(content));
            }
        }
        if (!header)
            return wrong("the text is empty");
        return std::move(steps_);
    }

private:
    bool next(std::string_view& line) {
        if (at_ >= text_.size())
            return false;
        const auto end = std::min(text_.find('\n', at_), text_.size());
        line = text_.substr(at_, end - at_);
        if (!line.empty() && line.back() == '\r')
            line.remove_suffix(1);
        at_ = end + 1;
        ++line_;
        return true;
    }

    tl::unexpected<Error> wrong(std::string what) const {
        return fail(ErrorKind::usage, "line " + std::to_string(line_), std::move(what),
                    "nothing was imported");
    }

    Result<void> key_line(std::string_view content) {
        if (content.back() != ']')
            return wrong("the key line does not end with \"]\"");
        std::string_view path = content.substr(1, content.size() - 2);
        const bool removed = !path.empty() && path.front() == '-';
        if (removed)
            path.remove_prefix(1);
        const bool below = istarts_with(path, prefix_) &&
                           (path.size() == prefix_.size() || path[prefix_.size()] == '\\');
        if (!below)
            return wrong("the key is not below " + std::string(prefix_));
        path.remove_prefix(std::min(path.size(), prefix_.size() + 1));
        if (removed && path.empty())
            return wrong("the root key cannot be deleted");
        steps_.push_back({removed ? Step::Kind::delete_key : Step::Kind::create_key,
                          line_,
                          std::string(path),
                          {}});
        key_ = removed ? std::nullopt : std::optional<std::string>(path);
        return {};
    }

    // The string that begins with a quote at `at`; regedit lets strings go on over line ends.
    Result<std::string> string_at(std::string_view& rest) {
        std::string out;
        for (std::size_t i = 1;; ++i) {
            while (i >= rest.size()) {
                std::string_view more;
                if (!next(more))
                    return wrong("a quotation mark is missing");
                out += "\r\n";
                rest = more;
                i = 0;
            }
            if (rest[i] == '"') {
                rest.remove_prefix(i + 1);
                return out;
            }
            if (rest[i] == '\\' && i + 1 < rest.size() &&
                (rest[i + 1] == '"' || rest[i + 1] == '\\'))
                ++i;
            out += rest[i];
        }
    }

    Result<void> value_line(std::string_view content) {
        if (!key_)
            return wrong("a value stands here without a key before it");
        Step step{Step::Kind::set_value, line_, *key_, {}};
        if (content.front() == '@') {
            content.remove_prefix(1);
        } else if (content.front() == '"') {
            LIFEBOAT_TRY(step.value.name, string_at(content));
        } else {
            return wrong("neither a key nor a value: " + printable(content.substr(0, 60)));
        }
        content = trim(content);
        if (content.empty() || content.front() != '=')
            return wrong("\"=\" is missing after the name of the value");
        content = trim(content.substr(1));
        if (content == "-") {
            step.kind = Step::Kind::delete_value;
        } else if (!content.empty() && content.front() == '"') {
            LIFEBOAT_TRY(const std::string text, string_at(content));
            if (!trim(content).empty())
                return wrong("something stands after the closing quotation mark");
            step.value = string_value(std::move(step.value.name), text);
        } else if (istarts_with(content, "dword:")) {
            LIFEBOAT_TRY(const std::uint32_t number, number_of(trim(content.substr(6))));
            step.value = dword_value(std::move(step.value.name), number);
        } else {
            LIFEBOAT_CHECK(hex_data(content, step.value));
        }
        steps_.push_back(std::move(step));
        return {};
    }

    Result<std::uint32_t> number_of(std::string_view digits) const {
        std::uint32_t number = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
        if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size())
            return wrong("not a hexadecimal number of up to eight digits: " +
                         printable(digits.substr(0, 20)));
        return number;
    }

    // hex:01,02 (binary) or hex(7):..., where a backslash at the end continues on the next line.
    Result<void> hex_data(std::string_view content, Value& value) {
        value.type = ValueType::binary;
        if (!istarts_with(content, "hex"))
            return wrong("unknown kind of data: " + printable(content.substr(0, 20)));
        content.remove_prefix(3);
        if (!content.empty() && content.front() == '(') {
            const auto close = content.find(')');
            if (close == std::string_view::npos)
                return wrong("\")\" is missing");
            LIFEBOAT_TRY(const std::uint32_t type, number_of(content.substr(1, close - 1)));
            value.type = static_cast<ValueType>(type);
            content.remove_prefix(close + 1);
        }
        if (content.empty() || content.front() != ':')
            return wrong("\":\" is missing after the kind of data");
        std::string digits(content.substr(1));
        while (!digits.empty() && digits.back() == '\\') {
            digits.pop_back();
            std::string_view more;
            if (!next(more))
                return wrong("the data ends in the middle");
            digits += trim(more);
        }
        if (trim(digits).empty())
            return {};
        for (const std::string_view part : split(digits, ',')) {
            const std::string_view one = trim(part);
            if (one.size() > 2)
                return wrong("not a byte: " + printable(one.substr(0, 20)));
            LIFEBOAT_TRY(const std::uint32_t byte, number_of(one));
            value.data.push_back(static_cast<std::byte>(byte));
        }
        return {};
    }

    std::string_view text_;
    std::string_view prefix_;
    std::size_t at_ = 0;
    std::size_t line_ = 0;
    std::optional<std::string> key_;
    std::vector<Step> steps_;
};

Result<void> carry_out(Hive& hive, const Step& step) {
    switch (step.kind) {
    case Step::Kind::create_key: return hive.create_key(step.key);
    case Step::Kind::delete_key: return hive.delete_key(step.key);
    case Step::Kind::set_value: return hive.set(step.key, step.value);
    case Step::Kind::delete_value: return hive.delete_value(step.key, step.value.name);
    }
    return {};
}

} // namespace

Result<void> import_text(Hive& hive, ByteSpan text, std::string_view prefix) {
    LIFEBOAT_TRY(const std::string utf8, decode(text));
    LIFEBOAT_TRY(const auto steps, Parser(utf8, prefix).run());
    // All or nothing: the steps run on a copy.
    LIFEBOAT_TRY(Bytes image, hive.serialize());
    LIFEBOAT_TRY(Hive copy, Hive::open(std::move(image), hive.name()));
    for (const Step& step : steps)
        if (auto done = carry_out(copy, step); !done)
            return fail(done.error().in("line " + std::to_string(step.line)));
    LIFEBOAT_TRY(const Bytes result, copy.serialize()); // what cannot be stored is told now
    if (copy.changed())
        hive = std::move(copy);
    return {};
}

} // namespace lifeboat::registry
