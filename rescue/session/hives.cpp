// SPDX-License-Identifier: GPL-2.0-or-later
// From the name of a hive to its bytes on some volume.
#include "base/text.hpp"
#include "base/utf.hpp"
#include "guest/hive_file.hpp"
#include "session/edit.hpp"

#include <algorithm>
#include <array>

namespace lifeboat::session {

namespace {

// Where Windows Vista and later keep the boot configuration: BIOS and UEFI (facts: bcdedit /enum).
constexpr std::array<std::string_view, 2> kBcdPaths = {"/Boot/BCD", "/EFI/Microsoft/Boot/BCD"};

struct Root {
    std::string_view file;
    std::string_view prefix;
};
// File names of hives, and what regedit calls their roots on a running Windows.
constexpr Root kRoots[] = {
    {"BCD", R"(HKEY_LOCAL_MACHINE\BCD00000000)"},
    {"DEFAULT", R"(HKEY_USERS\.DEFAULT)"},
    {"NTUSER.DAT", R"(HKEY_CURRENT_USER)"},
    {"UsrClass.dat", R"(HKEY_CURRENT_USER\Software\Classes)"},
};

std::string prefix_of(std::string_view path) {
    const auto file = path.substr(path.rfind('/') + 1);
    for (const auto& root : kRoots)
        if (iequals(root.file, file))
            return std::string(root.prefix);
    std::string name(file);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return "HKEY_LOCAL_MACHINE\\" + name;
}

// Every volume that has a file at `path`.
std::vector<HivePlace> volumes_with(guest::Machine& machine, const OpenDisks& disks,
                                    std::string_view path) {
    std::vector<HivePlace> out;
    for (std::size_t disk = 0; disk < disks.size(); ++disk) {
        for (const auto& volume : disks[disk].layout.volumes) {
            const VolumePlace place{disk, &volume, guest::Machine::volume_name(disk, volume)};
            const auto opened = open_volume(machine, place);
            if (!opened)
                continue; // cannot hold the hive for us
            const auto clean = clean_path(*opened, path);
            const auto at = clean ? opened->tree.locate(*clean) : fail(clean.error());
            if (at)
                out.push_back({place, at->path, prefix_of(at->path)});
        }
    }
    return out;
}

Result<HivePlace> the_only(std::vector<HivePlace> found, const std::string& name) {
    if (found.empty())
        return fail(ErrorKind::not_found, name, "there is no such hive on these disks",
                    "name it by volume and path, as in 2:/Windows/System32/config/SYSTEM");
    if (found.size() > 1)
        return fail(ErrorKind::usage, name,
                    "it is both on " + found[0].place.name + " and on " + found[1].place.name,
                    "name it by volume and path, as in 2:" + found[0].path);
    return std::move(found.front());
}

Result<HivePlace> in_guest(const OpenDisks& disks, const guest::Guest& guest,
                           const std::string& path) {
    LIFEBOAT_TRY(const auto at, guest.tree().locate(path));
    const auto place = find_volume_named(disks, at.volume);
    if (!place)
        return fail(ErrorKind::internal, at.volume, "the volume of a guest is not known");
    return HivePlace{*place, at.path, prefix_of(at.path)};
}

std::vector<guest::GuestPtr> windows_guests(const guest::Found& found, const std::string& only) {
    std::vector<guest::GuestPtr> out;
    for (const auto& guest : found.guests)
        if (guest->family() == guest::Family::windows && (only.empty() || guest->id() == only))
            out.push_back(guest);
    return out;
}

Result<HivePlace> by_name(guest::Machine& machine, const OpenDisks& disks, const HiveName& name) {
    LIFEBOAT_TRY(const auto found, guest::find_guests(machine));
    const auto guests = windows_guests(found, name.guest);
    if (guests.size() == 1) {
        const auto path = guests.front()->hive_path(name.hive);
        LIFEBOAT_TRY(const bool there,
                     path.empty() ? Result<bool>(false) : guests.front()->tree().exists(path));
        if (there)
            return in_guest(disks, *guests.front(), path);
    }
    if (iequals(name.hive, "BCD")) {
        std::vector<HivePlace> stores;
        for (const auto path : kBcdPaths)
            for (auto& store : volumes_with(machine, disks, path))
                stores.push_back(std::move(store));
        return the_only(std::move(stores), name.hive);
    }
    if (guests.size() > 1)
        return fail(ErrorKind::usage, name.hive, "there are several Windows guests",
                    "choose one with --guest, as in --guest " + guests.front()->id());
    if (guests.empty() && !name.guest.empty())
        return fail(ErrorKind::usage, name.guest, "there is no Windows guest of this name",
                    "lifeboat diagnose lists them");
    if (guests.empty() && !found.unreadable.empty())
        return fail(found.unreadable.front().why);
    if (guests.empty())
        return fail(ErrorKind::not_found, name.hive, "no Windows was found on these disks",
                    "name the hive by volume and path, as in 2:/Windows/System32/config/SYSTEM");
    return fail(ErrorKind::not_found, guests.front()->id(), "it has no hive " + name.hive);
}

Result<HivePlace> by_volume(guest::Machine& machine, const OpenDisks& disks,
                            std::string_view volume, std::string_view path) {
    LIFEBOAT_TRY(const auto place, find_volume(disks, volume));
    LIFEBOAT_TRY(const auto opened, open_volume(machine, place));
    LIFEBOAT_TRY(const auto clean, clean_path(opened, path));
    auto at = opened.tree.locate(clean);
    if (!at)
        return fail(at.error().in(place.name));
    return HivePlace{place, at->path, prefix_of(at->path)};
}

Result<HivePlace> by_path(guest::Machine& machine, const OpenDisks& disks, const HiveName& name) {
    if (name.guest.empty())
        return the_only(volumes_with(machine, disks, name.hive), name.hive);
    LIFEBOAT_TRY(const auto found, guest::find_guests(machine));
    const auto guests = windows_guests(found, name.guest);
    if (guests.empty())
        return fail(ErrorKind::usage, name.guest, "there is no Windows guest of this name",
                    "lifeboat diagnose lists them");
    std::string path = name.hive;
    std::replace(path.begin(), path.end(), '\\', '/');
    return in_guest(disks, *guests.front(), path);
}

Result<HivePlace> find_hive(guest::Machine& machine, const OpenDisks& disks, const HiveName& name) {
    const std::string_view text = name.hive;
    for (std::size_t i = 0; i + 1 < text.size(); ++i)
        if (text[i] == ':' && (text[i + 1] == '/' || text[i + 1] == '\\'))
            return by_volume(machine, disks, text.substr(0, i), text.substr(i + 1));
    if (text.find_first_of("/\\") != std::string_view::npos)
        return by_path(machine, disks, name);
    return by_name(machine, disks, name);
}

} // namespace

Result<OpenHive> open_hive(const OpenDisks& disks, const HiveName& name) {
    auto machine = machine_over(disks, fs::Access::read);
    LIFEBOAT_TRY(auto at, find_hive(machine, disks, name));
    LIFEBOAT_TRY(const auto fs, machine.filesystem(at.place.disk, *at.place.volume));
    const std::string where = at.place.name + ", " + at.path;
    auto image = fs->read(at.path, guest::kHiveLimit);
    if (!image)
        return fail(image.error().in(where));
    auto file = guest::complete_hive(*fs, at.path, std::move(*image));
    if (!file)
        return fail(file.error().in(at.place.name));
    HiveInfo state{file->entries, std::move(file->note), std::move(file->incomplete)};
    if (state.incomplete)
        state.incomplete = state.incomplete->in(at.place.name);
    auto hive = registry::Hive::open(std::move(file->image), where);
    if (!hive)
        return fail(hive.error().where == where ? hive.error() : hive.error().in(where));
    return OpenHive{std::move(at), std::move(*hive), std::move(state)};
}

Result<HivePlace> find_hive(const OpenDisks& disks, const HiveName& name) {
    auto machine = machine_over(disks, fs::Access::read);
    return find_hive(machine, disks, name);
}

namespace {

constexpr std::string_view kCurrent = "CurrentControlSet";

// "ControlSet001"; nothing when the hive has no Select key (it is no SYSTEM hive).
Result<std::optional<std::string>> current_set(const registry::Hive& hive) {
    LIFEBOAT_TRY(const bool has_select, hive.has_key("Select"));
    LIFEBOAT_TRY(const bool literal, hive.has_key(kCurrent));
    if (!has_select || literal)
        return std::nullopt;
    LIFEBOAT_TRY(const auto value, hive.value("Select", "Current"));
    const auto number = value ? value->as_dword() : std::nullopt;
    if (!number || *number == 0 || *number > 999)
        return std::nullopt;
    auto digits = std::to_string(*number);
    digits.insert(0, 3 - digits.size(), '0');
    return "ControlSet" + digits;
}

bool names_current(std::string_view key) {
    return istarts_with(key, kCurrent) &&
           (key.size() == kCurrent.size() || key[kCurrent.size()] == '\\' ||
            key[kCurrent.size()] == ']');
}

} // namespace

Result<std::string> real_key(const registry::Hive& hive, std::string_view key) {
    while (!key.empty() && key.front() == '\\')
        key.remove_prefix(1);
    while (!key.empty() && key.back() == '\\')
        key.remove_suffix(1);
    if (!names_current(key))
        return std::string(key);
    LIFEBOAT_TRY(const auto set, current_set(hive));
    return set ? *set + std::string(key.substr(kCurrent.size())) : std::string(key);
}

Result<std::string> real_reg_text(const registry::Hive& hive, ByteSpan text,
                                  std::string_view prefix) {
    std::string plain = to_text(text);
    if (has_magic(text, 0, "\xff\xfe")) {
        auto converted = utf8_from_utf16le(text.subspan(2));
        if (!converted)
            return fail(ErrorKind::usage, "the .reg text", "it is not valid UTF-16");
        plain = std::move(*converted);
    }
    LIFEBOAT_TRY(const auto set, current_set(hive));
    if (!set)
        return plain;
    std::string out;
    const std::string root = std::string(prefix) + "\\";
    for (const auto line : split(plain, '\n')) {
        const std::size_t open = line.starts_with("[-") ? 2 : 1;
        const bool key_line = line.starts_with("[") && istarts_with(line.substr(open), root) &&
                              names_current(line.substr(open + root.size()));
        if (!out.empty() || line.data() != plain.data())
            out += '\n';
        if (key_line) {
            out += line.substr(0, open + root.size());
            out += *set;
            out += line.substr(open + root.size() + kCurrent.size());
        } else {
            out += line;
        }
    }
    return out;
}

} // namespace lifeboat::session
