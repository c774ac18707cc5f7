// SPDX-License-Identifier: GPL-2.0-or-later
// lifeboat.run=VERB: one job without a person. The host reads the result from the virtio-serial
// port "org.lifeboat.0", else from the first serial console (docs/testing.md has the format).
#pragma once

#include <string>
#include <string_view>

namespace lifeboat::bootmedia {

// The name of the port for results, of the one for the undo file, and of the one for messages.
constexpr auto kResultPort = "org.lifeboat.0";
constexpr auto kUndoPort = "org.lifeboat.undo";
constexpr auto kLogPort = "org.lifeboat.log";

// Does the job and hands over the result; the machine is to be switched off afterwards.
void run_without_person(std::string_view verb);

} // namespace lifeboat::bootmedia
