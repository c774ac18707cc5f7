// SPDX-License-Identifier: GPL-2.0-or-later
// A repair session is a transaction over the guest's disks (docs/architecture.md): open, look,
// stage on an overlay, preview, verify, commit, undo. The front ends know this header only.
#pragma once

#include "base/bytes.hpp"
#include "base/progress.hpp"
#include "base/result.hpp"

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace lifeboat::block {
class QemuHelper;
}

namespace lifeboat::session {

struct VolumeInfo {
    std::string id;           // "1"; see volume::Volume
    std::uint64_t offset = 0; // bytes
    std::uint64_t size = 0;   // bytes
    std::string type;         // partition type
    std::string content;      // "ext4", "ntfs", "swap", "unknown"
    std::string label;
    std::string uuid;
    std::string partition_uuid;
    bool active = false;
};

struct DiskInfo {
    std::string path;
    std::uint64_t size = 0;
    std::uint32_t sector_size = 512;
    std::string table; // "mbr", "gpt", "none"
    std::string disk_id;
    std::vector<VolumeInfo> volumes;
    std::vector<std::string> notes;
};

enum class Verdict { healthy, repairable, refused };

struct GuestInfo {
    std::string id; // "windows1"
    std::string os; // "windows", "linux"
    std::string title;
    std::string version;
    std::string architecture;
    std::string volume; // "disk 1, partition 2"
    std::string init;   // Linux only
    Verdict verdict = Verdict::healthy;
    std::vector<Error> obstacles; // why nothing may be changed, when refused
    // Options (ways.hpp) that clear all obstacles away when all of them are agreed to; empty: there
    // is no way past them.
    std::vector<std::string> ways = {};
};

enum class Outcome { healthy, trouble, not_applicable, could_not_look };

struct FindingInfo {
    std::string id;    // "win.xen-class-filter"; also the id of the repair that cures it
    std::string guest; // GuestInfo::id
    Outcome outcome = Outcome::healthy;
    std::string severity; // "critical", "warning", "info"; empty unless trouble
    std::string title;
    std::string why;
    std::string risk;
    std::vector<std::string> evidence; // or the reason of could_not_look / not_applicable
};

struct UnreadableInfo {
    std::string volume;
    Error why;
};

struct Inspection {
    std::vector<DiskInfo> disks;
    std::vector<GuestInfo> guests;
    std::vector<FindingInfo> findings; // every repair asked about every guest of its family
    std::vector<UnreadableInfo> unreadable;

    [[nodiscard]] bool has_trouble() const;
};

struct RegistryChangeInfo {
    std::string hive, key, value; // `value` empty for a key, "(default)" for its default value
    std::string before, after;    // for people; empty: not there
};

struct FileChangeInfo {
    std::string guest;
    std::string volume;
    std::string path;
    std::string kind;   // "created", "changed", "removed", "renamed"
    std::string from;   // where a renamed file was
    std::string target; // of a symbolic link
    std::uint64_t before_size = 0, after_size = 0;
    std::string diff;                         // unified, for text files
    std::vector<RegistryChangeInfo> registry; // for hives
};

struct StagedRepair {
    std::string id;
    std::string guest;
    std::string title;
    std::vector<std::string> sentences; // what it did, in order
};

struct ConflictInfo {
    std::string guest;
    std::string path;
    std::string why; // it was left alone
};

struct Preview {
    std::vector<StagedRepair> repairs;
    std::vector<FileChangeInfo> files;
    struct DiskBlocks {
        std::string disk;
        std::uint64_t blocks = 0, bytes = 0;
    };
    std::vector<DiskBlocks> blocks;
    std::vector<ConflictInfo> conflicts; // of a restore
    [[nodiscard]] bool empty() const { return files.empty() && blocks.empty(); }
};

struct CommitInfo {
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
    std::string undo_file;
};

// Which repair in which guest. `guest` empty: in every guest where it is found; `repair` empty: all
// that is found.
struct Choice {
    std::string repair;
    std::string guest;
};

// Originals that a repair kept in the guest.
struct KeptFileInfo {
    std::string path;
    std::string from;  // where a renamed file was
    std::string kind;  // what the repair did: "created", "changed", "removed", "renamed"
    std::string state; // now: "as_left", "original", "changed", "gone"; "unknown": cannot be read
    bool copy_is_good = true; // the original can be put back
};

struct KeptInfo {
    std::string guest;
    std::string time;   // "20261127T080000Z", the name of the folder
    std::string folder; // in the guest
    std::vector<std::string> repairs;
    std::vector<KeptFileInfo> files;
    std::optional<Error> problem; // why the folder cannot be read
};

struct RestoreChoice {
    std::string time;               // a KeptInfo::time, or "latest"
    std::string guest;              // may be empty when there is only one
    std::vector<std::string> paths; // all when empty
    bool force = false;             // also what was changed since the repair
};

// Obstacles that are cleared away before something is staged, at a price (ways.hpp); the preview
// says what was done.
struct Ways {
    bool discard_hibernation = false;
    bool replay_journal = false;
    auto operator<=>(const Ways&) const = default;
};

// A person's yes to the price of one way, for one guest.
struct Agreement {
    std::string guest;  // GuestInfo::id
    std::string option; // WayInfo::option
    auto operator<=>(const Agreement&) const = default;
};
using Agreements = std::set<Agreement>;

struct Options {
    // Keep the originals of what a repair changes in the guest itself (docs/originals.md).
    bool keep_originals = false;
    Ways ways; // on every volume of the disks: whoever gives them named the disks as well
    std::uint32_t sector_size = 0; // 0: as the disk says
    // Made by prepare() (prepare.hpp) for a process that may start no program itself.
    std::shared_ptr<block::QemuHelper> helper;
};

// A file of a guest, as `lifeboat ls` shows it.
struct EntryInfo {
    std::string name;
    std::string kind; // "file", "directory", "symlink", "other"
    std::uint64_t size = 0;
    std::uint32_t mode = 0; // permission bits; 0 on NTFS
    std::string target;     // of a symbolic link
};

// Which hive: "SYSTEM", "SOFTWARE", "DRIVERS", "BCD", ...; or a path ("/Boot/BCD"), or a path on a
// volume ("2:/Boot/BCD", "D:2:/Boot/BCD"). `guest` may stay empty when there is only one Windows.
struct HiveName {
    std::string hive;
    std::string guest;
};

struct ValueInfo {
    std::string name; // empty: the key's default value
    std::string type; // "REG_DWORD"
    Bytes data;
    std::string text; // for people: REG_DWORD 0x00000003 (3)
};

// How a hive stands to its transaction logs.
struct HiveInfo {
    std::size_t entries = 0; // of the logs, which were applied to what is shown
    std::string note;        // for people: "clean", "24 log entries applied (2107 to 2130)"
    // Why the logs do not complete the hive: its newest changes are not shown, and nothing may be
    // changed in it.
    std::optional<Error> incomplete;
};

struct KeyInfo {
    std::vector<std::string> subkeys;
    std::vector<ValueInfo> values;
    HiveInfo state;
};

struct KeyText {
    std::string text; // .reg
    HiveInfo state;
};

struct RegistryEdit {
    enum class Kind { set, delete_value, delete_key, import };
    Kind kind = Kind::set;
    std::string key;               // not for import
    std::string value;             // set, delete_value; empty: the default value
    std::string type;              // set: "dword", "REG_SZ", ...; empty: as the value has now
    std::vector<std::string> data; // set: one, or for multi_sz any number
    Bytes text;                    // import: .reg text
};

struct PredictionRequest; // predict.hpp
struct Prediction;

class Session {
public:
    // Opens the disks read-only below an overlay.
    [[nodiscard]] static Result<Session> open(const std::vector<std::string>& disks,
                                              const Options& options, Progress& progress);
    ~Session();
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;

    // Disks and volumes only.
    [[nodiscard]] const std::vector<DiskInfo>& disks() const;
    // Looks at everything; as it is now on the overlay, so after stage() as it will be.
    [[nodiscard]] Result<Inspection> inspect(Progress& progress);

    // Runs the chosen repairs on the overlay (all that are found when `choices` is empty), reads
    // everything back with a second reader, and asks the repairs again. On an error, and when a
    // repair did not cure what it found, nothing stays staged.
    [[nodiscard]] Result<Preview> stage(std::span<const Choice> choices, Progress& progress);
    // Direct edits of the guest's files and hives, staged the same way. A `volume` is "2", "0",
    // "vg/lv", or "D:2" with D the number of the disk.
    [[nodiscard]] Result<Preview> stage_put(std::string_view volume, std::string_view path,
                                            ByteSpan content, Progress& progress);
    [[nodiscard]] Result<Preview> stage_remove(std::string_view volume, std::string_view path,
                                               Progress& progress);
    // Edits one hive. In SYSTEM, CurrentControlSet means the set that Select names.
    [[nodiscard]] Result<Preview> stage_registry(const HiveName& name, const RegistryEdit& edit,
                                                 Progress& progress);
    // Makes both copies of every disk's GPT good again where one is; done only when asked for.
    [[nodiscard]] Result<Preview> stage_gpt(Progress& progress);
    // Clears away what was agreed to, in the volumes of those guests alone, instead of the options'
    // ways and of earlier agreements, from the next staging on. What was staged is dropped. `usage`
    // when there is no such guest or option: nothing is agreed to then.
    [[nodiscard]] Result<void> go_past(const Agreements& agreed);
    // Puts back originals that an earlier repair kept. What was changed since is a conflict of the
    // preview, and is left alone unless forced.
    [[nodiscard]] Result<Preview> stage_restore(const RestoreChoice& choice, Progress& progress);
    void discard();

    // Looking at single files and hives; `volume` as for stage_put().
    [[nodiscard]] Result<std::vector<EntryInfo>> list_files(std::string_view volume,
                                                            std::string_view path);
    [[nodiscard]] Result<Bytes> read_file(std::string_view volume, std::string_view path);
    // `not_found` when there is no such key.
    [[nodiscard]] Result<KeyInfo> registry_key(const HiveName& name, std::string_view key);
    [[nodiscard]] Result<KeyText> registry_export(const HiveName& name, std::string_view key);

    // Newest last.
    [[nodiscard]] Result<std::vector<KeptInfo>> kept(Progress& progress);

    // What a chainload medium would boot from the disks, as they are now on the overlay.
    [[nodiscard]] Result<Prediction> predict(const PredictionRequest& request, Progress& progress);

    // Writes what is staged. The undo file is complete before the first block is written.
    [[nodiscard]] Result<CommitInfo> commit(const std::string& undo_file, Progress& progress);

private:
    struct State;
    explicit Session(std::unique_ptr<State> state);
    Result<const std::vector<struct OpenDisk>*> begin();
    Result<Preview> settle(Result<Preview> preview);
    std::unique_ptr<State> state_;
};

// Restores; see block/commit.hpp.
[[nodiscard]] Result<CommitInfo> undo(const std::string& undo_file,
                                      std::span<const std::string> disks, Progress& progress,
                                      const Options& options = {});

} // namespace lifeboat::session
