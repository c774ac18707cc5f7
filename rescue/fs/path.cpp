// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/path.hpp"

#include "base/text.hpp"
#include "base/utf.hpp"

namespace lifeboat::fs {

Result<std::vector<std::string>> path_components(std::string_view path) {
    const auto bad = [&](std::string what) {
        return fail(ErrorKind::usage, printable(path.substr(0, kPathLimit)), std::move(what));
    };
    if (path.empty() || path.front() != '/')
        return bad("the path does not start with \"/\"");
    if (path.size() > kPathLimit)
        return bad("the path is longer than 4096 bytes");
    if (path.find('\0') != std::string_view::npos)
        return bad("the path holds a NUL byte");
    std::vector<std::string> parts;
    for (const auto part : split_nonempty(path, '/')) {
        if (part == "." || part == "..")
            return bad("\".\" and \"..\" cannot be used here");
        if (part.size() > kNameLimit * 3)
            return bad("a name in the path is too long");
        parts.emplace_back(part);
    }
    return parts;
}

Result<ParentAndName> split_parent(std::string_view path) {
    LIFEBOAT_TRY(auto parts, path_components(path));
    if (parts.empty())
        return fail(ErrorKind::usage, "/", "the root directory itself cannot be changed");
    ParentAndName result;
    result.name = std::move(parts.back());
    parts.pop_back();
    result.parent = "/" + join(parts, "/");
    return result;
}

std::string join_path(std::string_view directory, std::string_view name) {
    std::string path(directory);
    if (path.empty() || path.back() != '/')
        path += '/';
    path += name;
    return path;
}

Result<void> check_windows_name(std::string_view name) {
    const auto bad = [&](std::string what) {
        return fail(ErrorKind::usage, printable(name), std::move(what));
    };
    for (const char c : name)
        if (static_cast<unsigned char>(c) < 0x20 ||
            std::string_view("\"*/:<>?\\|").find(c) != std::string_view::npos)
            return bad("Windows does not allow this character in a file name");
    if (name.empty() || name.back() == '.' || name.back() == ' ')
        return bad("Windows does not allow an empty name, or one that ends in a dot or a space");
    const auto units = utf16le_from_utf8(name);
    if (!units)
        return bad("the name is not valid UTF-8");
    if (units->size() / 2 > kNameLimit)
        return bad("the name is longer than 255 characters");
    return {};
}

} // namespace lifeboat::fs
