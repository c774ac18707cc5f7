// SPDX-License-Identifier: GPL-2.0-or-later
// linux.root-device: root= and resume= on the kernel command line name disks as Xen called them.
#include "base/text.hpp"
#include "guest/linux_devices.hpp"
#include "repair/linux/boot_files.hpp"
#include "repair/linux/linux.hpp"
#include "repair/linux/plan.hpp"
#include "text/fstab.hpp"
#include "text/shell_vars.hpp"

#include <set>

namespace lifeboat::repair {

namespace {

using text::Arguments;
using text::Site;

// initramfs-tools(7): the swap partition to resume from, copied into the next RAM disk.
constexpr std::string_view kResumeFile = "/etc/initramfs-tools/conf.d/resume";

bool is_old_name(std::string_view device) {
    const auto name = guest::parse_device_name(device);
    return name && name->family != "vd";
}

class Planner {
public:
    Planner(const guest::Guest& guest, std::vector<BootFile> files,
            std::vector<text::FstabEntry> fstab)
        : guest_(guest), files_(std::move(files)), fstab_(std::move(fstab)),
          resolver_(guest.machine(), guest.volume(), fstab_) {}

    Result<Plan> run() {
        LIFEBOAT_CHECK(find_root());
        for (const auto& file : files_) {
            LIFEBOAT_TRY(auto edited,
                         edit_boot_file(file, [&](Arguments& arguments, const Site& site) {
                             edit_root(file, arguments, site);
                             edit_resume(file, arguments, site);
                         }));
            plan_.write(file.path, file.text, std::move(edited),
                        "Name the root and swap volumes by UUID in " + file.path);
        }
        LIFEBOAT_CHECK(edit_resume_file());
        return std::move(plan_);
    }

private:
    // Which root= is this guest's own: all of them when they agree, else the one fstab names too.
    Result<void> find_root() {
        std::set<std::string> names;
        for (const auto& file : files_)
            for (const auto& site : sites_of(file))
                if (const auto root = arguments_at(file, site).last("root");
                    root && is_old_name(*root))
                    names.insert(*root);
        if (names.empty())
            return {};
        if (names.size() > 1) {
            std::string own;
            for (const auto& entry : fstab_)
                if (entry.mount_point == "/")
                    own = entry.spec;
            if (names.count(own) == 0)
                return fail(ErrorKind::unsupported, guest_.id(),
                            "the boot loader names several root devices (" +
                                join({names.begin(), names.end()}, ", ") +
                                "), and /etc/fstab does not tell which one is this guest's",
                            "edit root= by hand");
            names = {own};
        }
        old_root_ = *names.begin();
        const auto root = resolver_.root();
        if (!root.volume)
            return fail(ErrorKind::unsupported, guest_.id(), root.why);
        root_spec_ = resolver_.unique_spec(*root.volume);
        if (!root_spec_)
            return fail(ErrorKind::unsupported, root.volume->name,
                        "the root file system has no UUID, or another attached volume has the same",
                        "detach the other volume, or edit root= by hand");
        if (!root.volume->volume.partition_uuid.empty())
            root_part_ = "PARTUUID=" + root.volume->volume.partition_uuid;
        root_name_ = root.volume->name;
        return {};
    }

    void edit_root(const BootFile& file, Arguments& arguments, const Site& site) {
        const auto found = arguments.find("root");
        if (found.empty() || arguments.last("root") != old_root_ || old_root_.empty())
            return;
        // The kernel alone knows PARTUUID= (Linux 3.8 and later for MBR disks), not UUID=.
        const auto& spec = site.has_initrd ? root_spec_ : root_part_;
        if (!spec)
            return;
        arguments.replace(found.back(), "root=" + *spec);
        const bool may_exist = old_root_.rfind("/dev/sd", 0) == 0;
        plan_.add(file.boots() && !may_exist ? Severity::critical : Severity::warning,
                  at_line(file.path, site.line,
                          "root=" + old_root_ + " is " + *spec + " (" + root_name_ + ")"));
    }

    void edit_resume(const BootFile& file, Arguments& arguments, const Site& site) {
        const auto found = arguments.find("resume");
        if (found.empty())
            return;
        const auto old = arguments.last("resume").value_or("");
        const auto spec = swap_spec(old);
        if (!spec || !site.has_initrd)
            return;
        arguments.replace(found.back(), "resume=" + *spec);
        plan_.add(Severity::warning,
                  at_line(file.path, site.line, "resume=" + old + " is " + *spec));
    }

    [[nodiscard]] std::optional<std::string> swap_spec(const std::string& device) const {
        if (!is_old_name(device))
            return std::nullopt;
        const auto found = resolver_.resolve_swap(device);
        return found.volume ? resolver_.unique_spec(*found.volume) : std::nullopt;
    }

    Result<void> edit_resume_file() {
        LIFEBOAT_TRY(const auto file, guest_.tree().read_text(kResumeFile));
        if (!file)
            return {};
        const auto found = text::last_assignment(*file, "RESUME");
        if (!found || !found->literal)
            return {};
        const std::string old(found->value(*file));
        const auto spec = swap_spec(old);
        if (!spec)
            return {};
        auto text = *file;
        text.replace(found->offset, found->length, *spec);
        plan_.add(Severity::warning,
                  at_line(std::string(kResumeFile), found->line, "RESUME=" + old + " is " + *spec));
        plan_.write(std::string(kResumeFile), *file, std::move(text),
                    "Name the swap volume by UUID for the next RAM disk");
        return {};
    }

    const guest::Guest& guest_;
    std::vector<BootFile> files_;
    std::vector<text::FstabEntry> fstab_;
    guest::DeviceResolver resolver_;
    Plan plan_;
    std::string old_root_, root_name_;
    std::optional<std::string> root_spec_, root_part_;
};

Result<Plan> make_plan(const guest::Guest& guest) {
    LIFEBOAT_TRY(auto files, boot_files(guest.tree()));
    LIFEBOAT_TRY(const auto fstab, guest.tree().read_text("/etc/fstab"));
    return Planner(guest, std::move(files), text::fstab_entries(fstab.value_or(""))).run();
}

Diagnosis diagnose(const guest::Guest& guest) { return diagnosis_of(make_plan(guest)); }
Result<void> apply(guest::Editor& editor) { return carry_out(make_plan(editor.guest()), editor); }

} // namespace

constinit const Repair kLinuxRootDevice{
    "linux.root-device",
    "The kernel looks for its root on a disk as Xen called it",
    "Names like root=/dev/xvda2 do not exist on KVM: the kernel or the initial RAM disk waits for "
    "the root file system and gives up.",
    "None known: a UUID names the same file system wherever its disk is attached.",
    guest::Family::linux_,
    diagnose,
    apply};

} // namespace lifeboat::repair
