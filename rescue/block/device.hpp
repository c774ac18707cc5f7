// SPDX-License-Identifier: GPL-2.0-or-later
// A disk, a part of one, or a view of one: something with a size that is read and written by byte
// offset. Nothing above this room opens a disk in any other way.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace lifeboat::block {

class BlockDevice {
public:
    virtual ~BlockDevice() = default;

    [[nodiscard]] virtual std::string name() const = 0;          // for messages
    [[nodiscard]] virtual std::uint64_t size() const = 0;        // bytes
    [[nodiscard]] virtual std::uint32_t sector_size() const = 0; // logical, bytes
    [[nodiscard]] virtual bool writable() const = 0;
    // All of `out` is filled, or an error: a range past the end is an error, not a short read.
    [[nodiscard]] virtual Result<void> read(std::uint64_t offset, MutableByteSpan out) = 0;
    [[nodiscard]] virtual Result<void> write(std::uint64_t offset, ByteSpan data) = 0;
    [[nodiscard]] virtual Result<void> flush() = 0; // on the medium when it returns
    // The same disk, opened for writing with what this opening has kept for that; null when it
    // keeps nothing, and the disk must be opened by its name (open_for_writing() in open.hpp).
    [[nodiscard]] virtual Result<std::shared_ptr<BlockDevice>> writer() { return nullptr; }
};

using DevicePtr = std::shared_ptr<BlockDevice>;

// `length` bytes at `offset`; an error when they are not all inside the device.
[[nodiscard]] Result<Bytes> read_bytes(BlockDevice& device, std::uint64_t offset,
                                       std::size_t length);

} // namespace lifeboat::block
