// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/commit.hpp"

#include "base/hash.hpp"
#include "block/commit_devices.hpp"
#include "block/image.hpp"
#include "block/undo_file.hpp"
#include "support/images.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <random>

namespace lifeboat::block {
namespace {

using test::TempDir;

// A disk that stops working at its n-th write: power cut (the rest of that write is torn off), an
// error, or a silent loss.
class Faulty final : public BlockDevice {
public:
    enum class Fault { cut, error, lost };
    Faulty(DevicePtr disk, Fault fault, std::size_t at, std::size_t torn_to = 0)
        : disk_(std::move(disk)), fault_(fault), at_(at), torn_to_(torn_to) {}

    [[nodiscard]] std::string name() const override { return "faulty disk"; }
    [[nodiscard]] std::uint64_t size() const override { return disk_->size(); }
    [[nodiscard]] std::uint32_t sector_size() const override { return 512; }
    [[nodiscard]] bool writable() const override { return true; }
    Result<void> read(std::uint64_t offset, MutableByteSpan out) override {
        return disk_->read(offset, out);
    }
    Result<void> write(std::uint64_t offset, ByteSpan data) override {
        if (writes_++ < at_)
            return disk_->write(offset, data);
        if (fault_ == Fault::lost)
            return {};
        if (fault_ == Fault::cut && writes_ == at_ + 1)
            REQUIRE(disk_->write(offset, data.first(std::min(data.size(), torn_to_))));
        return fail(ErrorKind::io, name(), "it does not write any more");
    }
    Result<void> flush() override { return {}; }
    [[nodiscard]] std::size_t writes() const { return writes_; }

private:
    DevicePtr disk_;
    Fault fault_;
    std::size_t at_;
    std::size_t torn_to_;
    std::size_t writes_ = 0;
};

constexpr std::size_t kSize = 40 * 4096 + 1000; // the last block is a short one

Bytes noise(std::size_t length, unsigned seed) {
    std::mt19937 random(seed);
    Bytes bytes(length);
    for (auto& byte : bytes)
        byte = static_cast<std::byte>(random());
    return bytes;
}

Bytes content(BlockDevice& disk) {
    auto bytes = read_bytes(disk, 0, static_cast<std::size_t>(disk.size()));
    REQUIRE(bytes);
    return *bytes;
}

void edit(Overlay& overlay) {
    REQUIRE(overlay.write(100, to_bytes("the first block")));
    REQUIRE(overlay.write(5 * 4096 - 10, Bytes(9000, std::byte{0x11}))); // neighbours
    REQUIRE(overlay.write(20 * 4096, Bytes(4096)));
    REQUIRE(overlay.write(kSize - 3, to_bytes("end")));
    REQUIRE(overlay.write(30 * 4096, content(overlay.base())).error().kind ==
            ErrorKind::io); // past the end: not written at all
}

CommitReport committed(Overlay& overlay, const DevicePtr& disk, const std::string& undo_path) {
    Progress progress;
    const CommitTarget target{"disk", &overlay, disk};
    auto report = commit_to(std::span(&target, 1), undo_path, progress);
    INFO((report ? "" : report.error().text()));
    REQUIRE(report);
    return *report;
}

Result<CommitReport> undone(const DevicePtr& disk, const std::string& undo_path) {
    Progress progress;
    return undo_on(undo_path, std::span(&disk, 1), progress);
}

} // namespace

TEST_CASE("a commit writes exactly what changed, and undo restores every byte") {
    const TempDir dir;
    const auto original = noise(kSize, 1);
    const auto disk = memory_device("disk", original);
    Overlay overlay(disk);
    edit(overlay);
    const auto wanted = content(overlay);
    CHECK(content(*disk) == original);
    const auto changes = overlay.changes();
    REQUIRE(changes);
    const auto report = committed(overlay, disk, dir.file("undo"));
    CHECK(report.blocks == changes->size());
    CHECK(report.undo_file == dir.file("undo"));
    CHECK(content(*disk) == wanted);

    auto undo_report = undone(disk, dir.file("undo"));
    REQUIRE(undo_report);
    CHECK(undo_report->blocks == report.blocks);
    CHECK(content(*disk) == original);
    undo_report = undone(disk, dir.file("undo"));
    REQUIRE(undo_report); // again: nothing left to do
    CHECK(undo_report->blocks == 0);
}

TEST_CASE("a commit without changes writes nothing and leaves no undo file") {
    const TempDir dir;
    const auto disk = memory_device("disk", noise(kSize, 2));
    Overlay overlay(disk);
    REQUIRE(
        overlay.write(5000, content(*disk).size() > 0 ? *read_bytes(*disk, 5000, 10) : Bytes()));
    CHECK(committed(overlay, disk, dir.file("undo")).blocks == 0);
    CHECK_FALSE(test::files::exists(dir.file("undo")));
}

TEST_CASE("a disk that changed since it was read is not written to") {
    const TempDir dir;
    const auto disk = memory_device("disk", noise(kSize, 3));
    Overlay overlay(disk);
    REQUIRE(read_bytes(overlay, 8 * 4096, 10)); // read, but not changed by us
    edit(overlay);
    REQUIRE(disk->write(8 * 4096 + 4000, to_bytes("somebody else")));
    const auto before = content(*disk);
    CHECK(overlay.base_is_unchanged().error().kind == ErrorKind::refused);
    Progress progress;
    const CommitTarget target{"disk", &overlay, disk};
    const auto report = commit_to(std::span(&target, 1), dir.file("undo"), progress);
    REQUIRE_FALSE(report);
    CHECK(report.error().kind == ErrorKind::refused);
    CHECK(content(*disk) == before);
    CHECK_FALSE(test::files::exists(dir.file("undo")));
    CHECK_FALSE(read_bytes(overlay, 8 * 4096, 10)); // the overlay notices, too
}

TEST_CASE("whatever write a commit is cut at, undo restores every byte") {
    const auto original = noise(kSize, 4);
    for (const auto fault : {Faulty::Fault::cut, Faulty::Fault::error, Faulty::Fault::lost})
        for (const std::size_t torn : {0U, 512U, 5120U})
            // How much of the last write arrives matters only when the power is cut.
            for (std::size_t at = 0; torn == 0 || fault == Faulty::Fault::cut; ++at) {
                const TempDir dir;
                const auto disk = memory_device("disk", original);
                Overlay overlay(disk);
                edit(overlay);
                const auto faulty = std::make_shared<Faulty>(disk, fault, at, torn);
                Progress progress;
                const CommitTarget target{"disk", &overlay, faulty};
                const auto report = commit_to(std::span(&target, 1), dir.file("undo"), progress);
                if (report) {
                    CHECK(faulty->writes() <= at);
                    break;
                }
                CHECK(report.error().kind == ErrorKind::io);
                CHECK(report.error().next.find("lifeboat undo") != std::string::npos);
                INFO("cut at write " << at << ", torn to " << torn);
                // The undo itself is cut at every write, too, and then repeated.
                for (std::size_t undo_at = 0; undo_at < 3; ++undo_at) {
                    const auto weak =
                        std::make_shared<Faulty>(disk, Faulty::Fault::cut, undo_at, torn);
                    static_cast<void>(undone(weak, dir.file("undo")));
                }
                const auto undo_report = undone(disk, dir.file("undo"));
                INFO((undo_report ? "" : undo_report.error().text()));
                REQUIRE(undo_report);
                REQUIRE(content(*disk) == original);
            }
}

TEST_CASE("undo refuses a disk that somebody else wrote to, or another disk") {
    const TempDir dir;
    const auto original = noise(kSize, 5);
    const auto disk = memory_device("disk", original);
    Overlay overlay(disk);
    REQUIRE(overlay.write(20 * 4096, to_bytes("changed")));
    committed(overlay, disk, dir.file("undo"));

    REQUIRE(disk->write(20 * 4096 + 3000, to_bytes("the guest ran")));
    const auto before = content(*disk);
    CHECK(undone(disk, dir.file("undo")).error().kind == ErrorKind::refused);
    CHECK(content(*disk) == before);
    CHECK(undone(memory_device("disk", noise(kSize, 6)), dir.file("undo")).error().kind ==
          ErrorKind::refused);
    CHECK(undone(memory_device("disk", Bytes(4096)), dir.file("undo")).error().kind ==
          ErrorKind::refused);
    Progress progress;
    CHECK(undo_on(dir.file("undo"), {}, progress).error().kind == ErrorKind::usage);
}

TEST_CASE("a damaged undo file is refused, whatever byte is wrong") {
    const TempDir dir;
    const auto disk = memory_device("disk", noise(kSize, 7));
    Overlay overlay(disk);
    REQUIRE(overlay.write(4096, to_bytes("x")));
    REQUIRE(overlay.write(kSize - 1, to_bytes("y")));
    committed(overlay, disk, dir.file("undo"));
    const auto after = content(*disk);
    const auto good = test::read_file(dir.file("undo"));
    REQUIRE(UndoFile::open(dir.file("undo")));
    const auto bad = dir.file("bad");
    for (std::size_t i = 0; i < good.size(); i += i < 400 ? 1 : 97) {
        auto copy = good;
        copy[i] ^= std::byte{0x40};
        test::write_file(bad, copy);
        REQUIRE_FALSE(UndoFile::open(bad));
        test::write_file(bad, ByteSpan(good).first(i));
        REQUIRE_FALSE(undone(disk, bad));
    }
    CHECK(content(*disk) == after);
}

TEST_CASE("an undo file with a right checksum and wrong fields is refused") {
    const TempDir dir;
    const auto disk = memory_device("disk", noise(kSize, 8));
    Overlay overlay(disk);
    REQUIRE(overlay.write(4096, to_bytes("x")));
    REQUIRE(overlay.write(3 * 4096, to_bytes("y")));
    committed(overlay, disk, dir.file("undo"));
    const auto good = test::read_file(dir.file("undo"));
    const auto bad = dir.file("bad");
    std::mt19937 random(9);
    int accepted = 0;
    for (int round = 0; round < 3000; ++round) {
        auto copy = good;
        const auto body = copy.size() - 32;
        // Mostly the fields of the header and the records, sometimes the old bytes.
        const auto at = random() % (round % 4 != 0 ? 250 : body);
        copy[at] = static_cast<std::byte>(random());
        if (round % 5 == 0)
            copy.insert(copy.begin() + static_cast<std::ptrdiff_t>(at), std::byte{0});
        const auto digest = sha256(ByteSpan(copy).first(copy.size() - 32));
        std::copy(digest.begin(), digest.end(), copy.end() - 32);
        test::write_file(bad, copy);
        const auto file = UndoFile::open(bad);
        if (!file)
            continue;
        ++accepted;
        for (std::size_t i = 0; i < file->block_count(); ++i) {
            const auto block = file->block(i);
            REQUIRE(block);
            CHECK(block->offset < file->disks().at(block->disk).size);
            CHECK(block->before.size() <= kBlock);
        }
    }
    CHECK(accepted > 0); // changed old bytes or marks cannot be told from right ones
    CHECK(accepted < 2000);
}

TEST_CASE("commit and undo of real files, by path, with their locks and refusals") {
    const TempDir dir;
    const auto path = dir.file("disk");
    const auto original = noise(kSize, 10);
    test::write_file(path, original);
    auto base = open_image(path, Access::read);
    REQUIRE(base);
    Overlay overlay(*base);
    edit(overlay);
    const auto wanted = content(overlay);
    const CommitDisk disk{path, 512, &overlay};
    Progress progress;
    const auto disks = std::span(&disk, 1);
    CHECK(commit(disks, path, progress).error().kind == ErrorKind::refused);
    test::write_file(dir.file("taken"), "an older undo file");
    CHECK(commit(disks, dir.file("taken"), progress).error().kind == ErrorKind::refused);
    CHECK(commit(disks, dir.file("no/such/place"), progress).error().kind == ErrorKind::io);
    CHECK(test::read_file(path) == original);

    const auto report = commit(disks, dir.file("undo"), progress);
    INFO((report ? "" : report.error().text()));
    REQUIRE(report);
    CHECK(test::read_file(path) == wanted);
    const auto mode = test::files::status(dir.file("undo")).permissions();
    CHECK((mode & (test::files::perms::group_all | test::files::perms::others_all)) ==
          test::files::perms::none);
    REQUIRE(undo(dir.file("undo"), {}, progress));
    CHECK(test::read_file(path) == original);
    CHECK(undo(path, {}, progress).error().kind == ErrorKind::refused);
    CHECK(undo(dir.file("nothing"), {}, progress).error().kind == ErrorKind::io);
}

TEST_CASE("two disks are committed and undone together") {
    const TempDir dir;
    Progress progress;
    std::vector<Bytes> originals{noise(kSize, 11), noise(9000, 12)};
    std::vector<DevicePtr> disks;
    std::vector<std::unique_ptr<Overlay>> overlays;
    std::vector<CommitTarget> targets;
    for (const auto& original : originals) {
        disks.push_back(memory_device("disk", original));
        overlays.push_back(std::make_unique<Overlay>(disks.back()));
        REQUIRE(overlays.back()->write(5000, to_bytes("changed")));
        targets.push_back({"disk", overlays.back().get(), disks.back()});
    }
    REQUIRE(commit_to(targets, dir.file("undo"), progress));
    CHECK(to_text(*read_bytes(*disks[1], 5000, 7)) == "changed");
    REQUIRE(undo_on(dir.file("undo"), disks, progress));
    for (std::size_t i = 0; i < disks.size(); ++i)
        CHECK(content(*disks[i]) == originals[i]);
}

TEST_CASE("a flush on the overlay is a flush on the disk, and undo knows every state in between") {
    // Keeps the order of what arrives.
    class Recorder final : public BlockDevice {
    public:
        explicit Recorder(DevicePtr disk) : disk_(std::move(disk)) {}
        [[nodiscard]] std::string name() const override { return "recorder"; }
        [[nodiscard]] std::uint64_t size() const override { return disk_->size(); }
        [[nodiscard]] std::uint32_t sector_size() const override { return 512; }
        [[nodiscard]] bool writable() const override { return true; }
        Result<void> read(std::uint64_t offset, MutableByteSpan out) override {
            return disk_->read(offset, out);
        }
        Result<void> write(std::uint64_t offset, ByteSpan data) override {
            order += "w" + std::to_string(offset / kBlock) + " ";
            return order.size() < stop_at ? disk_->write(offset, data)
                                          : fail(ErrorKind::io, name(), "no power");
        }
        Result<void> flush() override {
            order += "f ";
            return {};
        }
        std::string order;
        std::size_t stop_at = 1000;

    private:
        DevicePtr disk_;
    };
    const auto original = noise(kSize, 15);
    const auto edit_in_steps = [](Overlay& overlay) {
        REQUIRE(overlay.write(7 * kBlock, to_bytes("new place")));
        REQUIRE(overlay.write(3 * kBlock, to_bytes("both marked")));
        REQUIRE(overlay.flush());
        REQUIRE(overlay.flush()); // nothing in between: no step
        REQUIRE(overlay.write(5 * kBlock, to_bytes("switched")));
        REQUIRE(overlay.flush());
        REQUIRE(overlay.write(3 * kBlock, to_bytes("one marked ")));
    };
    for (std::size_t stop = 1; stop < 24; ++stop) {
        const TempDir dir;
        const auto disk = memory_device("disk", original);
        Overlay overlay(disk);
        edit_in_steps(overlay);
        CHECK(overlay.epochs()->size() == 3);
        CHECK(overlay.changes()->size() == 3);
        const auto recorder = std::make_shared<Recorder>(disk);
        recorder->stop_at = stop;
        Progress progress;
        const CommitTarget target{"disk", &overlay, recorder};
        if (commit_to(std::span(&target, 1), dir.file("undo"), progress))
            CHECK(recorder->order == "w3 w7 f w5 f w3 f ");
        REQUIRE(undone(disk, dir.file("undo")));
        CHECK(content(*disk) == original);
        // What the repair never wrote there is still somebody else's.
        REQUIRE(disk->write(3 * kBlock, to_bytes("none marked")));
        CHECK(undone(disk, dir.file("undo")).error().kind == ErrorKind::refused);
    }
    const auto disk = memory_device("disk", original);
    Overlay overlay(disk);
    edit_in_steps(overlay);
    overlay.discard();
    CHECK(overlay.epochs()->empty());
}

TEST_CASE("an overlay reads like a plain copy after any sequence of writes") {
    std::mt19937 random(13);
    auto model = noise(kSize, 14);
    const auto disk = memory_device("disk", model);
    Overlay overlay(disk);
    for (int round = 0; round < 2000; ++round) {
        const auto offset = random() % kSize;
        const auto length = std::min<std::size_t>(random() % 12000, kSize - offset);
        if (random() % 2 == 0) {
            const auto data = noise(length, static_cast<unsigned>(random()));
            REQUIRE(overlay.write(offset, data));
            std::copy(data.begin(), data.end(),
                      model.begin() + static_cast<std::ptrdiff_t>(offset));
        } else {
            const auto data = read_bytes(overlay, offset, length);
            REQUIRE(data);
            REQUIRE(equal(*data, ByteSpan(model).subspan(offset, length)));
        }
    }
    REQUIRE(content(overlay) == model);
    overlay.discard();
    CHECK(overlay.changes()->empty());
    CHECK(content(overlay) == content(*disk));
}

} // namespace lifeboat::block
