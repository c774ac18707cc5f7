// SPDX-License-Identifier: GPL-2.0-or-later
// What the process that parses disks tells the front end: it may have been taken over.
#include "session/engine_messages.hpp"
#include "fuzz/target.hpp"

namespace lifeboat::fuzz {

void run(ByteSpan input) {
    static_cast<void>(session::unpack_request(input));
    if (const auto message = session::unpack_message(input))
        holds(session::unpack_message(session::pack(*message)).has_value(),
              "our own bytes are understood");
}

std::vector<Bytes> seeds() {
    using namespace session;
    Inspection seen;
    seen.disks.push_back({"/dev/vda", 1U << 30, 512, "mbr", "id", {{}}, {"note"}});
    seen.guests.push_back({"linux1",
                           "linux",
                           "t",
                           "12",
                           "x86_64",
                           "v",
                           "systemd",
                           {},
                           {Error{}},
                           {"--replay-journal"}});
    seen.findings.push_back({"linux.getty", "linux1", {}, "critical", "t", "w", "r", {"e"}});
    seen.unreadable.push_back({"v", Error{}});
    Preview preview;
    preview.repairs.push_back({"linux.getty", "linux1", "t", {"s"}});
    preview.files.push_back({"linux1", "v", "/p", "changed", "", "", 1, 2, "diff", {{}}});
    preview.blocks.push_back({"/dev/vda", 1, 4096});
    preview.conflicts.push_back({"linux1", "/p", "why"});
    std::vector<Bytes> out;
    for (const EngineMessage& message :
         {EngineMessage(seen), EngineMessage(preview), EngineMessage(Error{}),
          EngineMessage(CommitInfo{1, 4096, "u"}), EngineMessage(Report{"d", 0.5})})
        out.push_back(pack(message));
    out.push_back(pack(EngineRequest{Call::restore,
                                     {{"r", "g"}},
                                     {"latest", "g", {"/p"}, true},
                                     {{"g", "--replay-journal"}},
                                     "u",
                                     7}));
    return out;
}

} // namespace lifeboat::fuzz
