// SPDX-License-Identifier: GPL-2.0-or-later
// Copy on write over a disk: libraries write here for real, the disk below stays as it is. Also
// remembers a fingerprint of every block it read, so that a commit can tell whether the disk is
// still what the plan was made for. Cost is in proportion to what was touched, not to the disk.
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
    [[nodiscard]] Result<void> flush() override; // nothing to do: memory

    // Blocks whose content now differs from the disk, in order. A block written back to what it
    // was does not count.
    [[nodiscard]] Result<std::vector<ChangedBlock>> changes();
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
