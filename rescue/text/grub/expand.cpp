// SPDX-License-Identifier: GPL-2.0-or-later
// Words: variables, and patterns of devices and files. Source: GNU GRUB manual, "Shell-like
// scripting"; an unquoted variable becomes words at blanks, and no pattern.
#include "text/grub/run.hpp"

#include <algorithm>

namespace lifeboat::text::grub {

namespace {

constexpr std::size_t kMostWords = 8192;
constexpr std::size_t kLongestWord = 64U << 10;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> out;
    std::size_t at = 0;
    while (at < text.size()) {
        while (at < text.size() && is_blank(text[at]))
            ++at;
        const auto start = at;
        while (at < text.size() && !is_blank(text[at]))
            ++at;
        if (at > start)
            out.emplace_back(text.substr(start, at - start));
    }
    return out;
}

// Does `name` fit the pattern, in which the characters at `wild` are * or ?
bool fits(std::string_view name, std::string_view pattern, const std::set<std::size_t>& wild,
          std::size_t offset) {
    std::size_t n = 0;
    std::size_t p = 0;
    std::size_t star = std::string_view::npos;
    std::size_t after = 0;
    while (n < name.size()) {
        const bool special = p < pattern.size() && wild.count(offset + p) != 0;
        if (special && pattern[p] == '*') {
            star = p++;
            after = n;
        } else if (p < pattern.size() && (special || pattern[p] == name[n])) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++after;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*' && wild.count(offset + p) != 0)
        ++p;
    return p == pattern.size();
}

bool any_between(const std::set<std::size_t>& wild, std::size_t from, std::size_t to) {
    const auto at = wild.lower_bound(from);
    return at != wild.end() && *at < to;
}

} // namespace

Run::Arguments Run::values(const std::string& variable, bool in_quotes) const {
    const auto& scope = scopes_.back();
    Arguments out;
    if (variable == "@" || variable == "*") {
        if (in_quotes && variable == "*") {
            out.emplace_back();
            for (std::size_t i = 0; i < scope.size(); ++i)
                out.back() += (i != 0 ? " " : "") + scope[i];
            return out;
        }
        if (in_quotes)
            return scope;
        for (const auto& value : scope)
            for (auto& word : words_of(value))
                out.push_back(std::move(word));
        return out;
    }
    std::string value;
    if (variable == "#")
        value = std::to_string(scope.size());
    else if (variable == "?")
        value = std::to_string(status_);
    else if (variable.front() >= '0' && variable.front() <= '9') {
        const auto number =
            variable.size() > 4 ? 0U : static_cast<std::size_t>(std::stoul(variable));
        if (number > 0 && number <= scope.size())
            value = scope[number - 1];
    } else {
        value = get(variable);
    }
    if (in_quotes)
        return {value};
    return words_of(value);
}

void Run::expand(const Word& word, std::vector<Field>& fields) {
    const auto first = fields.size();
    const auto open = [&] {
        if (fields.size() == first)
            fields.emplace_back();
    };
    for (const auto& part : word) {
        if (part.kind == Part::Kind::plain || part.kind == Part::Kind::quoted) {
            open();
            auto& field = fields.back();
            if (part.kind == Part::Kind::plain)
                for (std::size_t i = 0; i < part.value.size(); ++i)
                    if (part.value[i] == '*' || part.value[i] == '?')
                        field.patterns.insert(field.text.size() + i);
            field.text += part.value;
            continue;
        }
        const auto list = values(part.value, part.kind == Part::Kind::quoted_variable);
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (i != 0)
                fields.emplace_back();
            open();
            fields.back().text += list[i];
        }
    }
}

Run::Arguments Run::expand(const std::vector<Word>& words) {
    Arguments out;
    for (const auto& word : words) {
        std::vector<Field> fields;
        expand(word, fields);
        for (auto& field : fields) {
            if (field.text.size() > kLongestWord || out.size() > kMostWords) {
                cannot_tell("a command line is too long");
                return {};
            }
            auto found = field.patterns.empty() ? Arguments{} : glob(field);
            // A pattern that nothing fits stays as it is.
            if (found.empty())
                found.push_back(std::move(field.text));
            for (auto& item : found)
                out.push_back(std::move(item));
        }
    }
    return out;
}

// Devices for "(hd*)", files for "(hd0,1)/boot/vmlinuz*"; the folder parts may be patterns too.
Run::Arguments Run::glob(const Field& field) {
    const std::string_view text = field.text;
    std::size_t at = 0;
    Arguments bases{""};
    if (!text.empty() && text.front() == '(') {
        at = text.find(')');
        if (at == std::string_view::npos)
            return {};
        ++at;
        bases = {std::string(text.substr(0, at))};
        if (any_between(field.patterns, 0, at)) {
            bases.clear();
            // A slash in a device's name ends the pattern in GRUB; lvm/NAME is found by (lvm*).
            for (const auto& device : world_.devices())
                if (const auto name = "(" + device + ")";
                    fits(name, text.substr(0, at), field.patterns, 0))
                    bases.push_back(name);
        }
    }
    while (at < text.size() && !bases.empty()) {
        const auto end = std::min(text.find('/', at + 1), text.size());
        const auto part = text.substr(at, end - at); // with its leading slash
        Arguments next;
        for (const auto& base : bases) {
            if (!any_between(field.patterns, at, end)) {
                next.push_back(base + std::string(part));
                continue;
            }
            const auto place = locate(base + "/");
            for (const auto& name : world_.list(place.device, place.path))
                if (fits("/" + name, part, field.patterns, at))
                    next.push_back(base + "/" + name);
            if (spent() || next.size() > kMostWords)
                return {};
        }
        bases = std::move(next);
        at = end;
    }
    std::erase_if(bases,
                  [&](const std::string& name) { return name.back() != ')' && !stat(name); });
    return bases;
}

} // namespace lifeboat::text::grub
