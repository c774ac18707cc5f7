// SPDX-License-Identifier: GPL-2.0-or-later
// linux.getty: a login on the first serial line, and none that waits for Xen's console. What that
// means depends on the init system; systemd mostly does it by itself from the kernel command line.
#include "base/text.hpp"
#include "repair/linux/linux.hpp"
#include "repair/linux/plan.hpp"
#include "text/inittab.hpp"
#include "text/upstart.hpp"

#include <cstdlib>

namespace lifeboat::repair {

namespace {

constexpr std::string_view kInittab = "/etc/inittab";
constexpr std::string_view kSecuretty = "/etc/securetty";

Result<std::string> text_of(const fs::Tree& tree, std::string_view path) {
    LIFEBOAT_TRY(auto text, tree.read_text(path));
    return text ? std::move(*text) : std::string{};
}

// ---------------------------------------------------------------------------------------- systemd
// systemd-getty-generator(8) starts serial-getty@ on the kernel's console. Only a link that names
// Xen's console by hand is left to move.
Result<void> plan_systemd(const fs::Tree& tree, Plan& plan) {
    const std::string wants = "/etc/systemd/system/getty.target.wants/";
    const std::string serial = "serial-getty@ttyS0.service";
    LIFEBOAT_TRY(const auto mask, tree.lstat("/etc/systemd/system/" + serial));
    if (mask && mask->type == fs::NodeType::symlink && mask->target == "/dev/null") {
        plan.not_applicable = serial + " is masked; that is somebody's decision and is left alone";
        return {};
    }
    LIFEBOAT_TRY(const auto folder, tree.stat(wants));
    if (!folder || folder->type != fs::NodeType::directory)
        return {};
    LIFEBOAT_TRY(const auto links, tree.list(wants));
    bool have_serial = false;
    for (const auto& link : links)
        have_serial = have_serial || link.name == serial;
    for (const auto& link : links) {
        constexpr std::string_view kStart = "serial-getty@";
        constexpr std::string_view kEnd = ".service";
        const std::string_view name = link.name;
        if (link.type != fs::NodeType::symlink || name.size() <= kStart.size() + kEnd.size() ||
            name.substr(0, kStart.size()) != kStart ||
            name.substr(name.size() - kEnd.size()) != kEnd)
            continue;
        const auto terminal = name.substr(kStart.size(), name.size() - kStart.size() - kEnd.size());
        if (!text::is_xen_terminal(terminal))
            continue;
        plan.add(Severity::warning,
                 wants + link.name + ": a login is started on Xen's console only");
        // The link is moved, not made anew: it keeps its label, and its target is the same file.
        if (have_serial)
            plan.actions.push_back({Action::Kind::remove,
                                    wants + link.name,
                                    {},
                                    "Do not start a login on " + std::string(terminal)});
        else
            plan.actions.push_back(
                {Action::Kind::rename, wants + link.name, wants + serial,
                 "Start the login on ttyS0 instead of " + std::string(terminal)});
        have_serial = true;
    }
    return {};
}

// ---------------------------------------------------------------------------------------- inittab
text::SerialLogin inittab_style(const guest::Guest& guest, const std::string& inittab) {
    const auto& facts = *guest.linux_facts();
    const auto& name = facts.distribution;
    text::SerialLogin style;
    if (facts.init == guest::Init::busybox || name == "alpine") {
        style.busybox = true;
        style.stock_line = true;
        style.terminal_type = "vt100";
    } else if (name == "gentoo") {
        style = {"s0", "12345", "/sbin/agetty", "vt100", false, true};
    } else if (name == "sles" || name == "opensuse" || name == "suse") {
        style = {"S0", "12345", "/sbin/agetty", "vt102", false, true};
    } else if (inittab.find("/sbin/mingetty") != std::string::npos ||
               inittab.find("/sbin/agetty") != std::string::npos) {
        // Red Hat's mingetty cannot drive a serial line.
        style = {"S0", "2345", "/sbin/agetty", "vt100", false, false};
    }
    return style;
}

Result<void> plan_inittab(const guest::Guest& guest, Plan& plan) {
    LIFEBOAT_TRY(const auto before, text_of(guest.tree(), kInittab));
    const auto logins = text::inittab_logins(before);
    const auto after = text::with_serial_login(before, inittab_style(guest, before));
    if (after == before)
        return {};
    const auto severity = logins.any() ? Severity::warning : Severity::critical;
    for (const auto& terminal : logins.xen)
        plan.add(severity, std::string(kInittab) + ": a login is started on " + terminal +
                               ", which does not exist on KVM");
    if (!logins.serial)
        plan.add(severity, std::string(kInittab) + ": no login is started on ttyS0");
    if (!logins.screen && !logins.xen.empty() && plan.evidence.empty())
        plan.add(severity, std::string(kInittab) + ": no login is started on the screen");
    plan.write(std::string(kInittab), before, after, "Start a login on ttyS0 in /etc/inittab");
    return {};
}

// ---------------------------------------------------------------------------------------- upstart
// Override files exist since upstart 1.3 (Ubuntu 11.04); before that the job has to go.
bool knows_overrides(const guest::LinuxFacts& facts) {
    return facts.distribution != "ubuntu" || std::atof(facts.version.c_str()) >= 11.04;
}

// /etc/init of upstart, or /etc/event.d of its first years (Ubuntu 6.10 to 8.10).
struct UpstartJobs {
    std::string folder;
    std::string ending;
    [[nodiscard]] std::string path(std::string_view terminal) const {
        return folder + "/" + std::string(terminal) + ending;
    }
};

Result<bool> active(const fs::Tree& tree, const UpstartJobs& jobs, std::string_view terminal) {
    LIFEBOAT_TRY(const bool job, tree.exists(jobs.path(terminal)));
    LIFEBOAT_TRY(const auto override_file,
                 text_of(tree, jobs.folder + "/" + std::string(terminal) + ".override"));
    return job && !text::upstart_is_manual(override_file);
}

Result<void> stop_xen_job(const guest::Guest& guest, const UpstartJobs& jobs,
                          const std::string& terminal, Plan& plan) {
    const auto note = "Do not start a login on " + terminal;
    if (jobs.ending.empty() || !knows_overrides(*guest.linux_facts())) {
        plan.actions.push_back(
            {Action::Kind::rename, jobs.path(terminal),
             jobs.folder + "/" + (jobs.ending.empty() ? "." : "") + terminal + ".disabled", note});
        return {};
    }
    const auto path = jobs.folder + "/" + terminal + ".override";
    LIFEBOAT_TRY(const auto before, text_of(guest.tree(), path));
    const bool complete = before.empty() || before.back() == '\n';
    plan.write(path, before, before + (complete ? "" : "\n") + "manual\n", note);
    return {};
}

Result<void> plan_upstart(const guest::Guest& guest, const UpstartJobs& jobs, Plan& plan) {
    const auto& tree = guest.tree();
    LIFEBOAT_TRY(const bool serial, active(tree, jobs, "ttyS0"));
    LIFEBOAT_TRY(const bool screen, active(tree, jobs, "tty1"));
    std::vector<std::string> xen;
    for (const std::string terminal : {"hvc0", "xvc0"}) {
        LIFEBOAT_TRY(const bool there, active(tree, jobs, terminal));
        if (there)
            xen.push_back(terminal);
    }
    // A distribution that starts its serial login from the kernel's console (RHEL 6) has no job to
    // copy, and needs none.
    if (xen.empty())
        return {};
    const auto severity = serial || screen ? Severity::warning : Severity::critical;
    LIFEBOAT_TRY(const auto job, text_of(tree, jobs.path(xen.front())));
    for (const auto& terminal : xen) {
        plan.add(severity, jobs.path(terminal) + ": a login is started on " + terminal +
                               ", which does not exist on KVM");
        LIFEBOAT_CHECK(stop_xen_job(guest, jobs, terminal, plan));
    }
    const auto add = [&](const std::string& terminal, const std::string& command) -> Result<void> {
        LIFEBOAT_TRY(const bool there, tree.exists(jobs.path(terminal)));
        if (there)
            return {}; // switched off by somebody
        plan.add(severity, jobs.folder + ": no login is started on " + terminal);
        plan.write(jobs.path(terminal), {},
                   text::upstart_job_for(job, xen.front(), terminal, command),
                   "Start a login on " + terminal);
        return {};
    };
    if (!serial)
        LIFEBOAT_CHECK(add("ttyS0", "/sbin/getty -L ttyS0 115200 vt102"));
    if (!screen)
        LIFEBOAT_CHECK(add("tty1", "/sbin/getty -8 38400 tty1"));
    return {};
}

// -------------------------------------------------------------------------------------- securetty
// The file is never created: where it does not exist root may log in everywhere, and a new one
// would take that away (securetty(5)).
Result<void> plan_securetty(const fs::Tree& tree, Plan& plan) {
    LIFEBOAT_TRY(const auto before, tree.read_text(kSecuretty));
    if (!before || text::securetty_lists(*before, "ttyS0"))
        return {};
    plan.add(Severity::warning, std::string(kSecuretty) + ": root may not log in on ttyS0");
    plan.write(std::string(kSecuretty), *before, text::with_securetty(*before, "ttyS0"),
               "Let root log in on ttyS0");
    return {};
}

Result<Plan> make_plan(const guest::Guest& guest) {
    Plan plan;
    const auto& tree = guest.tree();
    switch (guest.linux_facts()->init) {
    case guest::Init::systemd: LIFEBOAT_CHECK(plan_systemd(tree, plan)); break;
    case guest::Init::sysvinit:
    case guest::Init::busybox: LIFEBOAT_CHECK(plan_inittab(guest, plan)); break;
    case guest::Init::upstart: {
        LIFEBOAT_TRY(const bool old_jobs, tree.exists("/etc/event.d/rc-default"));
        LIFEBOAT_TRY(const bool jobs, tree.exists("/etc/init"));
        const bool old_upstart = old_jobs && !jobs;
        LIFEBOAT_CHECK(plan_upstart(guest,
                                    old_upstart ? UpstartJobs{"/etc/event.d", ""}
                                                : UpstartJobs{"/etc/init", ".conf"},
                                    plan));
        break;
    }
    case guest::Init::openrc:
        plan.not_applicable = "this guest starts its logins with openrc-init, which is not known "
                              "well enough to be changed";
        return plan;
    case guest::Init::unknown:
        plan.not_applicable = "the init system of this guest is not known";
        return plan;
    }
    if (plan.not_applicable.empty())
        LIFEBOAT_CHECK(plan_securetty(tree, plan));
    return plan;
}

Diagnosis diagnose(const guest::Guest& guest) { return diagnosis_of(make_plan(guest)); }
Result<void> apply(guest::Editor& editor) { return carry_out(make_plan(editor.guest()), editor); }

} // namespace

constinit const Repair kLinuxGetty{
    "linux.getty",
    "No login on the serial console",
    "The guest starts its login on Xen's console, which does not exist on KVM, or has none on the "
    "serial line: nobody can log in there.",
    "Whoever reaches the serial line gets a login prompt, as on Xen's console before.",
    guest::Family::linux_,
    diagnose,
    apply};

} // namespace lifeboat::repair
