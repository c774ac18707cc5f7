// SPDX-License-Identifier: GPL-2.0-or-later
// A commit to FAT is cut at every write, and its writes between two flushes arrive in any order or
// torn at sectors. Every file must be the old or the new one, for us and for mtools; fsck.fat may
// find nothing but clusters that are marked and belong to nothing; undo must restore every byte.
#include "unit/fs/fat.hpp"
#include "unit/fs/power_cut.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <map>
#include <optional>

namespace lifeboat::fs {
namespace {

using test::RecordingDisk;
using test::TempDir;

void ok(const Result<void>& result) {
    INFO((result ? "" : result.error().text()));
    REQUIRE(result);
}

FileSystemPtr opened(const block::DevicePtr& disk, Access access) {
    auto fs = open_fat(disk, access);
    INFO((fs ? "" : fs.error().text()));
    REQUIRE(fs);
    return *fs;
}

Bytes noise(std::size_t length, unsigned seed) {
    std::mt19937 random(seed);
    Bytes bytes(length);
    for (auto& byte : bytes)
        byte = static_cast<std::byte>(random());
    return bytes;
}

constexpr std::string_view kStore = "/EFI/Microsoft/Boot/BCD";
constexpr std::string_view kConfig = "/EFI/debian/grub.cfg";

// Content by path; what a path may be after a cut.
using Files = std::map<std::string, std::optional<Bytes>>;

class Scene {
public:
    explicit Scene(const test::FatKind& kind) {
        image_ = test::make_fat(dir_, kind);
        test::run_ok({"mmd", "-i", image_, "::/EFI", "::/EFI/Microsoft", "::/EFI/Microsoft/Boot",
                      "::/EFI/debian"});
        test::mtools_put(dir_, image_, std::string(kStore), noise(70000, 1));
        test::mtools_put(dir_, image_, std::string(kConfig), noise(700, 2));
        test::mtools_put(dir_, image_, "/EFI/debian/a file that goes", noise(9000, 3));
        test::mtools_put(dir_, image_, "/EFI/debian/a file that moves", noise(9000, 4));
        for (int i = 0; i < 25; ++i)
            test::mtools_put(dir_, image_, neighbour(i), noise(100, 50));
        before_ = test::read_file(image_);
    }

    void edit(FileSystem& fs) {
        ok(fs.replace(kStore, noise(90000, 5)));
        ok(fs.replace(kConfig, noise(1000, 6)));
        ok(fs.create("/EFI/Microsoft/Boot/a new file with a long name", noise(5000, 7), {}));
        ok(fs.create("/EFI/debian/" + std::string(230, 'z'), noise(5000, 8), {}));
        for (int i = 0; i < 6; ++i) // over the end of sectors and clusters
            ok(fs.create("/EFI/debian/another long name, number " + std::to_string(i),
                         noise(300, 9), {}));
        ok(fs.make_directory("/EFI/debian/new directory", {}));
        ok(fs.remove("/EFI/debian/a file that goes"));
        ok(fs.rename("/EFI/debian/a file that moves", "/EFI/moved to here"));
    }

    std::vector<test::Interval> commit(bool barriers) {
        const auto disk = std::make_shared<RecordingDisk>(before_);
        const auto overlay = std::make_shared<block::Overlay>(disk);
        block::DevicePtr below = overlay;
        if (!barriers)
            below = std::make_shared<test::NoBarriers>(overlay);
        const auto fs = opened(below, Access::write);
        edit(*fs);
        CHECK(fs->written_in_place().empty());
        ok(fs->close());
        const block::CommitTarget target{"disk", overlay.get(), disk};
        undo_ = dir_.file(barriers ? "undo" : "undo-flat");
        REQUIRE(block::commit_to(std::span(&target, 1), undo_, progress_));
        return disk->intervals();
    }

    // What is wrong with the disk; empty when nothing is. `outside`: ask the other readers, too.
    std::string complaint(const std::shared_ptr<RecordingDisk>& disk, bool outside) {
        auto fs = open_fat(disk, Access::read);
        if (!fs)
            return fs.error().text();
        std::string wrong;
        const auto one_of = [&](std::string_view path, const Files::mapped_type& old,
                                const Files::mapped_type& now) {
            const auto node = (*fs)->stat(path);
            if (!node) {
                wrong += node.error().text();
                return;
            }
            std::optional<Bytes> found;
            if (*node) {
                auto read = (*fs)->read(path);
                if (!read) {
                    wrong += read.error().text();
                    return;
                }
                found = std::move(*read);
            }
            if (found != old && found != now)
                wrong += std::string(path) + " is neither the old nor the new one; ";
        };
        one_of(kStore, noise(70000, 1), noise(90000, 5));
        one_of(kConfig, noise(700, 2), noise(1000, 6));
        one_of("/EFI/Microsoft/Boot/a new file with a long name", {}, noise(5000, 7));
        one_of("/EFI/debian/" + std::string(230, 'z'), {}, noise(5000, 8));
        for (int i = 0; i < 6; ++i)
            one_of("/EFI/debian/another long name, number " + std::to_string(i), {}, noise(300, 9));
        one_of("/EFI/debian/a file that goes", noise(9000, 3), {});
        one_of("/EFI/debian/a file that moves", noise(9000, 4), {});
        one_of("/EFI/moved to here", {}, noise(9000, 4));
        for (int i = 0; i < 25; ++i)
            one_of(neighbour(i), noise(100, 50), noise(100, 50));
        const auto moved = (*fs)->stat("/EFI/moved to here");
        const auto stayed = (*fs)->stat("/EFI/debian/a file that moves");
        if (moved && stayed && !*moved && !*stayed)
            wrong += "the renamed file has no name";
        if (!wrong.empty() || !outside)
            return wrong;
        const auto obstacle = write_obstacle(disk, Kind::fat);
        if (!obstacle)
            return "our own check: " + obstacle.error().text();
        // A directory that was growing: the cut came between the two tables. Everybody reads the
        // first one, and fsck.fat, below, must call it intact; we write nothing until it has run.
        if (*obstacle && (*obstacle)->what.find("allocation tables differ") == std::string::npos)
            return "our own check: " + (*obstacle)->text();
        const auto cut = dir_.file("cut");
        std::ofstream(cut, std::ios::binary | std::ios::trunc)
            .write(reinterpret_cast<const char*>(disk->content().data()),
                   static_cast<std::streamsize>(disk->content().size()));
        for (const auto path : {kStore, kConfig})
            if (test::mtools_get(dir_, cut, std::string(path)) != (*fs)->read(path).value())
                return "mtools sees something else in " + std::string(path);
        return test::fsck_fat(cut, true);
    }

    void check_undo(const std::shared_ptr<RecordingDisk>& disk) {
        const block::DevicePtr device = disk;
        const auto report = block::undo_on(undo_, std::span(&device, 1), progress_);
        INFO((report ? "" : report.error().text()));
        REQUIRE(report);
        REQUIRE(disk->content() == before_);
    }

    [[nodiscard]] const Bytes& before() const { return before_; }

private:
    static std::string neighbour(int number) {
        return "/EFI/debian/neighbour number " + std::to_string(number);
    }

    TempDir dir_;
    std::string image_;
    Bytes before_;
    std::string undo_;
    Progress progress_;
};

test::FatKind any_kind() { return GENERATE(test::kFat12, test::kFat16, test::kFat32); }

} // namespace

TEST_CASE("FAT: a power cut leaves the old or the new file, whatever writes arrived") {
    const auto kind = any_kind();
    Scene scene(kind);
    const bool all = test::exhaustive();
    int number = 0;
    test::PowerCuts cuts(scene.before(), scene.commit(true));
    cuts.run(all ? 100 : 2, all ? 200 : 3, 7,
             [&](const std::shared_ptr<RecordingDisk>& disk, const std::string& cut) {
                 INFO(kind.name << ": " << cut);
                 const auto wrong = scene.complaint(disk, ++number % (all ? 5 : 12) == 0);
                 INFO(wrong);
                 REQUIRE(wrong.empty());
                 if (number % 8 == 0)
                     scene.check_undo(disk);
             });
}

TEST_CASE("FAT: the same cuts find a commit without barriers to be unsafe") {
    const auto kind = any_kind();
    INFO(kind.name);
    Scene scene(kind);
    int wrong = 0;
    test::PowerCuts cuts(scene.before(), scene.commit(false));
    cuts.run(20, 0, 7, [&](const std::shared_ptr<RecordingDisk>& disk, const std::string&) {
        wrong += scene.complaint(disk, false).empty() ? 0 : 1;
    });
    CHECK(wrong > 0);
}

} // namespace lifeboat::fs
