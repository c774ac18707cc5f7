// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/grubenv.hpp"

namespace lifeboat::text {

namespace {

constexpr std::string_view kSignature = "# GRUB Environment Block\n";
constexpr std::string_view kWhere = "grubenv";

struct Range {
    std::size_t offset = 0;
    std::size_t length = 0; // of the value as it is stored
};

// One past the last variable: the start of the filling.
std::size_t filling_of(std::string_view block) {
    auto end = block.size();
    while (end > kSignature.size() && block[end - 1] == '#')
        --end;
    return end;
}

std::size_t line_end(std::string_view block, std::size_t at, std::size_t limit) {
    for (; at < limit && block[at] != '\n'; ++at)
        if (block[at] == '\\' && at + 1 < limit)
            ++at;
    return at;
}

std::optional<Range> find(std::string_view block, std::string_view name) {
    if (block.substr(0, kSignature.size()) != kSignature)
        return std::nullopt;
    const auto limit = filling_of(block);
    for (auto at = kSignature.size(); at < limit;) {
        const auto end = line_end(block, at, limit);
        const auto line = block.substr(at, end - at);
        if (line.size() > name.size() && line.substr(0, name.size()) == name &&
            line[name.size()] == '=')
            return Range{at + name.size() + 1, line.size() - name.size() - 1};
        at = end + 1;
    }
    return std::nullopt;
}

} // namespace

std::optional<std::string> grubenv_value(std::string_view block, std::string_view name) {
    const auto range = find(block, name);
    if (!range)
        return std::nullopt;
    std::string value;
    for (std::size_t i = range->offset; i < range->offset + range->length; ++i) {
        if (block[i] == '\\' && i + 1 < range->offset + range->length)
            ++i;
        value += block[i];
    }
    return value;
}

Result<std::string> set_grubenv_value(std::string_view block, std::string_view name,
                                      std::string_view value) {
    if (block.substr(0, kSignature.size()) != kSignature)
        return fail(ErrorKind::damaged, std::string(kWhere),
                    "this is not a GRUB environment block");
    const auto range = find(block, name);
    if (!range)
        return fail(ErrorKind::not_found, std::string(kWhere),
                    "there is no variable " + std::string(name));
    std::string stored;
    for (const char c : value) {
        if (c == '\\' || c == '\n')
            stored += '\\';
        stored += c;
    }
    std::string result(block.substr(0, filling_of(block)));
    result.replace(range->offset, range->length, stored);
    if (result.size() > block.size())
        return fail(ErrorKind::unsupported, std::string(kWhere),
                    "the new value of " + std::string(name) + " does not fit into the block",
                    "shorten the kernel command line in the guest");
    result.append(block.size() - result.size(), '#');
    return result;
}

} // namespace lifeboat::text
