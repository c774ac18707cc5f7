// SPDX-License-Identifier: GPL-2.0-or-later
// What --json prints. Names and meanings: docs/json.md; a change here that
// takes a name away or gives it another meaning needs a new schema number.
#include "base/text.hpp"
#include "session/documents.hpp"
#include "session/predict.hpp"

#include <nlohmann/json.hpp>

namespace lifeboat::session {

namespace {

using Json = nlohmann::ordered_json;

Json document(std::string_view kind) {
    Json out;
    out["schema"] = kSchema;
    out["kind"] = kind;
    return out;
}

std::string written(const Json& json) {
    return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

template <class T> Json list_of(const std::vector<T>& items);

std::string_view name_of(Verdict verdict) {
    switch (verdict) {
    case Verdict::healthy: return "healthy";
    case Verdict::repairable: return "repairable";
    case Verdict::refused: return "refused";
    }
    return "refused";
}

std::string_view name_of(Outcome outcome) {
    switch (outcome) {
    case Outcome::healthy: return "healthy";
    case Outcome::trouble: return "trouble";
    case Outcome::not_applicable: return "not_applicable";
    case Outcome::could_not_look: return "could_not_look";
    }
    return "could_not_look";
}

Json json_of(const std::string& text) { return text; }

Json json_of(const Error& error) {
    Json out;
    out["kind"] = to_string(error.kind);
    out["where"] = error.where;
    out["what"] = error.what;
    out["next"] = error.next;
    out["option"] = error.option;
    return out;
}

Json json_of(const VolumeInfo& volume) {
    Json out;
    out["id"] = volume.id;
    out["offset"] = volume.offset;
    out["size"] = volume.size;
    out["type"] = volume.type;
    out["content"] = volume.content;
    out["label"] = volume.label;
    out["uuid"] = volume.uuid;
    out["partition_uuid"] = volume.partition_uuid;
    out["active"] = volume.active;
    return out;
}

Json json_of(const DiskInfo& disk) {
    Json out;
    out["path"] = disk.path;
    out["size"] = disk.size;
    out["sector_size"] = disk.sector_size;
    out["table"] = disk.table;
    out["disk_id"] = disk.disk_id;
    out["volumes"] = list_of(disk.volumes);
    out["notes"] = list_of(disk.notes);
    return out;
}

Json json_of(const GuestInfo& guest) {
    Json out;
    out["id"] = guest.id;
    out["os"] = guest.os;
    out["title"] = guest.title;
    out["version"] = guest.version;
    out["architecture"] = guest.architecture;
    out["volume"] = guest.volume;
    out["init"] = guest.init;
    out["verdict"] = name_of(guest.verdict);
    out["obstacles"] = list_of(guest.obstacles);
    out["ways"] = guest.ways;
    return out;
}

Json json_of(const UnreadableInfo& volume) {
    Json out;
    out["volume"] = volume.volume;
    out["error"] = json_of(volume.why);
    return out;
}

Json json_of(const RegistryChangeInfo& change) {
    Json out;
    out["hive"] = change.hive;
    out["key"] = change.key;
    out["value"] = change.value;
    out["before"] = change.before;
    out["after"] = change.after;
    return out;
}

Json json_of(const FileChangeInfo& file) {
    Json out;
    out["guest"] = file.guest;
    out["volume"] = file.volume;
    out["path"] = file.path;
    out["kind"] = file.kind;
    out["from"] = file.from;
    out["target"] = file.target;
    out["before_size"] = file.before_size;
    out["after_size"] = file.after_size;
    out["diff"] = file.diff;
    out["registry"] = list_of(file.registry);
    return out;
}

Json json_of(const StagedRepair& repair) {
    Json out;
    out["id"] = repair.id;
    out["guest"] = repair.guest;
    out["title"] = repair.title;
    out["actions"] = list_of(repair.sentences);
    return out;
}

Json json_of(const Preview::DiskBlocks& blocks) {
    Json out;
    out["disk"] = blocks.disk;
    out["blocks"] = blocks.blocks;
    out["bytes"] = blocks.bytes;
    return out;
}

Json json_of(const ConflictInfo& conflict) {
    Json out;
    out["guest"] = conflict.guest;
    out["path"] = conflict.path;
    out["why"] = conflict.why;
    return out;
}

Json json_of(const KeptFileInfo& file) {
    Json out;
    out["path"] = file.path;
    out["from"] = file.from;
    out["kind"] = file.kind;
    out["state"] = file.state;
    out["copy_is_good"] = file.copy_is_good;
    return out;
}

Json json_of(const KeptInfo& kept) {
    Json out;
    out["guest"] = kept.guest;
    out["time"] = kept.time;
    out["folder"] = kept.folder;
    out["repairs"] = list_of(kept.repairs);
    out["files"] = list_of(kept.files);
    out["problem"] = kept.problem ? json_of(*kept.problem) : Json(nullptr);
    return out;
}

Json json_of(const CommitInfo& commit) {
    Json out;
    out["blocks"] = commit.blocks;
    out["bytes"] = commit.bytes;
    out["undo_file"] = commit.undo_file;
    return out;
}

Json json_of(const BootCandidate& candidate) {
    Json out;
    out["kind"] = candidate.kind;
    out["volume"] = candidate.volume;
    out["path"] = candidate.path;
    return out;
}

Json json_of(const EntryInfo& entry) {
    Json out;
    out["name"] = entry.name;
    out["kind"] = entry.kind;
    out["size"] = entry.size;
    out["mode"] = entry.mode;
    out["target"] = entry.target;
    return out;
}

Json json_of(const ValueInfo& value) {
    Json out;
    out["name"] = value.name;
    out["type"] = value.type;
    out["data"] = hex(ByteSpan(value.data));
    out["text"] = value.text;
    return out;
}

template <class T> Json list_of(const std::vector<T>& items) {
    Json out = Json::array();
    for (const auto& item : items)
        out.push_back(json_of(item));
    return out;
}

// "findings" holds what is wrong; "checks" every question that was asked, with its answer.
void add_findings(Json& out, const Inspection& inspection) {
    Json findings = Json::array();
    Json checks = Json::array();
    for (const auto& finding : inspection.findings) {
        const bool trouble = finding.outcome == Outcome::trouble;
        Json check;
        check["id"] = finding.id;
        check["guest"] = finding.guest;
        check["outcome"] = name_of(finding.outcome);
        check["reasons"] = trouble ? Json::array() : list_of(finding.evidence);
        checks.push_back(std::move(check));
        if (!trouble)
            continue;
        Json json;
        json["id"] = finding.id;
        json["guest"] = finding.guest;
        json["severity"] = finding.severity;
        json["title"] = finding.title;
        json["why"] = finding.why;
        json["risk"] = finding.risk;
        json["evidence"] = list_of(finding.evidence);
        json["repair"] = finding.id;
        findings.push_back(std::move(json));
    }
    out["findings"] = std::move(findings);
    out["checks"] = std::move(checks);
}

void add_inspection(Json& out, const Inspection& inspection) {
    out["disks"] = list_of(inspection.disks);
    out["guests"] = list_of(inspection.guests);
    add_findings(out, inspection);
    out["unreadable"] = list_of(inspection.unreadable);
}

} // namespace

std::string to_json(const Inspection& inspection) {
    auto out = document("diagnosis");
    add_inspection(out, inspection);
    return written(out);
}

std::string to_json(const Preview& preview, const CommitInfo* commit, const Inspection* after) {
    auto out = document("repair");
    out["written"] = commit != nullptr;
    out["repairs"] = list_of(preview.repairs);
    out["files"] = list_of(preview.files);
    out["blocks"] = list_of(preview.blocks);
    out["conflicts"] = list_of(preview.conflicts);
    out["commit"] = commit != nullptr ? json_of(*commit) : Json(nullptr);
    out["after"] = nullptr;
    if (after != nullptr) {
        out["after"] = Json::object();
        add_inspection(out["after"], *after);
    }
    return written(out);
}

std::string to_json(const Error& error) {
    auto out = document("error");
    out["error"] = json_of(error);
    return written(out);
}

std::string to_json(const std::vector<DiskInfo>& disks, const std::vector<GuestInfo>& guests) {
    auto out = document("layout");
    out["disks"] = list_of(disks);
    out["guests"] = list_of(guests);
    return written(out);
}

std::string to_json(const PredictionRequest& request, const Prediction& prediction) {
    auto out = document("prediction");
    out["medium"] = to_string(request.medium);
    out["firmware"] = request.secure_boot ? "secureboot" : request.uefi ? "uefi" : "bios";
    out["host"] = request.xen ? "xen" : "kvm";
    out["result"] = to_string(prediction.result);
    out["certain"] = prediction.certain;
    out["candidates"] = list_of(prediction.candidates);
    out["files"] = list_of(prediction.files);
    out["entry"] = list_of(prediction.entry);
    out["key_needed"] = prediction.key_needed;
    out["volume"] = prediction.volume;
    out["path"] = prediction.path;
    out["command_line"] = prediction.command_line;
    out["original"] = prediction.original;
    out["ramdisks"] = list_of(prediction.ramdisks);
    out["reasons"] = list_of(prediction.reasons);
    out["doubts"] = list_of(prediction.doubts);
    return written(out);
}

std::string undo_json(const CommitInfo& undone) {
    auto out = document("undo");
    out["commit"] = json_of(undone);
    return written(out);
}

std::string kept_json(const std::vector<KeptInfo>& kept) {
    auto out = document("kept");
    out["kept"] = list_of(kept);
    return written(out);
}

std::string entries_json(const std::vector<EntryInfo>& entries) {
    auto out = document("entries");
    out["entries"] = list_of(entries);
    return written(out);
}

namespace {

std::string_view logs_word(const HiveInfo& state) {
    if (state.incomplete)
        return "refused";
    return state.entries > 0 ? "replayed" : "clean";
}

} // namespace

std::string key_json(std::string_view hive, std::string_view key, const KeyInfo& info) {
    auto out = document("key");
    out["hive"] = hive;
    out["key"] = key;
    out["dirty"] = info.state.incomplete.has_value();
    out["state"]["logs"] = logs_word(info.state);
    out["state"]["entries"] = info.state.entries;
    out["state"]["why"] = info.state.incomplete ? json_of(*info.state.incomplete) : Json();
    out["subkeys"] = list_of(info.subkeys);
    out["values"] = list_of(info.values);
    return written(out);
}

} // namespace lifeboat::session
