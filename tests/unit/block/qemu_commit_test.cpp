// SPDX-License-Identifier: GPL-2.0-or-later
// Commit and undo through qemu-nbd: what counts are the bytes the guest sees.
#include "block/commit.hpp"
#include "block/commit_devices.hpp"
#include "block/open.hpp"
#include "support/images.hpp"
#include "unit/block/qemu_servers.hpp"

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <random>

using namespace lifeboat;
using namespace lifeboat::block;
using namespace lifeboat::test;

namespace {

constexpr std::uint64_t kDiskSize = 16 * kMiB;

struct Format {
    std::string name;   // of the file
    std::string driver; // QEMU's
    std::string options;
};
const std::vector<Format> kFormats = {
    {"disk.qcow2", "qcow2", "compat=1.1"},  {"disk.vhd", "vpc", "force_size=on"},
    {"disk.vhdx", "vhdx", "block_size=1M"}, {"disk.vmdk", "vmdk", "subformat=monolithicSparse"},
    {"disk.vdi", "vdi", "static=off"},
};

void convert(const Format& format, const std::string& from, const std::string& to) {
    run_ok(
        {"qemu-img", "convert", "-f", "raw", "-O", format.driver, "-o", format.options, from, to});
}

// The bytes the guest sees, as qemu-img reads them.
Bytes guest_bytes(const TempDir& folder, const Format& format, const std::string& image) {
    run_ok({"qemu-img", "convert", "-f", format.driver, "-O", "raw", image, folder.file("seen")});
    return read_file(folder.file("seen"));
}

// Changes single bytes here and there, in blocks with content and in empty ones.
void change(Overlay& overlay, Bytes& expected) {
    std::mt19937 random(4);
    for (int i = 0; i < 30; ++i) {
        const std::uint64_t at = random() % kDiskSize;
        const Bytes one(1, static_cast<std::byte>(1 + random() % 255));
        REQUIRE(overlay.write(at, one));
        expected[static_cast<std::size_t>(at)] = one[0];
    }
}

void check_image(const std::string& image) {
    const auto check = run_tool({"qemu-img", "check", image});
    INFO(check.output);
    CHECK((check.status == 0 || check.status == 63)); // 63: this format has no check
}

// Kills the server before the write number `last`.
class KillAt final : public BlockDevice {
public:
    KillAt(DevicePtr inner, std::string image, int last)
        : inner_(std::move(inner)), image_(std::move(image)), left_(last) {}
    std::string name() const override { return inner_->name(); }
    std::uint64_t size() const override { return inner_->size(); }
    std::uint32_t sector_size() const override { return inner_->sector_size(); }
    bool writable() const override { return true; }
    Result<void> read(std::uint64_t offset, MutableByteSpan out) override {
        return inner_->read(offset, out);
    }
    Result<void> write(std::uint64_t offset, ByteSpan data) override {
        if (--left_ == 0)
            for (const auto process : servers_of(image_))
                ::kill(process, SIGKILL);
        return inner_->write(offset, data);
    }
    Result<void> flush() override { return inner_->flush(); }

private:
    DevicePtr inner_;
    std::string image_;
    int left_;
};

} // namespace

TEST_CASE("commit and undo through every format", "[block]") {
    need_tools({"qemu-nbd", "qemu-img"});
    const TempDir folder;
    const auto plain = folder.file("plain.raw");
    make_ext(plain, kDiskSize);
    const auto original = read_file(plain);
    Progress progress;
    for (const auto& format : kFormats) {
        INFO(format.name);
        const auto image = folder.file(format.name);
        convert(format, plain, image);
        const auto undo_file = folder.file(format.name + ".undo");
        auto expected = original;
        {
            auto base = open_disk(image, Access::read);
            REQUIRE(base);
            Overlay overlay(*base);
            change(overlay, expected);
            const std::vector<CommitDisk> disks{{image, 512, &overlay}};
            const auto done = commit(disks, undo_file, progress);
            INFO((done ? std::string() : done.error().text()));
            REQUIRE(done);
            CHECK(done->blocks > 10);
            // The reader below the overlay sees the new bytes.
            const auto after = read_bytes(**base, 0, static_cast<std::size_t>(kDiskSize));
            REQUIRE(after);
            CHECK(*after == expected);
        }
        CHECK(guest_bytes(folder, format, image) == expected);
        check_image(image);
        const auto back = undo(undo_file, {}, progress);
        INFO((back ? std::string() : back.error().text()));
        REQUIRE(back);
        CHECK(guest_bytes(folder, format, image) == original);
        check_image(image);
        CHECK(servers_of(image).empty());
    }
}

TEST_CASE("when qemu-nbd is killed during a commit, the undo file cures it", "[block]") {
    need_tools({"qemu-nbd", "qemu-img"});
    const TempDir folder;
    const auto plain = folder.file("plain.raw");
    make_ext(plain, kDiskSize);
    const auto original = read_file(plain);
    const auto& format = kFormats.front();
    Progress progress;
    for (const int at : {1, 2, 7, 20}) {
        INFO("killed before write " << at);
        const auto image = folder.file(format.name);
        convert(format, plain, image);
        const auto undo_file = folder.file("undo" + std::to_string(at));
        {
            auto base = open_disk(image, Access::read);
            REQUIRE(base);
            Overlay overlay(*base);
            auto expected = original;
            change(overlay, expected);
            auto writer = open_for_writing(**base, image);
            REQUIRE(writer);
            const std::vector<CommitTarget> targets{
                {image, &overlay, std::make_shared<KillAt>(std::move(*writer), image, at)}};
            const auto done = commit_to(targets, undo_file, progress);
            REQUIRE_FALSE(done);
            INFO(done.error().text());
            CHECK(done.error().kind == ErrorKind::io);
            CHECK(done.error().what.find("qemu-nbd ended") != std::string::npos);
            CHECK(done.error().next.find(undo_file) != std::string::npos);
        }
        const auto back = undo(undo_file, {}, progress);
        INFO((back ? std::string() : back.error().text()));
        REQUIRE(back);
        CHECK(guest_bytes(folder, format, image) == original);
    }
}

TEST_CASE("undo refuses an image that the guest has run on since", "[block]") {
    need_tools({"qemu-nbd", "qemu-img"});
    const TempDir folder;
    const auto plain = folder.file("plain.raw");
    make_ext(plain, kDiskSize);
    const auto image = folder.file("disk.qcow2");
    convert(kFormats.front(), plain, image);
    const auto undo_file = folder.file("undo");
    Progress progress;
    {
        auto base = open_disk(image, Access::read);
        REQUIRE(base);
        Overlay overlay(*base);
        REQUIRE(overlay.write(5000, Bytes(10, std::byte{9})));
        const std::vector<CommitDisk> disks{{image, 512, &overlay}};
        REQUIRE(commit(disks, undo_file, progress));
    }
    {
        auto guest = open_disk(image, Access::write);
        REQUIRE(guest);
        REQUIRE((*guest)->write(5005, Bytes(1, std::byte{10})));
        REQUIRE((*guest)->flush());
    }
    const auto back = undo(undo_file, {}, progress);
    REQUIRE_FALSE(back);
    CHECK(back.error().kind == ErrorKind::refused);
}
