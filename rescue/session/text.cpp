// SPDX-License-Identifier: GPL-2.0-or-later
// Text for people, on a serial console as well as in a mail.
#include "base/text.hpp"

#include "base/utf.hpp"
#include "session/documents.hpp"

#include <algorithm>
#include <array>

namespace lifeboat::session {

namespace {

std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; // no UTF-8 continuation byte
    }));
}

std::string padded(std::string text, std::size_t width) {
    const auto columns = columns_of(text);
    if (columns < width)
        text.append(width - columns, ' ');
    return text;
}

// Rows of cells in columns as wide as their widest cell; no blanks at the end of a line.
std::string table(const std::vector<std::vector<std::string>>& rows, std::string_view indent) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], columns_of(row[i]));
    }
    std::string out;
    for (const auto& row : rows) {
        std::string line(indent);
        for (std::size_t i = 0; i < row.size(); ++i)
            line += padded(row[i], widths[i] + 2);
        out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
}

std::string disk_line(const DiskInfo& disk, std::size_t number) {
    std::string line =
        "disk " + std::to_string(number) + ": " + disk.path + ", " + human_size(disk.size) + ", ";
    line += disk.table == "none" ? "no partition table" : disk.table;
    if (disk.sector_size != 512)
        line += ", sectors of " + std::to_string(disk.sector_size) + " bytes";
    return line;
}

std::string volumes_table(const DiskInfo& disk) {
    std::vector<std::vector<std::string>> rows = {{"VOLUME", "SIZE", "CONTENT", "UUID", "LABEL"}};
    for (const auto& volume : disk.volumes)
        rows.push_back({printable(volume.id) + (volume.active ? "*" : ""), human_size(volume.size),
                        printable(volume.content), printable(volume.uuid),
                        printable(volume.label)});
    return rows.size() == 1 ? std::string("  no volumes\n") : table(rows, "  ");
}

std::string guest_lines(const GuestInfo& guest) {
    std::string line = guest.title;
    if (guest.architecture != "unknown" &&
        guest.title.find(guest.architecture) == std::string::npos)
        line += ", " + guest.architecture;
    if (!guest.init.empty() && guest.init != "unknown")
        line += ", " + guest.init;
    return wrapped(guest.id + ": " + line + ", on " + guest.volume, "", "  ");
}

std::string finding_lines(const FindingInfo& finding) {
    std::string out = wrapped(finding.id, "  " + finding.severity + ": ", "    ");
    out += wrapped(finding.title + ". " + finding.why, "    ", "    ");
    for (const auto& evidence : finding.evidence)
        out += wrapped(evidence, "    - ", "      ");
    return out;
}

// What was asked and is no trouble, by answer.
std::string quiet_lines(const Inspection& inspection, const std::string& guest) {
    std::vector<std::string> healthy;
    std::string out;
    for (const auto& finding : inspection.findings) {
        if (finding.guest != guest)
            continue;
        if (finding.outcome == Outcome::healthy)
            healthy.push_back(finding.id);
        if (finding.outcome == Outcome::could_not_look)
            out += wrapped("could not look: " + finding.id + ": " + join(finding.evidence, "; "),
                           "  ", "    ");
    }
    if (!healthy.empty())
        out += wrapped("healthy: " + join(healthy, ", "), "  ", "    ");
    return out;
}

std::string guest_section(const Inspection& inspection, const GuestInfo& guest) {
    std::string out = guest_lines(guest);
    for (const auto& obstacle : guest.obstacles)
        out += wrapped("refused: " + obstacle.text(), "  ", "    ");
    for (const auto& finding : inspection.findings)
        if (finding.guest == guest.id && finding.outcome == Outcome::trouble)
            out += finding_lines(finding);
    return out + quiet_lines(inspection, guest.id);
}

std::string summary(const Inspection& inspection) {
    constexpr std::array<std::string_view, 3> severities = {"critical", "warning", "info"};
    std::vector<std::string> parts;
    for (const auto severity : severities) {
        const auto count =
            std::count_if(inspection.findings.begin(), inspection.findings.end(),
                          [&](const FindingInfo& finding) { return finding.severity == severity; });
        if (count != 0)
            parts.push_back(std::to_string(count) + " " + std::string(severity));
    }
    if (inspection.guests.empty())
        return "No operating system that Lifeboat knows was found.\n";
    if (parts.empty())
        return "Nothing was found that needs a repair.\n";
    return "Found: " + join(parts, ", ") + ". lifeboat explain ID tells more about one.\n";
}

std::string registry_lines(const std::vector<RegistryChangeInfo>& changes) {
    std::string out;
    std::string_view key;
    for (const auto& change : changes) {
        if (change.key != key)
            out += wrapped(change.key, "      ", "        ");
        key = change.key;
        const std::string name = change.value.empty() ? "key" : change.value;
        if (change.before.empty())
            out += wrapped(name + " = " + change.after, "      + ", "          ");
        else if (change.after.empty())
            out += wrapped(name + " = " + change.before, "      - ", "          ");
        else
            out += wrapped(name + " = " + change.before, "      - ", "          ") +
                   wrapped(name + " = " + change.after, "      + ", "          ");
    }
    return out;
}

// Lines of guest files keep their shape; only what could drive a terminal is replaced.
std::string diff_lines(std::string_view diff) {
    std::string out;
    for (const auto line : split(diff, '\n')) {
        if (line.empty())
            continue;
        std::string shown(line);
        for (auto tab = shown.find('\t'); tab != std::string::npos; tab = shown.find('\t', tab))
            shown.replace(tab, 1, "    ");
        out += "    " + printable(shown) + "\n";
    }
    return out;
}

std::string file_lines(const FileChangeInfo& file) {
    std::string line = file.kind + " " + file.path;
    if (!file.from.empty())
        line += ", was " + file.from;
    if (!file.target.empty())
        line += " -> " + file.target;
    line += " (" + file.volume + ")";
    return wrapped(line, "  ", "    ") + registry_lines(file.registry) + diff_lines(file.diff);
}

// What the repair did, and what has become of the file.
std::string kept_line(const KeptFileInfo& file) {
    std::string line = file.kind + " " + file.path;
    if (!file.from.empty())
        line += ", was " + file.from;
    line += file.state == "as_left"    ? ": as the repair left it"
            : file.state == "original" ? ": it is the original again"
            : file.state == "gone"     ? ": not there any more"
            : file.state == "changed"  ? ": changed since the repair"
                                       : ": cannot be read";
    return file.copy_is_good ? line : line + "; the kept copy is missing or damaged";
}

std::string mode_text(std::uint32_t mode) {
    std::string out;
    for (int bit = 8; bit >= 0; --bit)
        out += ((mode >> bit) & 1U) != 0 ? "xwr"[bit % 3] : '-';
    return out;
}

} // namespace

std::string wrapped(std::string_view text, std::string_view first, std::string_view rest,
                    std::size_t width) {
    std::string out;
    std::string line(first);
    bool empty = true;
    for (const auto word : split(text, ' ')) {
        const std::string shown = printable(word);
        if (!empty && columns_of(line) + 1 + columns_of(shown) > width) {
            out += line + "\n";
            line = rest;
            empty = true;
        }
        line += (empty ? "" : " ") + shown;
        empty = false;
    }
    return out + line + "\n";
}

std::string layout_text(const std::vector<DiskInfo>& disks, const std::vector<GuestInfo>& guests) {
    std::string out;
    for (std::size_t i = 0; i < disks.size(); ++i) {
        out += wrapped(disk_line(disks[i], i + 1), "", "  ") + volumes_table(disks[i]);
        for (const auto& note : disks[i].notes)
            out += wrapped("note: " + note, "  ", "    ");
        out += "\n";
    }
    for (const auto& guest : guests)
        out += guest_lines(guest);
    if (guests.empty())
        out += "No operating system that Lifeboat knows was found.\n";
    return out;
}

std::string diagnosis_text(const Inspection& inspection) {
    std::string out;
    for (std::size_t i = 0; i < inspection.disks.size(); ++i) {
        out += wrapped(disk_line(inspection.disks[i], i + 1), "", "  ");
        for (const auto& note : inspection.disks[i].notes)
            out += wrapped("note: " + note, "  ", "    ");
    }
    for (const auto& volume : inspection.unreadable)
        out += wrapped("could not read " + (volume.why.where.empty() ? volume.volume + ": " : "") +
                           volume.why.text(),
                       "", "  ");
    for (const auto& guest : inspection.guests)
        out += "\n" + guest_section(inspection, guest);
    return out + "\n" + summary(inspection);
}

std::string preview_text(const Preview& preview) {
    std::string out;
    for (const auto& conflict : preview.conflicts)
        out +=
            wrapped("left alone: " + conflict.path + " (" + conflict.guest + "): " + conflict.why,
                    "", "  ");
    if (preview.empty())
        return out + "Nothing to change.\n";
    for (const auto& repair : preview.repairs) {
        out += wrapped(repair.guest + ": " + repair.title + " (" + repair.id + ")", "", "  ");
        for (const auto& sentence : repair.sentences)
            out += wrapped(sentence, "  - ", "    ");
    }
    out += preview.repairs.empty() ? "" : "\n";
    out += "Files:\n";
    for (const auto& file : preview.files)
        out += file_lines(file);
    for (const auto& disk : preview.blocks)
        out += wrapped("Blocks on " + disk.disk + ": " + std::to_string(disk.blocks) + " (" +
                           human_size(disk.bytes) + ")",
                       "", "  ");
    return out;
}

std::string kept_text(const std::vector<KeptInfo>& kept) {
    std::string out;
    for (const auto& one : kept) {
        out += wrapped(one.time + ", in " + one.guest + ": " + join(one.repairs, ", "), "", "  ");
        if (one.problem)
            out += wrapped("cannot be read: " + one.problem->text(), "  ", "    ");
        for (const auto& file : one.files)
            out += wrapped(kept_line(file), "  ", "    ");
    }
    return out.empty() ? "No originals are kept in the guests of these disks.\n" : out;
}

std::string entries_text(const std::vector<EntryInfo>& entries) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& entry : entries) {
        const char type = entry.kind == "directory" ? 'd'
                          : entry.kind == "symlink" ? 'l'
                          : entry.kind == "file"    ? '-'
                                                    : '?';
        rows.push_back({type + (entry.mode == 0 ? std::string("") : mode_text(entry.mode)),
                        std::to_string(entry.size),
                        printable(entry.name) +
                            (entry.target.empty() ? "" : " -> " + printable(entry.target))});
    }
    return table(rows, "");
}

std::string key_text(const KeyInfo& info) {
    std::string out;
    for (const auto& subkey : info.subkeys)
        out += printable(subkey) + "\\\n";
    for (const auto& value : info.values)
        out += (value.name.empty() ? "(default)" : printable(value.name)) + " = " +
               printable(value.text) + "\n";
    return out;
}

} // namespace lifeboat::session
