// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/predict.hpp"

#include "base/text.hpp"
#include "guest/boot_world.hpp"
#include "session/boot_stage.hpp"
#include "session/predict_legacy.hpp"
#include "session/state.hpp"
#include "text/grub/run.hpp"
#include "text/lines.hpp"

#include <algorithm>

namespace lifeboat::session {

namespace {

using text::grub::Call;
using text::grub::Ending;
using text::grub::Run;

constexpr std::string_view kStage = "(memdisk)/boot/grub/";
constexpr std::string_view kMedium = "cd0";
constexpr std::string_view kMediumFolder = "(cd0)/";

// What chainload/modrename and the scripts expect of GRUB itself (GNU GRUB manual, "Special
// environment variables", and the features that 2.06 announces).
constexpr std::string_view kFeatures[] = {
    "feature_chainloader_bpb",      "feature_ntldr",
    "feature_platform_search_hint", "feature_default_font_path",
    "feature_all_video_module",     "feature_menuentry_id",
    "feature_menuentry_options",    "feature_200_final",
    "feature_nativedisk_cmd",       "feature_timeout_style",
};

// What chainload/make-stage makes of the lines that begin with "lazy": the modules that are not in
// the core. Those for BIOS are on every medium, which is known by them; those for UEFI on the
// memory disk.
void add_modules(guest::BootMedium& medium) {
    std::string list = " ";
    for (const auto line : split(stage_modules(), '\n')) {
        const auto names = text::words(line);
        if (names.empty() || names.front().in(line) != "lazy")
            continue;
        for (std::size_t i = 1; i < names.size(); ++i) {
            const std::string name(names[i].in(line));
            list += name + " ";
            medium.files[std::string(kMediumFolder) + "boot/grub/i386-pc/" + name + ".lbm"] =
                "module";
            medium.files[std::string(kStage) + "x86_64-efi/" + name + ".lbm"] = "module";
        }
    }
    medium.files[std::string(kStage) + "lazy.cfg"] = "set lb_lazy=\"" + list + "\"\n";
}

guest::BootMedium medium_of(const PredictionRequest& request) {
    guest::BootMedium medium;
    medium.uefi = request.uefi;
    medium.manufacturer = request.xen ? "Xen" : "QEMU";
    if (!request.parameters.empty())
        medium.oem_strings.push_back(oem_string(request.parameters));
    for (const auto& file : stage_files())
        medium.files[std::string(kStage) + std::string(file.name)] = file.content;
    if (request.secure_boot) {
        for (const auto& file : signed_files())
            medium.files[std::string(kStage) + std::string(file.name)] = file.content;
    }
    add_modules(medium);
    if (request.medium == BootMediumKind::rescue) {
        const auto folder = std::string(kMediumFolder) + "lifeboat/";
        medium.files[folder + "rescue.cfg"] = rescue_config();
        medium.files[folder + "vmlinuz"] = "kernel";
        medium.files[folder + "initrd.img"] = "ramdisk";
    }
    return medium;
}

void prepare(Run& run, const PredictionRequest& request) {
    run.set("prefix", "(memdisk)/boot/grub", true);
    run.set("root", "memdisk", true);
    if (!request.uefi)
        run.set("cmdpath", std::string(kMediumFolder), true);
    run.set("grub_platform", request.uefi ? "efi" : "pc", true);
    run.set("grub_cpu", request.uefi ? "x86_64" : "i386", true);
    for (const auto feature : kFeatures)
        run.set(feature, "y", true);
}

std::string device_of(std::string_view name) {
    const auto close = name.find(')');
    return name.empty() || name.front() != '(' || close == std::string_view::npos
               ? std::string()
               : std::string(name.substr(1, close - 1));
}

const Call* last_call(const Run& run, std::string_view name) {
    const auto& calls = run.calls();
    const auto at = std::find_if(calls.rbegin(), calls.rend(),
                                 [&](const Call& call) { return call.name == name; });
    return at == calls.rend() ? nullptr : &*at;
}

// The candidates of the first look at the disks; a menu after a failure looks again.
std::vector<BootCandidate> candidates_of(const Run& run, const guest::BootWorld& world) {
    std::vector<BootCandidate> out;
    for (const auto& call : run.calls()) {
        if (call.name == "lb_boot" || call.name == "lb_failed")
            break;
        if (call.name == "lb_add" && call.arguments.size() == 3)
            out.push_back({call.arguments[0], world.volume_of(device_of(call.arguments[1])),
                           call.arguments[2]});
    }
    return out;
}

// How the words of the kernel line came to be, and the words as the guest has them.
void explain_line(const Run& run, const guest::BootWorld& world, Prediction& out) {
    const auto* call = last_call(run, "lb_linux");
    if (call == nullptr || call->arguments.size() < 2)
        return;
    std::vector<std::string> before(call->arguments.begin() + 2, call->arguments.end());
    out.original = join(before, " ");
    auto after = out.command_line;
    const auto has_word = [](std::string_view line, const std::string& word) {
        const auto list = text::words(line);
        return std::any_of(list.begin(), list.end(),
                           [&](const text::Word& one) { return one.in(line) == word; });
    };
    for (const auto& word : before) {
        if (word.find(' ') != std::string::npos || has_word(after, word))
            continue;
        if (word.starts_with("root="))
            out.reasons.push_back(word + " is replaced: the root that was found is " +
                                  world.volume_of(device_of(run.get("lb_root_device"))));
        else if (word.starts_with("console="))
            out.reasons.push_back(word + " is replaced: that console is not there outside Xen");
        else
            out.reasons.push_back(word + " is left out or replaced: it does not fit this machine");
    }
    for (const auto& piece : text::words(after)) {
        const std::string word(piece.in(after));
        if (word.starts_with("console=") &&
            std::find(before.begin(), before.end(), word) == before.end())
            out.reasons.push_back(word + " is added");
    }
}

void explain_choice(Prediction& out) {
    const auto count = out.candidates.size();
    if (count == 1)
        out.reasons.push_back("it is the only place where something that boots was found, so it "
                              "starts at once");
    else if (count > 1)
        out.reasons.push_back(std::to_string(count) +
                              " places were found: a menu shows them, and the first one starts "
                              "when nobody presses a key");
}

PredictedResult result_of(const Ending& ending, bool failed, bool found) {
    switch (ending.kind) {
    case Ending::Kind::linux_:
        return ending.device == kMedium ? PredictedResult::rescue : PredictedResult::linux_;
    case Ending::Kind::multiboot: return PredictedResult::multiboot;
    case Ending::Kind::loader: return PredictedResult::loader;
    case Ending::Kind::leaves: return PredictedResult::leaves;
    case Ending::Kind::cannot_tell: return PredictedResult::cannot_tell;
    case Ending::Kind::nothing:
    case Ending::Kind::waits: break;
    }
    if (failed)
        return PredictedResult::fails;
    return found ? PredictedResult::waits : PredictedResult::nothing;
}

// What GRUB 2 would do: our own boot stage, run on these disks.
Prediction predict_grub2(guest::Machine& machine, const PredictionRequest& request) {
    guest::BootWorld world(machine, medium_of(request));
    Run run(world, {"lb_add", "lb_boot", "lb_linux", "lb_failed"});
    prepare(run, request);
    if (request.secure_boot)
        run.under_secure_boot();
    const auto ending = run.start("memdisk", "/boot/grub/grub.cfg");
    Prediction out;
    out.candidates = candidates_of(run, world);
    const auto* failed = last_call(run, "lb_failed");
    out.result = result_of(ending, failed != nullptr, !out.candidates.empty());
    out.doubts = world.not_seen();
    out.doubts.insert(out.doubts.end(), run.doubts().begin(), run.doubts().end());
    out.files = run.files();
    out.entry = run.chosen();
    out.key_needed = run.key_needed();
    out.path = ending.path;
    out.command_line = ending.line;
    out.ramdisks = ending.ramdisk;
    if (!ending.device.empty())
        out.volume = world.volume_of(ending.device);
    explain_choice(out);
    if (ending.kind == Ending::Kind::linux_ && out.result == PredictedResult::linux_)
        explain_line(run, world, out);
    if (failed != nullptr && !failed->arguments.empty())
        out.reasons.push_back((out.result == PredictedResult::fails ? "" : "first: ") +
                              failed->arguments.front());
    else if (!ending.why.empty() && out.result != PredictedResult::nothing)
        out.reasons.push_back(ending.why);
    return out;
}

// Why nothing was found: what lies where.
void tell_volumes(const OpenDisks& disks, Prediction& out) {
    for (std::size_t i = 0; i < disks.size(); ++i)
        for (const auto& volume : disks[i].layout.volumes)
            out.reasons.push_back(guest::Machine::volume_name(i, volume) + " holds " +
                                  (volume.content_name.empty()
                                       ? std::string(volume::to_string(volume.content))
                                       : volume.content_name));
}

} // namespace

Result<Prediction> Session::predict(const PredictionRequest& request, Progress& progress) {
    LIFEBOAT_CHECK(go_on(progress));
    progress.report("Following the boot stage", -1);
    auto machine = machine_over(state_->current(), fs::Access::read);
    auto out = request.medium == BootMediumKind::grub_legacy ? predict_legacy(machine, request)
                                                             : predict_grub2(machine, request);
    if (out.result == PredictedResult::nothing)
        tell_volumes(state_->current(), out);
    out.certain = out.doubts.empty() && out.result != PredictedResult::cannot_tell;
    return out;
}

} // namespace lifeboat::session
