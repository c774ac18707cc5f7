// SPDX-License-Identifier: GPL-2.0-or-later
// linux.fstab and linux.fstab-missing: /etc/fstab names devices of the old host. Those that can be
// told for certain are named by UUID; the others are reported and left alone.
#include "text/fstab.hpp"
#include "base/text.hpp"
#include "guest/linux_devices.hpp"
#include "repair/linux/linux.hpp"
#include "repair/linux/plan.hpp"

namespace lifeboat::repair {

namespace {

constexpr std::string_view kFstab = "/etc/fstab";

// One line that names a device by letters, and what is known about it.
struct Line {
    text::FstabEntry entry;
    guest::DeviceName name;
    std::optional<std::string> spec; // what it should be
    std::string why;                 // the evidence, or why there is no answer
};

struct Table {
    bool exists = false;
    std::string text;
    std::vector<Line> lines;
};

Result<Table> read_table(const guest::Guest& guest) {
    Table table;
    LIFEBOAT_TRY(auto file, guest.tree().read_text(kFstab));
    if (!file)
        return table;
    table.exists = true;
    table.text = std::move(*file);
    const auto entries = text::fstab_entries(table.text);
    const guest::DeviceResolver resolver(guest.machine(), guest.volume(), entries);
    for (const auto& entry : entries) {
        const auto name = guest::parse_device_name(entry.spec);
        // vd names come from a KVM host already. Removable drives are not ours to judge.
        if (!name || name->family == "vd" || entry.type == "iso9660" || entry.type == "udf" ||
            entry.has_option("noauto"))
            continue;
        Line line{entry, *name, std::nullopt, {}};
        const auto found = resolver.resolve(entry);
        line.why = found.why;
        if (found.volume) {
            line.spec = resolver.unique_spec(*found.volume);
            if (!line.spec)
                line.why = found.volume->name + " has no UUID, or another volume has the same";
            else
                line.why = found.volume->name + "; " + found.why;
        }
        table.lines.push_back(std::move(line));
    }
    return table;
}

// Without its device the guest stops at boot, or waits a minute and a half and goes on (swap).
Severity severity_of(const Line& line) {
    // A guest that used /dev/sda1 may find it on an emulated SATA or SCSI disk.
    if (line.name.family == "sd" || line.entry.is_swap() || line.entry.has_option("nofail"))
        return Severity::warning;
    return Severity::critical;
}

Result<Plan> make_plan(const guest::Guest& guest) {
    Plan plan;
    LIFEBOAT_TRY(const auto table, read_table(guest));
    if (!table.exists) {
        plan.not_applicable = "this guest has no /etc/fstab";
        return plan;
    }
    auto text = table.text;
    for (const auto& line : table.lines) {
        if (!line.spec)
            continue;
        plan.add(severity_of(line), at_line(std::string(kFstab), line.entry.line,
                                            line.entry.spec + " for " + line.entry.mount_point +
                                                " is " + *line.spec + " (" + line.why + ")"));
        text = text::set_fstab_spec(text, line.entry.line, *line.spec);
    }
    plan.write(std::string(kFstab), table.text, std::move(text),
               "Name the volumes in /etc/fstab by their UUIDs");
    return plan;
}

Diagnosis diagnose(const guest::Guest& guest) { return diagnosis_of(make_plan(guest)); }
Result<void> apply(guest::Editor& editor) { return carry_out(make_plan(editor.guest()), editor); }

Diagnosis diagnose_missing(const guest::Guest& guest) {
    const auto table = read_table(guest);
    if (!table)
        return CouldNotLook{table.error().text()};
    std::string why;
    for (const auto& line : table->lines)
        if (!line.spec)
            why += (why.empty() ? "" : "; ") +
                   at_line(std::string(kFstab), line.entry.line,
                           line.entry.spec + " for " + line.entry.mount_point + ": " + line.why);
    if (!why.empty())
        return CouldNotLook{why};
    return Healthy{};
}

// Nothing can be cured here: which volume was meant, only a person knows.
Result<void> apply_missing(guest::Editor&) { return {}; }

} // namespace

constinit const Repair kLinuxFstab{
    "linux.fstab",
    "/etc/fstab names disks as Xen called them",
    "Names like /dev/xvda1 do not exist on KVM. A root or data file system that cannot be found "
    "stops the boot in a maintenance shell; missing swap delays it by a minute and a half.",
    "Only lines whose volume is known for certain are changed. A program of the guest that reads "
    "device names from /etc/fstab sees UUIDs instead.",
    guest::Family::linux_,
    diagnose,
    apply};

constinit const Repair kLinuxFstabMissing{
    "linux.fstab-missing",
    "/etc/fstab names a disk that cannot be recognised",
    "A line names a device of the old host, and no attached volume, or more than one, could be "
    "meant. The guest may stop at boot because of it.",
    "Nothing is changed: attach the missing disk and look again, or edit the line by hand.",
    guest::Family::linux_,
    diagnose_missing,
    apply_missing};

} // namespace lifeboat::repair
