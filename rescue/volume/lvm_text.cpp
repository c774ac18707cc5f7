// SPDX-License-Identifier: GPL-2.0-or-later
// The parser of LVM2's metadata text.
#include "volume/lvm_metadata.hpp"

#include <charconv>

namespace lifeboat::volume {

namespace {

constexpr int kDepth = 16;
constexpr std::size_t kEntries = 1U << 20; // a group of 10,000 volumes has about 200,000

// Names of groups and volumes hold letters, digits and these (lvm(8), "VALID NAMES").
bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '+';
}

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<LvmSection> section(int depth) {
        if (depth > kDepth)
            return wrong("sections are nested too deep");
        LvmSection out;
        for (;;) {
            skip_blank();
            if (at_ == text_.size() && depth == 0)
                return out;
            if (depth > 0 && take('}'))
                return out;
            if (++entries_ > kEntries)
                return wrong("there are too many entries");
            LIFEBOAT_TRY(std::string name, word());
            skip_blank();
            if (take('{')) {
                LIFEBOAT_TRY(LvmSection inner, section(depth + 1));
                out.sections.insert_or_assign(std::move(name), std::move(inner));
            } else if (take('=')) {
                LIFEBOAT_TRY(LvmList list, value());
                out.values.insert_or_assign(std::move(name), std::move(list));
            } else {
                return wrong("neither '{' nor '=' follows a name");
            }
        }
    }

private:
    void skip_blank() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '#') {
                while (at_ < text_.size() && text_[at_] != '\n')
                    ++at_;
            } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
                line_ += c == '\n' ? 1 : 0;
                ++at_;
            } else {
                return;
            }
        }
    }

    bool take(char c) {
        if (at_ >= text_.size() || text_[at_] != c)
            return false;
        ++at_;
        return true;
    }

    Result<std::string> word() {
        const std::size_t start = at_;
        while (at_ < text_.size() && is_word(text_[at_]))
            ++at_;
        if (at_ == start)
            return wrong("a name is missing");
        return std::string(text_.substr(start, at_ - start));
    }

    Result<LvmScalar> scalar() {
        skip_blank();
        if (take('"')) {
            std::string out;
            while (at_ < text_.size() && text_[at_] != '"') {
                if (text_[at_] == '\\' && at_ + 1 < text_.size())
                    ++at_;
                out += text_[at_++];
            }
            if (!take('"'))
                return wrong("a text has no end");
            return LvmScalar(std::move(out));
        }
        std::int64_t number = 0;
        const char* first = text_.data() + at_;
        const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), number);
        if (error != std::errc{})
            return wrong("neither a number nor a text stands where a value should");
        at_ += static_cast<std::size_t>(end - first);
        return LvmScalar(number);
    }

    Result<LvmList> value() {
        LvmList out;
        skip_blank();
        if (!take('[')) {
            LIFEBOAT_TRY(LvmScalar one, scalar());
            out.push_back(std::move(one));
            return out;
        }
        for (;;) {
            skip_blank();
            if (take(']'))
                return out;
            if (++entries_ > kEntries)
                return wrong("there are too many entries");
            LIFEBOAT_TRY(LvmScalar one, scalar());
            out.push_back(std::move(one));
            skip_blank();
            (void)take(',');
        }
    }

    [[nodiscard]] tl::unexpected<Error> wrong(std::string what) const {
        return fail(ErrorKind::damaged, "LVM metadata, line " + std::to_string(line_),
                    std::move(what));
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::size_t entries_ = 0;
};

const LvmScalar* single(const LvmSection& section, std::string_view name) {
    const auto at = section.values.find(name);
    return at == section.values.end() || at->second.size() != 1 ? nullptr : &at->second.front();
}

} // namespace

Result<LvmSection> parse_lvm_text(std::string_view text) { return Parser(text).section(0); }

std::optional<std::int64_t> LvmSection::number(std::string_view name) const {
    const auto* value = single(*this, name);
    const auto* number = value ? std::get_if<std::int64_t>(value) : nullptr;
    return number ? std::optional(*number) : std::nullopt;
}

std::optional<std::string> LvmSection::text(std::string_view name) const {
    const auto* value = single(*this, name);
    const auto* text = value ? std::get_if<std::string>(value) : nullptr;
    return text ? std::optional(*text) : std::nullopt;
}

const LvmSection* LvmSection::section(std::string_view name) const {
    const auto at = sections.find(name);
    return at == sections.end() ? nullptr : &at->second;
}

} // namespace lifeboat::volume
