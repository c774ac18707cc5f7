// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/image.hpp"
#include "block/range.hpp"

#include <algorithm>

namespace lifeboat::block {
namespace {

class MemoryDevice final : public BlockDevice {
public:
    MemoryDevice(std::string name, Bytes content, std::uint32_t sector_size)
        : name_(std::move(name)), content_(std::move(content)), sector_size_(sector_size) {}

    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] std::uint64_t size() const override { return content_.size(); }
    [[nodiscard]] std::uint32_t sector_size() const override { return sector_size_; }
    [[nodiscard]] bool writable() const override { return true; }

    Result<void> read(std::uint64_t offset, MutableByteSpan out) override {
        LIFEBOAT_CHECK(check_range(name_, size(), offset, out.size()));
        const auto from = content_.begin() + static_cast<std::ptrdiff_t>(offset);
        std::copy_n(from, out.size(), out.begin());
        return {};
    }
    Result<void> write(std::uint64_t offset, ByteSpan data) override {
        LIFEBOAT_CHECK(check_range(name_, size(), offset, data.size()));
        std::copy(data.begin(), data.end(), content_.begin() + static_cast<std::ptrdiff_t>(offset));
        return {};
    }
    Result<void> flush() override { return {}; }

private:
    std::string name_;
    Bytes content_;
    std::uint32_t sector_size_;
};

class Slice final : public BlockDevice {
public:
    Slice(DevicePtr whole, std::string name, std::uint64_t offset, std::uint64_t length)
        : whole_(std::move(whole)), name_(std::move(name)), offset_(offset), length_(length) {}

    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] std::uint64_t size() const override { return length_; }
    [[nodiscard]] std::uint32_t sector_size() const override { return whole_->sector_size(); }
    [[nodiscard]] bool writable() const override { return whole_->writable(); }

    Result<void> read(std::uint64_t offset, MutableByteSpan out) override {
        LIFEBOAT_CHECK(check_range(name_, length_, offset, out.size()));
        return whole_->read(offset_ + offset, out);
    }
    Result<void> write(std::uint64_t offset, ByteSpan data) override {
        LIFEBOAT_CHECK(check_range(name_, length_, offset, data.size()));
        return whole_->write(offset_ + offset, data);
    }
    Result<void> flush() override { return whole_->flush(); }

private:
    DevicePtr whole_;
    std::string name_;
    std::uint64_t offset_;
    std::uint64_t length_;
};

} // namespace

DevicePtr memory_device(std::string name, Bytes content, std::uint32_t sector_size) {
    return std::make_shared<MemoryDevice>(std::move(name), std::move(content), sector_size);
}

Result<DevicePtr> slice(DevicePtr whole, std::string name, std::uint64_t offset,
                        std::uint64_t length) {
    if (offset > whole->size() || length > whole->size() - offset)
        return fail(ErrorKind::damaged, name,
                    "it would end at byte " + std::to_string(offset) + " + " +
                        std::to_string(length) + ", but " + whole->name() + " has only " +
                        std::to_string(whole->size()));
    return std::make_shared<Slice>(std::move(whole), std::move(name), offset, length);
}

} // namespace lifeboat::block
