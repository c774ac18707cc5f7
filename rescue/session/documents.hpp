// SPDX-License-Identifier: GPL-2.0-or-later
// The one structure a session fills, written as JSON (docs/json.md, schema "lifeboat/1") and as
// text for people. Both front ends print with these.
#pragma once

#include "session/session.hpp"

namespace lifeboat::session {

inline constexpr std::string_view kSchema = "lifeboat/1";

// All JSON is ASCII (everything else is escaped), so that it can neither drive a terminal nor
// depend on a locale; it ends with a newline.
[[nodiscard]] std::string to_json(const Inspection& inspection);
// What a `repair` run did: preview, and the commit when there was one.
[[nodiscard]] std::string to_json(const Preview& preview, const CommitInfo* commit,
                                  const Inspection* after);
[[nodiscard]] std::string to_json(const Error& error);
[[nodiscard]] std::string to_json(const std::vector<DiskInfo>& disks,
                                  const std::vector<GuestInfo>& guests);
[[nodiscard]] std::string undo_json(const CommitInfo& undone);
[[nodiscard]] std::string kept_json(const std::vector<KeptInfo>& kept);
[[nodiscard]] std::string entries_json(const std::vector<EntryInfo>& entries);
[[nodiscard]] std::string key_json(std::string_view hive, std::string_view key,
                                   const KeyInfo& info);

// For people, 79 columns wide where the words allow it; guest text is made printable.
[[nodiscard]] std::string layout_text(const std::vector<DiskInfo>& disks,
                                      const std::vector<GuestInfo>& guests);
[[nodiscard]] std::string diagnosis_text(const Inspection& inspection);
[[nodiscard]] std::string preview_text(const Preview& preview);
[[nodiscard]] std::string kept_text(const std::vector<KeptInfo>& kept);
[[nodiscard]] std::string entries_text(const std::vector<EntryInfo>& entries);
[[nodiscard]] std::string key_text(const KeyInfo& info);

// The support engineer's page of a finding (docs/findings/<id>.md, embedded at build time);
// nothing when there is none. And all ids, sorted.
[[nodiscard]] std::optional<std::string_view> finding_page(std::string_view id);
[[nodiscard]] std::vector<std::string_view> finding_pages();

// `text` in lines of at most `width` columns, broken at blanks; the first starts with `first`, the
// others with `rest`. Made printable. Ends with a newline.
[[nodiscard]] std::string wrapped(std::string_view text, std::string_view first,
                                  std::string_view rest, std::size_t width = 79);

} // namespace lifeboat::session
