// SPDX-License-Identifier: GPL-2.0-or-later
// The floor of the bench: what the work itself costs with the plain libraries on a raw image. No
// overlay, no check of the result, no undo, no protection against a power cut. Not for customers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace floor_ {

using Content = std::vector<char>;

[[noreturn]] void die(const char* what);
void read_at(int file, std::uint64_t offset, void* out, std::size_t size);
void write_at(int file, std::uint64_t offset, const void* data, std::size_t size);

// An NTFS volume at this offset of an open disk. The path uses '/'.
class Ntfs {
public:
    Ntfs(int disk, std::uint64_t offset, bool write);
    ~Ntfs();
    Ntfs(const Ntfs&) = delete;
    Ntfs& operator=(const Ntfs&) = delete;
    Content read(const std::string& path);
    // Writes only the 4 KiB pieces of `now` that differ from `before`; makes the file longer.
    void write(const std::string& path, const Content& before, const Content& now);

private:
    struct State;
    State* state_;
};

// Replaces every `from` by `to` in a file of the ext file system at this offset.
void edit_ext(const char* disk, std::uint64_t offset, const char* path, const std::string& from,
              const std::string& to);

} // namespace floor_
