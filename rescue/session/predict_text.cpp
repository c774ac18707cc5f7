// SPDX-License-Identifier: GPL-2.0-or-later
// A prediction for people.
#include "base/text.hpp"
#include "session/documents.hpp"
#include "session/predict.hpp"

namespace lifeboat::session {

namespace {

std::string headline(const Prediction& prediction) {
    const auto where = prediction.path.empty() ? "the boot sector of " + prediction.volume
                                               : prediction.path + " on " + prediction.volume;
    switch (prediction.result) {
    case PredictedResult::linux_: return "boots " + where;
    case PredictedResult::loader: return "starts another boot loader: " + where;
    case PredictedResult::multiboot: return "starts a multiboot kernel: " + where;
    case PredictedResult::rescue: return "starts the repair environment";
    case PredictedResult::waits: return "waits for a person";
    case PredictedResult::fails: return "does not boot";
    case PredictedResult::nothing: return "finds nothing that can be booted";
    case PredictedResult::leaves: return "does not boot: the guest's configuration says so";
    case PredictedResult::cannot_tell: return "cannot be predicted";
    }
    return "cannot be predicted";
}

std::string item(std::string_view name, std::string_view text) {
    std::string first = "  " + std::string(name);
    first.append(first.size() < 12 ? 12 - first.size() : 1, ' ');
    return wrapped(text, first, std::string(12, ' '));
}

} // namespace

std::string_view to_string(PredictedResult result) {
    switch (result) {
    case PredictedResult::linux_: return "linux";
    case PredictedResult::loader: return "loader";
    case PredictedResult::multiboot: return "multiboot";
    case PredictedResult::rescue: return "rescue";
    case PredictedResult::waits: return "waits";
    case PredictedResult::fails: return "fails";
    case PredictedResult::nothing: return "nothing";
    case PredictedResult::leaves: return "leaves";
    case PredictedResult::cannot_tell: return "cannot_tell";
    }
    return "cannot_tell";
}

std::string_view to_string(BootMediumKind medium) {
    switch (medium) {
    case BootMediumKind::grub2: return "grub2";
    case BootMediumKind::grub_legacy: return "grub-legacy";
    case BootMediumKind::rescue: return "rescue";
    }
    return "grub2";
}

Result<BootMediumKind> boot_medium_named(std::string_view name) {
    for (const auto medium :
         {BootMediumKind::grub2, BootMediumKind::grub_legacy, BootMediumKind::rescue})
        if (to_string(medium) == name)
            return medium;
    return fail(ErrorKind::usage, std::string(name), "there is no such medium",
                "grub2, grub-legacy and rescue are there");
}

bool boots(const Prediction& prediction) {
    switch (prediction.result) {
    case PredictedResult::linux_:
    case PredictedResult::loader:
    case PredictedResult::multiboot:
    case PredictedResult::rescue: return !prediction.key_needed;
    case PredictedResult::waits:
    case PredictedResult::fails:
    case PredictedResult::nothing:
    case PredictedResult::leaves:
    case PredictedResult::cannot_tell: return false;
    }
    return false;
}

std::string prediction_text(const PredictionRequest& request, const Prediction& prediction) {
    std::string out = wrapped("The medium " + std::string(to_string(request.medium)) + " " +
                                  headline(prediction) + (prediction.certain ? "." : ", perhaps."),
                              "", "  ");
    for (const auto& candidate : prediction.candidates)
        out += item("found", candidate.kind + " " + candidate.path + " on " + candidate.volume);
    for (const auto& file : prediction.files)
        out += item("runs", file);
    for (const auto& title : prediction.entry)
        out +=
            item("entry", title + (prediction.key_needed ? " (after a key: the menu waits)" : ""));
    if (!prediction.original.empty() && prediction.original != prediction.command_line)
        out += item("guest has", prediction.original);
    if (!prediction.command_line.empty())
        out += item("line", prediction.command_line);
    for (const auto& file : prediction.ramdisks)
        out += item("ramdisk", file);
    for (const auto& reason : prediction.reasons)
        out += item("why", reason);
    for (const auto& doubt : prediction.doubts)
        out += item("not sure", doubt);
    return out;
}

} // namespace lifeboat::session
