// SPDX-License-Identifier: GPL-2.0-or-later
// linux.kernel-console: the kernel writes to Xen's console, which KVM does not have, or to the
// screen only. Every boot-loader file, and what the guest makes them from.
#include "base/text.hpp"
#include "repair/linux/boot_files.hpp"
#include "repair/linux/linux.hpp"
#include "repair/linux/plan.hpp"
#include "text/shell_vars.hpp"

#include <algorithm>

namespace lifeboat::repair {

namespace {

using text::Site;
using text::SiteRole;

// What is wrong at one place, for people; empty when nothing is.
std::string trouble_at(text::Arguments arguments, const Site& site) {
    const auto state = text::console_state(arguments);
    if (!text::use_serial_console(arguments, site.role != SiteRole::part))
        return {};
    std::string what;
    if (state.xen)
        what = "the console is Xen's (hvc0 or xvc0)";
    else if (!state.serial && !state.other && site.role != SiteRole::part)
        what = "no serial console is named";
    for (const auto& token : state.debris)
        what += (what.empty() ? "" : ", ") + token;
    return site.name + ": " + what;
}

Severity severity_at(const BootFile& file, const text::Arguments& arguments) {
    const auto state = text::console_state(arguments);
    const bool hides_disk =
        std::any_of(state.debris.begin(), state.debris.end(), [](const std::string& token) {
            return token.find("=noprobe") != std::string::npos;
        });
    const bool unseen = state.xen && !state.serial;
    return file.boots() && (unseen || hides_disk) ? Severity::critical : Severity::warning;
}

// Debian's update-grub lists only kernels for Xen while it believes to run in a domU.
std::string leave_domu(const BootFile& file, Plan& plan, std::string text) {
    if (file.kind != BootFileKind::grub_legacy)
        return text;
    const auto value = text::automagic_value(text, "indomU");
    if (!value || (*value != "detect" && *value != "true"))
        return text;
    plan.add(Severity::warning,
             file.path + ": # indomU=" + *value + " makes update-grub list kernels for Xen only");
    return text::set_automagic_value(text, "indomU", "false");
}

// What GRUB_CMDLINE_LINUX and ..._DEFAULT say together, over all files, and where to add to it.
struct GrubDefaults {
    bool console = false;        // one of them names a console that works, or was chosen
    bool screen = false;         // one of them names the screen
    std::size_t file = SIZE_MAX; // index of the last file that assigns GRUB_CMDLINE_LINUX
    std::optional<text::Assignment> last;
};

GrubDefaults read_defaults(const std::vector<BootFile>& files,
                           const std::vector<std::string>& texts) {
    GrubDefaults defaults;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (files[i].kind != BootFileKind::grub_default)
            continue;
        if (defaults.file == SIZE_MAX)
            defaults.file = i;
        for (const auto& found : text::assignments(texts[i])) {
            const bool whole = found.name == "GRUB_CMDLINE_LINUX";
            if (!whole && found.name != "GRUB_CMDLINE_LINUX_DEFAULT")
                continue;
            const auto state = text::console_state(found.site(SiteRole::part).arguments(texts[i]));
            defaults.console = defaults.console || state.serial || state.other;
            defaults.screen = defaults.screen || state.screen;
            if (whole) {
                defaults.file = i;
                defaults.last = found;
            }
        }
    }
    return defaults;
}

// The text with a serial console in GRUB_CMDLINE_LINUX; edited in place where that is certain to
// be what a shell sees in the end, else with one more line.
std::string add_to_defaults(const std::string& text, const GrubDefaults& defaults) {
    const std::string consoles = (defaults.screen ? "" : std::string(text::kScreenConsole) + " ") +
                                 std::string(text::kSerialConsole);
    const auto& last = defaults.last;
    if (!last)
        return text::append_assignment(text, "GRUB_CMDLINE_LINUX", consoles);
    if (!last->literal || last->nested || last->appends)
        return text::append_assignment(text, "GRUB_CMDLINE_LINUX",
                                       "$GRUB_CMDLINE_LINUX " + consoles);
    return text::edit_sites(
        text, {last->site(SiteRole::common)},
        [&](text::Arguments& arguments, const Site&) { arguments.append(consoles); });
}

Result<Plan> make_plan(const guest::Guest& guest) {
    Plan plan;
    LIFEBOAT_TRY(const auto files, boot_files(guest.tree()));
    if (files.empty()) {
        plan.not_applicable = "no boot loader configuration was found in this guest";
        return plan;
    }
    std::vector<std::string> texts;
    for (const auto& file : files) {
        for (const auto& site : sites_of(file)) {
            const auto arguments = arguments_at(file, site);
            if (const auto what = trouble_at(arguments, site); !what.empty())
                plan.add(severity_at(file, arguments), at_line(file.path, site.line, what));
        }
        LIFEBOAT_TRY(auto edited,
                     edit_boot_file(file, [](text::Arguments& arguments, const Site& site) {
                         text::use_serial_console(arguments, site.role != SiteRole::part);
                     }));
        texts.push_back(leave_domu(file, plan, std::move(edited)));
    }
    const auto defaults = read_defaults(files, texts);
    if (defaults.file != SIZE_MAX && !defaults.console) {
        plan.add(Severity::warning, files[defaults.file].path +
                                        ": no serial console in GRUB_CMDLINE_LINUX; the next "
                                        "update of GRUB's menu would be without one");
        texts[defaults.file] = add_to_defaults(texts[defaults.file], defaults);
    }
    for (std::size_t i = 0; i < files.size(); ++i)
        plan.write(files[i].path, files[i].text, texts[i],
                   "Put the kernel's console on the screen and the first serial line in " +
                       files[i].path);
    return plan;
}

Diagnosis diagnose(const guest::Guest& guest) { return diagnosis_of(make_plan(guest)); }
Result<void> apply(guest::Editor& editor) { return carry_out(make_plan(editor.guest()), editor); }

} // namespace

constinit const Repair kLinuxKernelConsole{
    "linux.kernel-console",
    "The kernel does not use the serial console",
    "Xen's console (hvc0, xvc0) does not exist on KVM, and without a console= option nothing "
    "reaches the serial line: the guest boots unseen, and nobody can log in there.",
    "Kernel messages appear on the first serial line as well; a program that used ttyS0 for "
    "something else would see them.",
    guest::Family::linux_,
    diagnose,
    apply};

} // namespace lifeboat::repair
