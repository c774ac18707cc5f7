// SPDX-License-Identifier: GPL-2.0-or-later
// The one structure a session fills, written as JSON (docs/json.md, schema "lifeboat/1") and as
// text for people. Both front ends print with these.
#pragma once

#include "session/session.hpp"

namespace lifeboat::session {

inline constexpr std::string_view kSchema = "lifeboat/1";

[[nodiscard]] std::string to_json(const Inspection& inspection);
// What a `repair` run did: preview, and the commit when there was one.
[[nodiscard]] std::string to_json(const Preview& preview, const CommitInfo* commit,
                                  const Inspection* after);
[[nodiscard]] std::string to_json(const Error& error);
[[nodiscard]] std::string to_json(const std::vector<DiskInfo>& disks,
                                  const std::vector<GuestInfo>& guests);

[[nodiscard]] std::string layout_text(const std::vector<DiskInfo>& disks,
                                      const std::vector<GuestInfo>& guests);
[[nodiscard]] std::string diagnosis_text(const Inspection& inspection);
[[nodiscard]] std::string preview_text(const Preview& preview);

// The support engineer's page of a finding (docs/findings/<id>.md, embedded at build time);
// nothing when there is none. And all ids, sorted.
[[nodiscard]] std::optional<std::string_view> finding_page(std::string_view id);
[[nodiscard]] std::vector<std::string_view> finding_pages();

} // namespace lifeboat::session
