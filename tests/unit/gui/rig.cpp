// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit/gui/rig.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace lifeboat::gui::test {

using session::Outcome;
using session::Verdict;

session::Inspection broken_guests() {
    session::Inspection out;
    session::DiskInfo disk;
    disk.path = "/dev/vda";
    disk.size = 40ULL << 30;
    disk.table = "mbr";
    disk.volumes = {{"1", 1048576, 524288000, "07", "ntfs", "System Reserved", "A1", "", true},
                    {"2", 525336576, 42000000000, "07", "ntfs", "", "B2", "", false}};
    session::DiskInfo second;
    second.path = "/dev/vdb";
    second.size = 8ULL << 30;
    second.table = "none";
    second.volumes = {{"0", 0, 8ULL << 30, "", "ext4", "root", "C3", "", false}};
    out.disks = {disk, second};
    out.guests = {{"windows1",
                   "windows",
                   "Windows Server 2012 R2 Standard",
                   "6.3",
                   "x86_64",
                   "disk 1, partition 2",
                   "",
                   Verdict::repairable,
                   {}},
                  {"linux1",
                   "linux",
                   "Debian GNU/Linux 12 (bookworm)",
                   "12",
                   "x86_64",
                   "disk 2, whole disk",
                   "systemd",
                   Verdict::refused,
                   {{ErrorKind::refused, "disk 2", "The file system needs its journal replayed",
                     "start and shut down the guest once, or run e2fsck"}}}};
    const std::string why = "Windows asks these filters before it can use any disk; without Xen "
                            "they fail, and the guest stops with 0x7B.";
    out.findings = {
        {"win.xen-class-filter",
         "windows1",
         Outcome::trouble,
         "critical",
         "Xen class filter drivers are still installed",
         why,
         "None known.",
         {"SYSTEM\\ControlSet001\\Control\\Class\\{4d36e967-e325-11ce-bfc1-08002be10318}: "
          "UpperFilters = partmgr, xenfilt"}},
        {"win.boot-drivers",
         "windows1",
         Outcome::trouble,
         "critical",
         "No driver for the new disk controller starts at boot",
         "Windows stops with 0x7B when nothing can read the boot disk.",
         "None known.",
         {"ControlSet001\\Services\\storahci: Start = 3"}},
        {"win.xen-services",
         "windows1",
         Outcome::trouble,
         "warning",
         "Xen services are still started",
         "Each start waits for devices that are gone.",
         "None known.",
         {"xenbus: Start = 0", "xenagent: Start = 2"}},
        {"win.recovery", "windows1", Outcome::healthy, "", "Automatic repair is off", "", "", {}},
        {"linux.console",
         "linux1",
         Outcome::could_not_look,
         "",
         "The console is Xen's hvc0",
         "Nobody sees the login prompt.",
         "None known.",
         {"the volume could not be opened for reading"}},
    };
    return out;
}

session::Preview sample_preview() {
    session::Preview out;
    out.repairs = {{"win.xen-class-filter",
                    "windows1",
                    "Xen class filter drivers are still installed",
                    {"Take xenfilt out of UpperFilters of the class HDC",
                     "Take xencrsh out of UpperFilters of the class CDROM"}},
                   {"win.boot-drivers",
                    "windows1",
                    "No driver for the new disk controller starts at boot",
                    {"Start storahci at boot"}}};
    session::FileChangeInfo hive;
    hive.guest = "windows1";
    hive.volume = "disk 1, partition 2";
    hive.path = "/Windows/System32/config/SYSTEM";
    hive.kind = "changed";
    hive.before_size = hive.after_size = 12ULL << 20;
    hive.registry = {{"SYSTEM",
                      "ControlSet001\\Control\\Class\\{4d36e967-e325-11ce-bfc1-08002be10318}",
                      "UpperFilters", "partmgr\nxenfilt", "partmgr"},
                     {"SYSTEM", "ControlSet001\\Services\\storahci", "Start", "3", "0"},
                     {"SYSTEM", "ControlSet001\\Services\\storahci\\StartOverride", "0", "3", ""}};
    session::FileChangeInfo grub;
    grub.guest = "linux1";
    grub.volume = "disk 2, whole disk";
    grub.path = "/etc/default/grub";
    grub.kind = "changed";
    grub.before_size = 1210;
    grub.after_size = 1224;
    grub.diff =
        "--- /etc/default/grub\n+++ /etc/default/grub\n@@ -4,3 +4,3 @@\n GRUB_TIMEOUT=5\n"
        "-GRUB_CMDLINE_LINUX=\"console=hvc0\"\n"
        "+GRUB_CMDLINE_LINUX=\"console=tty0 console=ttyS0,115200\"\n GRUB_TERMINAL=console\n";
    out.files = {hive, grub};
    out.blocks = {{"/dev/vda", 4, 16384}, {"/dev/vdb", 1, 4096}};
    return out;
}

void FakeEngine::note(const std::string& call) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(call);
}

std::vector<std::string> FakeEngine::calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
}

std::size_t FakeEngine::count(std::string_view call) const {
    const auto all = calls();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), call));
}

Result<session::Inspection> FakeEngine::look(Progress& progress) {
    note("look");
    progress.report("Reading disk 1", 0.5);
    while (wait_for_cancel) {
        if (progress.cancelled())
            return fail(ErrorKind::cancelled, "disk 1", "stopped");
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    if (look_error)
        return fail(*look_error);
    return inspection;
}

Result<std::vector<session::KeptInfo>> FakeEngine::kept(Progress&) {
    if (kept_error)
        return fail(*kept_error);
    return originals;
}

Result<session::Preview> FakeEngine::stage_restore(const session::RestoreChoice& choice,
                                                   const session::Agreements&, Progress&) {
    std::string call =
        "restore " + choice.guest + " " + choice.time + (choice.force ? " force" : "");
    for (const auto& path : choice.paths)
        call += " " + path;
    note(call);
    return preview;
}

Result<session::Preview> FakeEngine::stage(std::span<const session::Choice> choices,
                                           const session::Agreements& agreed, Progress&) {
    std::string call = "stage";
    for (const auto& one : agreed)
        call += " " + one.guest + one.option;
    for (const auto& choice : choices)
        call += " " + choice.guest + "/" + choice.repair;
    note(call);
    if (stage_error)
        return fail(*stage_error);
    return preview;
}

Result<session::CommitInfo> FakeEngine::commit(Progress&) {
    note("commit");
    if (commit_error)
        return fail(*commit_error);
    return session::CommitInfo{5, 20480, "/run/lifeboat/undo/undo-1.lifeboat"};
}

Result<session::CommitInfo> FakeEngine::undo(const std::string& file, Progress&) {
    note("undo " + file);
    return session::CommitInfo{5, 20480, file};
}

std::optional<std::string_view> FakeEngine::page(std::string_view id) const {
    if (id != "win.xen-class-filter")
        return std::nullopt;
    return "# Xen class filters\n\n## What it means\nThe Xen drivers put a filter\nin front of "
           "every "
           "disk.\n\n- one\n- two\n\n```\nUpperFilters = xenfilt\n```\n";
}

Rig::Rig(float width, float height, bool can_power)
    : app(
          engine, [] {}, can_power, [this](const std::string& line) { marks.push_back(line); }),
      width_(width), height_(height) {
    auto painter = Painter::make(static_cast<int>(width), static_cast<int>(height));
    painter_ = std::move(painter).value();
}

void Rig::start() {
    app.start();
    settle();
}

bool Rig::settle() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    do {
        if (std::chrono::steady_clock::now() > end)
            return false;
        if (model().work != Work::none)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        app.collect();
        frames(1);
    } while (model().work != Work::none || app.wants_frame());
    return true;
}

void Rig::frames(int count) {
    for (int i = 0; i < count; ++i)
        app.frame(width_, height_, 1.0 / 50);
}

void Rig::hold(InputKey key) {
    InputEvent event;
    event.key = key;
    event.down = true;
    app.ui().feed(event);
}

void Rig::release(InputKey key) {
    InputEvent event;
    event.key = key;
    app.ui().feed(event);
}

void Rig::press(InputKey key) {
    hold(key);
    release(key); // in one go: nothing may be lost
    settle();
}

bool Rig::click(std::string_view id) {
    const auto* at = widget(id);
    if (!at || !at->visible)
        return false;
    InputEvent event;
    event.kind = InputEvent::Kind::pointer;
    event.x = at->x + at->width / 2;
    event.y = at->y + at->height / 2;
    app.ui().feed(event);
    event.kind = InputEvent::Kind::button;
    event.down = true;
    app.ui().feed(event);
    event.down = false;
    app.ui().feed(event);
    return settle();
}

std::string Rig::focused() {
    for (const auto& one : app.ui().widgets())
        if (one.focused)
            return one.id;
    return {};
}

bool Rig::tab_to(std::string_view id) {
    constexpr int kMost = 60;
    for (int i = 0; i < kMost && focused() != id; ++i)
        press(InputKey::tab);
    return focused() == id;
}

Picture Rig::picture() {
    frames(1);
    [[maybe_unused]] const auto rows = painter_->paint();
    return painter_->picture();
}

void Rig::to_confirm() {
    press(InputKey::f8);
    press(InputKey::f9);
}

} // namespace lifeboat::gui::test
