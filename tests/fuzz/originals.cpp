// SPDX-License-Identifier: GPL-2.0-or-later
// The list of kept originals lies in the guest, where anybody may have written it.
#include "session/originals.hpp"
#include "base/text.hpp"
#include "fuzz/target.hpp"

namespace lifeboat::fuzz {

namespace {

bool leaves_its_folder(const std::string& name) {
    return name.find('/') != std::string::npos || name == "..";
}

} // namespace

void run(ByteSpan input) {
    const auto manifest = session::parse_manifest(input);
    if (!manifest)
        return;
    for (const auto& file : manifest->files) {
        holds(file.path.starts_with("/"), "a path is absolute");
        holds(!leaves_its_folder(file.before.original), "a copy lies beside the manifest");
    }
    const auto text = session::manifest_text(*manifest);
    holds(session::parse_manifest(to_bytes(text)).has_value(), "our own text is understood");
}

std::vector<Bytes> seeds() {
    using session::KeptSide;
    const std::string hash(64, 'a');
    const session::Manifest manifest{
        "20261127T080000Z",
        {"linux.kernel-console"},
        {{"/etc/fstab",
          "",
          0644,
          {KeptSide::Kind::file, hash, "1-fstab", ""},
          {KeptSide::Kind::file, hash, "", ""}},
         {"/a",
          "/b",
          0600,
          {KeptSide::Kind::link, "", "", "c"},
          {KeptSide::Kind::link, "", "", "c"}},
         {"/new", "", 0, {}, {KeptSide::Kind::directory, "", "", ""}}}};
    return {to_bytes(session::manifest_text(manifest))};
}

} // namespace lifeboat::fuzz
