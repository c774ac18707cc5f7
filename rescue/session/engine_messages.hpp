// SPDX-License-Identifier: GPL-2.0-or-later
// What the two processes of a guarded engine (guarded_engine.hpp) say to each other, as bytes. The
// process that parses a guest's disk may have been taken over: whatever does not unpack is an empty
// optional, never a crash.
#pragma once

#include "base/bytes.hpp"
#include "session/session.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lifeboat::session {

enum class Call { look, stage, discard, commit, undo, kept, restore };

struct EngineRequest {
    Call call = Call::look;
    std::vector<Choice> choices = {}; // stage
    RestoreChoice restore = {};
    Agreements agreed = {};     // stage, restore
    std::string undo_file = {}; // undo
    std::uint64_t number = 0;   // from 1; answers repeat it
};

struct Done {}; // the answer to discard

struct Report { // see Progress::report
    std::string doing;
    double fraction = -1;
};

using EngineMessage =
    std::variant<Error, Inspection, Preview, CommitInfo, Done, Report, std::vector<KeptInfo>>;

// Larger ones are not from us: the longest answers hold the differences of large text files.
inline constexpr std::size_t kLargestMessage = 256U << 20;

[[nodiscard]] Bytes pack(const EngineRequest& request);
[[nodiscard]] std::optional<EngineRequest> unpack_request(ByteSpan bytes);
[[nodiscard]] Bytes pack(const EngineMessage& message);
[[nodiscard]] std::optional<EngineMessage> unpack_message(ByteSpan bytes);

} // namespace lifeboat::session
