// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/originals.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lifeboat::session {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kManifestSchema = "lifeboat-originals/1";
constexpr std::size_t kMostFiles = 10000;
constexpr std::size_t kLongestPath = 4096;

tl::unexpected<Error> no_manifest(std::string what) {
    return fail(ErrorKind::damaged, "manifest.json", std::move(what));
}

Json json_of(const KeptSide& side) {
    Json out = nullptr;
    switch (side.kind) {
    case KeptSide::Kind::nothing: break;
    case KeptSide::Kind::file:
        out = {{"kind", "file"}, {"sha256", side.sha256}};
        if (!side.original.empty())
            out["original"] = side.original;
        break;
    case KeptSide::Kind::link: out = {{"kind", "link"}, {"target", side.target}}; break;
    case KeptSide::Kind::directory: out = {{"kind", "directory"}}; break;
    }
    return out;
}

// Throws what the JSON library throws when a member is missing or of another type.
KeptSide side_of(const Json& json) {
    KeptSide out;
    if (json.is_null())
        return out;
    const auto kind = json.at("kind").get<std::string>();
    if (kind == "file") {
        out.kind = KeptSide::Kind::file;
        out.sha256 = json.at("sha256").get<std::string>();
        out.original = json.value("original", "");
    } else if (kind == "link") {
        out.kind = KeptSide::Kind::link;
        out.target = json.at("target").get<std::string>();
    } else if (kind == "directory") {
        out.kind = KeptSide::Kind::directory;
    } else {
        throw std::out_of_range("a kind that is not known");
    }
    return out;
}

bool is_hash(std::string_view text) {
    return text.size() == 64 &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name.size() < 256 && name != "." && name != ".." &&
           name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

bool is_absolute(std::string_view path) {
    if (!path.starts_with("/") || path.size() > kLongestPath ||
        path.find('\0') != std::string_view::npos)
        return false;
    const auto parts = split_nonempty(path, '/');
    return !parts.empty() && std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
        return part == "." || part == "..";
    });
}

bool is_sound(const KeptSide& side) {
    if (side.kind != KeptSide::Kind::file)
        return side.target.size() <= kLongestPath && side.target.find('\0') == std::string::npos;
    return is_hash(side.sha256) && (side.original.empty() || is_plain_name(side.original));
}

Manifest read(const Json& json) {
    Manifest out;
    out.time = json.at("time").get<std::string>();
    out.repairs = json.at("repairs").get<std::vector<std::string>>();
    for (const auto& one : json.at("files")) {
        KeptFile file;
        file.path = one.at("path").get<std::string>();
        file.from = one.value("from", "");
        file.mode = one.value("mode", std::uint32_t{0644}) & 07777U;
        file.before = side_of(one.at("before"));
        file.after = side_of(one.at("after"));
        out.files.push_back(std::move(file));
    }
    return out;
}

} // namespace

std::string manifest_text(const Manifest& manifest) {
    Json out;
    out["schema"] = kManifestSchema;
    out["time"] = manifest.time;
    out["repairs"] = manifest.repairs;
    out["files"] = Json::array();
    for (const auto& file : manifest.files) {
        Json one;
        one["path"] = file.path;
        if (!file.from.empty())
            one["from"] = file.from;
        one["mode"] = file.mode;
        one["before"] = json_of(file.before);
        one["after"] = json_of(file.after);
        out["files"].push_back(std::move(one));
    }
    return out.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<Manifest> parse_manifest(ByteSpan text) {
    if (text.size() > kLargestManifest)
        return no_manifest("it is larger than " + human_size(kLargestManifest));
    const auto* const first = reinterpret_cast<const char*>(text.data());
    // Brackets nest three deep in ours; the library takes as many as there are.
    Manifest out;
    try {
        const auto json =
            Json::parse(first, first + text.size(), [](int depth, Json::parse_event_t, Json&) {
                if (depth > 8)
                    throw std::length_error("nested too deeply");
                return true;
            });
        if (json.at("schema").get<std::string>() != kManifestSchema)
            return fail(ErrorKind::unsupported, "manifest.json",
                        "it was written by another version of lifeboat");
        out = read(json);
    } catch (const std::exception&) {
        return no_manifest("it is no list of kept originals, or a broken one");
    }
    if (out.files.size() > kMostFiles)
        return no_manifest("it names too many files");
    for (const auto& file : out.files)
        if (!is_absolute(file.path) || !(file.from.empty() || is_absolute(file.from)) ||
            !is_sound(file.before) || !is_sound(file.after))
            return no_manifest("it names a file in a way that lifeboat does not write");
    return out;
}

std::string originals_folder(guest::Family family) {
    return family == guest::Family::windows ? "/Lifeboat" : "/var/lib/lifeboat";
}

} // namespace lifeboat::session
