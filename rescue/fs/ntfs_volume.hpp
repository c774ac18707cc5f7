// SPDX-License-Identifier: GPL-2.0-or-later
// libntfs-3g on a BlockDevice, by MFT number and name. Only its .cpp and ntfs_device.cpp include
// ntfs-3g's headers, which do not get along with others. Paths and policy are in ntfs.cpp.
#pragma once

#include "block/device.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lifeboat::fs {

inline constexpr std::uint32_t kReparseWof = 0x80000017; // compressed by Windows ("CompactOS")

struct NtfsFile {
    std::uint64_t number = 0; // MFT record
    bool directory = false;
    bool compressed = false; // LZNT1, attribute flag
    bool encrypted = false;
    std::uint32_t reparse_tag = 0; // 0: no reparse point
    std::string target;            // of a junction or symbolic link, as Windows spells it
    std::uint64_t size = 0;
};

struct NtfsState {
    bool dirty = false;      // chkdsk is due: $Volume flag 0x0001
    bool hibernated = false; // hiberfil.sys starts with "hibr" or "HIBR", or is shorter than 4096
    bool cached = false;     // $LogFile 2.0: Windows kept metadata in memory (fast startup)
    bool log_unclean = false;
};

enum class NtfsMake { file, directory };

class NtfsVolume {
public:
    static constexpr std::uint64_t kRoot = 5; // MFT record of the root directory

    [[nodiscard]] static Result<std::unique_ptr<NtfsVolume>> mount(block::DevicePtr device,
                                                                   bool write);
    ~NtfsVolume();
    NtfsVolume(const NtfsVolume&) = delete;
    NtfsVolume& operator=(const NtfsVolume&) = delete;

    [[nodiscard]] Result<NtfsState> state();
    // Without regard to case, as Windows does. Nothing when there is no such name.
    [[nodiscard]] Result<std::optional<std::uint64_t>> lookup(std::uint64_t directory,
                                                              std::string_view name);
    [[nodiscard]] Result<NtfsFile> file(std::uint64_t number);
    // As it is stored in that directory; `name` itself when it cannot be told.
    [[nodiscard]] Result<std::string> stored_name(std::uint64_t directory, std::uint64_t number,
                                                  std::string_view name);
    // Names and MFT numbers, without the short DOS names and without NTFS's own files.
    [[nodiscard]] Result<std::vector<std::pair<std::string, std::uint64_t>>>
    list(std::uint64_t directory);
    [[nodiscard]] Result<Bytes> read(std::uint64_t number, std::uint64_t length);

    // Everything that changes something runs between these two. end() puts the writes into an order
    // that survives a power cut (ntfs_ledger.hpp), also after an error.
    [[nodiscard]] Result<void> begin();
    [[nodiscard]] Result<void> end();
    // How many MFT records of files that existed before the last end() exchanged.
    [[nodiscard]] std::size_t switched_records() const;

    // Keeps the MFT record, its names, times of creation and security. False when the old content
    // had to be overwritten where it lies, so that a power cut would mix the two.
    [[nodiscard]] Result<bool> write(std::uint64_t number, ByteSpan content);
    // With the security descriptor that Windows would let it inherit from the directory `heir_of`.
    [[nodiscard]] Result<std::uint64_t> create(std::uint64_t directory, std::string_view name,
                                               NtfsMake what, std::uint64_t heir_of);
    [[nodiscard]] Result<void> add_name(std::uint64_t number, std::uint64_t directory,
                                        std::string_view name);
    // The file goes with its last name; a directory must be empty.
    [[nodiscard]] Result<void> remove_name(std::uint64_t number, std::uint64_t directory,
                                           std::string_view name);
    [[nodiscard]] Result<void> unmount();

    // Ways past an obstacle, for a caller who knows what is lost (clear_way.hpp).
    [[nodiscard]] static Result<void> empty_log(block::DevicePtr device);
    [[nodiscard]] static Result<void> remove_hibernation(block::DevicePtr device);

private:
    // `flags` are ntfs-3g's.
    [[nodiscard]] static Result<std::unique_ptr<NtfsVolume>> mount_with(block::DevicePtr device,
                                                                        unsigned long flags);
    struct Impl;
    NtfsVolume();
    std::unique_ptr<Impl> impl_;
};

// Why an NTFS volume must not be written to.
[[nodiscard]] Result<std::optional<Error>> ntfs_write_obstacle(block::DevicePtr volume);

} // namespace lifeboat::fs
