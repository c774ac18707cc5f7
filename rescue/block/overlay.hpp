// SPDX-License-Identifier: GPL-2.0-or-later
// Copy on write over a disk: libraries write here for real, the disk below stays as it is. Also
// remembers a fingerprint of every block it read, so that a commit can tell whether the disk is
// still what the plan was made for. Cost is in proportion to what was touched, not to the disk.
// A flush is a barrier: what was written before it reaches the disk before what was written after.
// The writes between two of them are an epoch; a commit writes epoch after epoch.
#pragma once

#include "block/device.hpp"

#include <vector>

namespace lifeboat::block {

inline constexpr std::uint64_t kBlock = 4096; // granularity of change, fingerprint and undo

struct ChangedBlock {
    std::uint64_t offset = 0; // multiple of kBlock; the last block of a disk may be shorter
    Bytes before;
    Bytes after;
};

struct BlockVersion {
    std::uint64_t offset = 0; // multiple of kBlock
    Bytes content;
};

struct Epoch {
    std::uint64_t number = 0;         // rises with time, over all overlays of this process
    std::vector<BlockVersion> blocks; // in order; only what differs from the epoch before
};

class Overlay final : public BlockDevice {
public:
    explicit Overlay(DevicePtr base);
    ~Overlay() override;

    [[nodiscard]] std::string name() const override;
    [[nodiscard]] std::uint64_t size() const override;
    [[nodiscard]] std::uint32_t sector_size() const override;
    [[nodiscard]] bool writable() const override { return true; }
    [[nodiscard]] Result<void> read(std::uint64_t offset, MutableByteSpan out) override;
    [[nodiscard]] Result<void> write(std::uint64_t offset, ByteSpan data) override;
    [[nodiscard]] Result<void> flush() override; // ends an epoch

    // Blocks whose content now differs from the disk, in order. A block written back to what it
    // was does not count.
    [[nodiscard]] Result<std::vector<ChangedBlock>> changes();
    // The steps that lead from the disk to changes(), the last of them being what was written since
    // the last flush. None is empty.
    [[nodiscard]] Result<std::vector<Epoch>> epochs();
    // Forget every change.
    void discard();
    // Every block that was ever read from the disk still reads the same; `refused` names the
    // first that does not.
    [[nodiscard]] Result<void> base_is_unchanged();
    // The same question to `disk`, another opening of the same disk: the one that will be written.
    [[nodiscard]] Result<void> unchanged_on(BlockDevice& disk);
    [[nodiscard]] BlockDevice& base();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace lifeboat::block
