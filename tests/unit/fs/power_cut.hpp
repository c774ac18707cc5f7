// SPDX-License-Identifier: GPL-2.0-or-later
// For tests only: the writes and flushes of a commit, and the disks that a power cut can leave.
#pragma once

#include "block/commit_devices.hpp"
#include "support/images.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <optional>
#include <random>

namespace lifeboat::test {

struct DiskWrite {
    std::uint64_t offset = 0;
    Bytes data;
};
using Interval = std::vector<DiskWrite>; // between two flushes

// A disk in memory that keeps a record of what is written to it.
class RecordingDisk final : public block::BlockDevice {
public:
    explicit RecordingDisk(Bytes content) : content_(std::move(content)) {}
    [[nodiscard]] std::string name() const override { return "disk"; }
    [[nodiscard]] std::uint64_t size() const override { return content_.size(); }
    [[nodiscard]] std::uint32_t sector_size() const override { return 512; }
    [[nodiscard]] bool writable() const override { return true; }
    Result<void> read(std::uint64_t offset, MutableByteSpan out) override {
        REQUIRE(offset + out.size() <= content_.size());
        std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(),
                    out.begin());
        return {};
    }
    Result<void> write(std::uint64_t offset, ByteSpan data) override {
        put(offset, data);
        log_.back().push_back({offset, Bytes(data.begin(), data.end())});
        return {};
    }
    Result<void> flush() override {
        if (!log_.back().empty())
            log_.emplace_back();
        return {};
    }
    void put(std::uint64_t offset, ByteSpan data) {
        REQUIRE(offset + data.size() <= content_.size());
        std::copy(data.begin(), data.end(), content_.begin() + static_cast<std::ptrdiff_t>(offset));
    }
    [[nodiscard]] Bytes get(std::uint64_t offset, std::size_t length) const {
        return {content_.begin() + static_cast<std::ptrdiff_t>(offset),
                content_.begin() + static_cast<std::ptrdiff_t>(offset + length)};
    }
    [[nodiscard]] const Bytes& content() const { return content_; }
    [[nodiscard]] std::vector<Interval> intervals() const {
        auto result = log_;
        if (result.back().empty())
            result.pop_back();
        return result;
    }

private:
    Bytes content_;
    std::vector<Interval> log_{1};
};

// A device without barriers: how a plain writer would do it.
class NoBarriers final : public block::BlockDevice {
public:
    explicit NoBarriers(block::DevicePtr below) : below_(std::move(below)) {}
    [[nodiscard]] std::string name() const override { return below_->name(); }
    [[nodiscard]] std::uint64_t size() const override { return below_->size(); }
    [[nodiscard]] std::uint32_t sector_size() const override { return below_->sector_size(); }
    [[nodiscard]] bool writable() const override { return true; }
    Result<void> read(std::uint64_t offset, MutableByteSpan out) override {
        return below_->read(offset, out);
    }
    Result<void> write(std::uint64_t offset, ByteSpan data) override {
        return below_->write(offset, data);
    }
    Result<void> flush() override { return {}; }

private:
    block::DevicePtr below_;
};

// Everything is checked, not a sample.
inline bool exhaustive() { return std::getenv("LIFEBOAT_EXHAUSTIVE") != nullptr; }

// Calls `look` with the disk as a power cut can leave it: after every prefix of the writes, and in
// every interval with `subsets` random choices of its writes and `torn` random choices of its
// sectors. All that was flushed before is there.
class PowerCuts {
public:
    PowerCuts(Bytes before, std::vector<Interval> intervals)
        : disk_(std::make_shared<RecordingDisk>(std::move(before))),
          intervals_(std::move(intervals)) {}

    // Sectors from `offset` to `end` arrive together or not at all.
    void keep_whole(std::uint64_t offset, std::uint64_t end) {
        whole_first_ = offset;
        whole_end_ = end;
    }

    using Look = std::function<void(const std::shared_ptr<RecordingDisk>&, const std::string&)>;

    void run(int subsets, int torn, unsigned seed, const Look& look) {
        std::mt19937 random(seed);
        for (std::size_t i = 0; i < intervals_.size(); ++i) {
            const auto& interval = intervals_[i];
            const auto where =
                "interval " + std::to_string(i) + " of " + std::to_string(intervals_.size());
            for (std::size_t count = 0; count <= interval.size(); ++count)
                with([&](std::size_t write, std::size_t) { return write < count; }, interval, look,
                     where + ", " + std::to_string(count) + " writes");
            for (int round = 0; round < subsets && interval.size() > 1; ++round) {
                std::vector<bool> chosen;
                for (std::size_t n = 0; n < interval.size(); ++n)
                    chosen.push_back(random() % 2 != 0);
                with([&](std::size_t write, std::size_t) { return bool(chosen[write]); }, interval,
                     look, where + ", subset " + std::to_string(round));
            }
            for (int round = 0; round < torn; ++round) {
                const auto share = 1 + random() % 99; // percent of the sectors that arrive
                const auto all = random() % 2 == 0;   // or of one write only, the others are there
                const auto only = random() % interval.size();
                with(
                    [&](std::size_t write, std::size_t) {
                        return (all || write == only) ? random() % 100 < share : true;
                    },
                    interval, look, where + ", torn " + std::to_string(round));
            }
            for (const auto& write : interval)
                disk_->put(write.offset, write.data);
        }
    }

private:
    template <class Arrives>
    void with(Arrives arrives, const Interval& interval, const Look& look,
              const std::string& what) {
        std::vector<DiskWrite> before;
        std::optional<bool> whole;
        for (std::size_t n = 0; n < interval.size(); ++n) {
            const auto& write = interval[n];
            before.push_back({write.offset, disk_->get(write.offset, write.data.size())});
            for (std::size_t at = 0; at < write.data.size(); at += 512) {
                bool here = arrives(n, at / 512);
                if (write.offset + at >= whole_first_ && write.offset + at < whole_end_) {
                    whole = whole.value_or(here);
                    here = *whole;
                }
                if (here)
                    disk_->put(
                        write.offset + at,
                        ByteSpan(write.data)
                            .subspan(at, std::min<std::size_t>(512, write.data.size() - at)));
            }
        }
        look(std::make_shared<RecordingDisk>(disk_->content()), what);
        for (auto write = before.rbegin(); write != before.rend(); ++write)
            disk_->put(write->offset, write->data);
    }

    std::shared_ptr<RecordingDisk> disk_;
    std::vector<Interval> intervals_;
    std::uint64_t whole_first_ = 0, whole_end_ = 0;
};

} // namespace lifeboat::test
