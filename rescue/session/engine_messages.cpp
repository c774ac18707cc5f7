// SPDX-License-Identifier: GPL-2.0-or-later
// CBOR (RFC 8949) by the JSON library: texts of a guest need not be UTF-8, and CBOR keeps them as
// they are. Both ends are the same program, so there is no version here.
#include "session/engine_messages.hpp"

#include <nlohmann/json.hpp>

namespace lifeboat {

using nlohmann::json;

namespace {

template <class Enum> void to_number(json& out, Enum value) { out = static_cast<int>(value); }

template <class Enum> void from_number(const json& in, Enum& value, Enum last) {
    const auto number = in.get<int>();
    if (number < 0 || number > static_cast<int>(last))
        throw std::out_of_range("not a value of this kind");
    value = static_cast<Enum>(number);
}

} // namespace

void to_json(json& out, const ErrorKind& kind) { to_number(out, kind); }
void from_json(const json& in, ErrorKind& kind) { from_number(in, kind, ErrorKind::internal); }
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Error, kind, where, what, next, option)

namespace session {

void to_json(json& out, const Verdict& verdict) { to_number(out, verdict); }
void from_json(const json& in, Verdict& verdict) { from_number(in, verdict, Verdict::refused); }
void to_json(json& out, const Outcome& outcome) { to_number(out, outcome); }
void from_json(const json& in, Outcome& outcome) {
    from_number(in, outcome, Outcome::could_not_look);
}
void to_json(json& out, const Call& call) { to_number(out, call); }
void from_json(const json& in, Call& call) { from_number(in, call, Call::restore); }

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Choice, repair, guest)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RestoreChoice, time, guest, paths, force)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Agreement, guest, option)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EngineRequest, call, choices, restore, agreed, undo_file, number)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(VolumeInfo, id, offset, size, type, content, label, uuid,
                                   partition_uuid, active)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DiskInfo, path, size, sector_size, table, disk_id, volumes,
                                   notes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GuestInfo, id, os, title, version, architecture, volume, init,
                                   verdict, obstacles, ways)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FindingInfo, id, guest, outcome, severity, title, why, risk,
                                   evidence)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(UnreadableInfo, volume, why)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Inspection, disks, guests, findings, unreadable)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RegistryChangeInfo, hive, key, value, before, after)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FileChangeInfo, guest, volume, path, kind, from, target,
                                   before_size, after_size, diff, registry)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StagedRepair, id, guest, title, sentences)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Preview::DiskBlocks, disk, blocks, bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ConflictInfo, guest, path, why)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Preview, repairs, files, blocks, conflicts)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(KeptFileInfo, path, from, kind, state, copy_is_good)
// No problem is an empty list: the JSON library knows no optional.
void to_json(json& out, const KeptInfo& kept) {
    out = json{{"guest", kept.guest},     {"time", kept.time},   {"folder", kept.folder},
               {"repairs", kept.repairs}, {"files", kept.files}, {"problem", json::array()}};
    if (kept.problem)
        out["problem"].push_back(*kept.problem);
}
void from_json(const json& in, KeptInfo& kept) {
    in.at("guest").get_to(kept.guest);
    in.at("time").get_to(kept.time);
    in.at("folder").get_to(kept.folder);
    in.at("repairs").get_to(kept.repairs);
    in.at("files").get_to(kept.files);
    kept.problem.reset();
    if (const auto& problem = in.at("problem"); !problem.empty())
        kept.problem = problem.at(0).get<Error>();
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CommitInfo, blocks, bytes, undo_file)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Report, doing, fraction)
void to_json(json& out, const Done& /*done*/) { out = nullptr; }
void from_json(const json& /*in*/, Done& /*done*/) {}

namespace {

Bytes packed(const json& value) {
    std::vector<std::uint8_t> raw;
    json::to_cbor(value, raw);
    Bytes out(raw.size());
    std::transform(raw.begin(), raw.end(), out.begin(), [](auto one) { return std::byte{one}; });
    return out;
}

json unpacked(ByteSpan bytes) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
    return json::from_cbor(first, first + bytes.size());
}

// The value of the variant's branch `which`, from `value`.
template <std::size_t branch = 0> EngineMessage message_of(std::size_t which, const json& value) {
    if constexpr (branch < std::variant_size_v<EngineMessage>) {
        if (which != branch)
            return message_of<branch + 1>(which, value);
        return value.get<std::variant_alternative_t<branch, EngineMessage>>();
    } else {
        throw std::out_of_range("not a kind of message");
    }
}

} // namespace

Bytes pack(const EngineRequest& request) { return packed(request); }

std::optional<EngineRequest> unpack_request(ByteSpan bytes) {
    try {
        return unpacked(bytes).get<EngineRequest>();
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

Bytes pack(const EngineMessage& message) {
    return std::visit(
        [&message](const auto& value) {
            return packed(json::array({message.index(), json(value)}));
        },
        message);
}

std::optional<EngineMessage> unpack_message(ByteSpan bytes) {
    try {
        const auto pair = unpacked(bytes);
        return message_of(pair.at(0).get<std::size_t>(), pair.at(1));
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

} // namespace session
} // namespace lifeboat
