// SPDX-License-Identifier: GPL-2.0-or-later
// What a repair may do to a guest, on the overlay. Everything goes through here, so the record of
// changes is complete. Only the session makes an Editor.
#pragma once

#include "guest/machine.hpp"

namespace lifeboat::guest {

enum class FileChangeKind { created, changed, removed, renamed };

struct FileChange {
    FileChangeKind kind = FileChangeKind::changed;
    std::string volume; // "disk 1, partition 2"
    std::string path;   // in the guest: "/etc/fstab"
    std::string from;   // for renamed
    bool is_directory = false;
    std::optional<std::string> link; // target, when it is a symbolic link
    std::optional<Bytes> before;
    std::optional<Bytes> after;
    std::uint32_t mode = 0; // of what was there before; 0 on NTFS and FAT
};

class Editor {
public:
    // The guest's file systems must be open for writing.
    explicit Editor(GuestPtr guest);
    ~Editor();
    Editor(const Editor&) = delete;
    Editor& operator=(const Editor&) = delete;

    [[nodiscard]] const Guest& guest() const;

    // Sees what this editor has already done, unlike the guest's remembered facts.
    [[nodiscard]] Result<std::optional<std::string>> read_text(std::string_view path) const;
    // Replaces the content of a file, or creates it. Unchanged content writes nothing.
    [[nodiscard]] Result<void> write_text(std::string_view path, std::string_view content,
                                          const fs::NewFile& if_new = {});
    [[nodiscard]] Result<void> write(std::string_view path, ByteSpan content,
                                     const fs::NewFile& if_new = {});
    [[nodiscard]] Result<void> make_directory(std::string_view path,
                                              const fs::NewFile& if_new = {0755, 0, 0});
    [[nodiscard]] Result<void> make_symlink(std::string_view path, std::string_view target);
    [[nodiscard]] Result<void> rename(std::string_view from, std::string_view to);
    [[nodiscard]] Result<void> remove(std::string_view path);
    // A hive for editing, loaded once, with its transaction logs applied. `refused` when it is
    // dirty and they do not complete it.
    [[nodiscard]] Result<registry::Hive*> hive(std::string_view name);
    // A hive by its path in the guest, for stores outside config\ (BCD).
    [[nodiscard]] Result<registry::Hive*> hive_at(std::string_view path);

    // One plain sentence for the preview: "Remove XENFILT from UpperFilters of class HDC".
    void note(std::string sentence);

    // Writes changed hives into their files. Called once, by the session, after all repairs.
    [[nodiscard]] Result<void> finish();
    // Net effect per file, in path order; complete after finish().
    [[nodiscard]] std::vector<FileChange> changes() const;
    // The same, and the record begins anew. Contents are moved, not copied: hives are large.
    [[nodiscard]] std::vector<FileChange> take_changes();
    // Sentences noted since the last call.
    [[nodiscard]] std::vector<std::string> take_notes();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace lifeboat::guest
