// SPDX-License-Identifier: GPL-2.0-or-later
// A commit is cut at every write, and its writes between two flushes arrive in any order or torn.
// The hive and the text file must be the old or the new ones, the checkers may find nothing but
// space that is marked as used and is not, and undo must restore every byte.
#include "block/image.hpp"
#include "fs/filesystem.hpp"
#include "unit/fs/power_cut.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <sstream>

namespace lifeboat::fs {
namespace {

using test::kMiB;
using test::RecordingDisk;
using test::TempDir;

constexpr std::string_view kHive = "/etc/SYSTEM";
constexpr std::string_view kText = "/etc/boot.ini";

void ok(const Result<void>& result) {
    INFO((result ? "" : result.error().text()));
    REQUIRE(result);
}

struct Case {
    std::string name;
    bool ntfs = false;
    std::vector<std::string> options; // of mke2fs
    std::uint32_t cluster = 4096;
    std::size_t hive = kMiB;
    std::size_t text = 700;
};

Bytes noise(std::size_t length, unsigned seed) {
    std::mt19937 random(seed);
    Bytes bytes(length);
    for (auto& byte : bytes)
        byte = static_cast<std::byte>(random());
    return bytes;
}

// As a registry edit does: a few spots far from each other, and more at the end.
Bytes edited(Bytes content, unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 6; ++i)
        content[random() % content.size()] ^= std::byte{0x55};
    const auto more = noise(5000 + random() % 9000, seed);
    content.insert(content.end(), more.begin(), more.end());
    return content;
}

FileSystemPtr opened(bool ntfs, const block::DevicePtr& disk, Access access) {
    auto fs = ntfs ? open_ntfs(disk, access) : open_ext(disk, access);
    INFO((fs ? "" : fs.error().text()));
    REQUIRE(fs);
    return *fs;
}

struct Files {
    Bytes hive;
    Bytes text;
};

class Scene {
public:
    explicit Scene(const Case& chosen) : case_(chosen) {
        old_ = {noise(chosen.hive, 1), noise(chosen.text, 2)};
        new_ = {edited(old_.hive, 3), edited(old_.text, 4)};
        const auto image = dir_.file("image");
        if (chosen.ntfs) {
            test::make_ntfs(image, 24 * kMiB, chosen.cluster);
        } else {
            test::files::create_directories(dir_.file("tree/etc"));
            test::write_file(dir_.file("tree/etc/SYSTEM"), old_.hive);
            test::write_file(dir_.file("tree/etc/boot.ini"), old_.text);
            test::make_ext(image, 24 * kMiB, chosen.options, dir_.file("tree"));
        }
        before_ = test::read_file(image);
        if (chosen.ntfs)
            fill_ntfs();
    }

    // The real commit of both files; `barriers` as they are, or none at all.
    std::vector<test::Interval> commit(bool barriers) {
        const auto disk = std::make_shared<RecordingDisk>(before_);
        const auto overlay = std::make_shared<block::Overlay>(disk);
        block::DevicePtr below = overlay;
        if (!barriers)
            below = std::make_shared<test::NoBarriers>(overlay);
        const auto fs = opened(case_.ntfs, below, Access::write);
        ok(fs->replace(kHive, new_.hive));
        ok(fs->replace(kText, new_.text));
        CHECK(fs->written_in_place().empty());
        ok(fs->close());
        const block::CommitTarget target{"disk", overlay.get(), disk};
        undo_ = dir_.file(barriers ? "undo" : "undo-flat");
        const auto report = block::commit_to(std::span(&target, 1), undo_, progress_);
        REQUIRE(report);
        // Nothing like the whole file is written.
        CHECK(report->bytes < 3 * kMiB);
        return disk->intervals();
    }

    // What is wrong with the disk; empty when nothing is. `outside`: ask other readers, too.
    std::string complaint(const std::shared_ptr<RecordingDisk>& disk, bool outside) {
        auto fs = case_.ntfs ? open_ntfs(disk, Access::read) : open_ext(disk, Access::read);
        if (!fs)
            return fs.error().text();
        const auto hive = (*fs)->read(kHive);
        const auto text = (*fs)->read(kText);
        if (!hive || !text)
            return (hive ? text : hive).error().text();
        if (*hive != old_.hive && *hive != new_.hive)
            return "the hive is neither the old nor the new one";
        if (*text != old_.text && *text != new_.text)
            return "the text is neither the old nor the new one";
        if (!outside)
            return {};
        const auto image = dir_.file("cut");
        std::ofstream(image, std::ios::binary | std::ios::trunc)
            .write(reinterpret_cast<const char*>(disk->content().data()),
                   static_cast<std::streamsize>(disk->content().size()));
        if (foreign_read(image, kHive) != *hive || foreign_read(image, kText) != *text)
            return "another reader sees something else";
        return case_.ntfs ? ntfs_complaint(image) : ext_complaint(image);
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
    void fill_ntfs() {
        const auto disk = std::make_shared<RecordingDisk>(before_);
        const auto fs = opened(true, disk, Access::write);
        ok(fs->make_directory("/etc", {}));
        ok(fs->create(kHive, old_.hive, {}));
        for (int i = 0; i < 60; ++i) // the directory has index blocks, too
            ok(fs->create("/etc/neighbour number " + std::to_string(i), to_bytes("x"), {}));
        ok(fs->create(kText, old_.text, {}));
        ok(fs->close());
        before_ = disk->content();
    }

    Bytes foreign_read(const std::string& image, std::string_view path) {
        const auto out = dir_.file("read");
        if (case_.ntfs)
            return to_bytes(test::run_ok({"ntfscat", "-f", image, std::string(path)}));
        test::run_ok({"debugfs", "-c", "-R", "dump " + std::string(path) + " " + out, image});
        return test::read_file(out);
    }

    // Clusters that are marked and belong to nothing ("extra") only take up space until chkdsk
    // finds them. "missing" would be the other way round: two files could get the same cluster.
    static std::string ntfs_complaint(const std::string& image) {
        const auto fix = test::run_tool({"ntfsfix", "-n", image});
        if (fix.status != 0)
            return fix.output;
        const auto size = test::run_tool({"ntfsresize", "-f", "-n", "-i", image});
        if (size.status == 0)
            return {};
        std::istringstream lines(size.output);
        bool extra = false;
        for (std::string line; std::getline(lines, line);) {
            extra = extra || line.find(": extra cluster in $Bitmap") != std::string::npos;
            if (line.find("missing cluster") != std::string::npos ||
                line.find("ultiple") != std::string::npos)
                return size.output;
        }
        return extra ? std::string() : size.output;
    }

    // Tolerated: blocks that are marked and belong to nothing (a "-" in the list of differences),
    // the counts that follow from it, and a checksum of a bitmap that belongs to the version before
    // or after. A "+" would be a block in use that is not marked.
    static std::string ext_complaint(const std::string& image) {
        const auto ran = test::run_tool({"e2fsck", "-fn", image});
        if (ran.status == 0)
            return {};
        std::istringstream lines(ran.output);
        for (std::string line; std::getline(lines, line);) {
            const auto has = [&](std::string_view what) {
                return line.find(what) != std::string::npos;
            };
            const bool harmless =
                line.empty() || line == "Fix? no" || line == "IGNORED." || has("Pass ") ||
                has("e2fsck ") || has("Free blocks count wrong") ||
                has("WARNING: Filesystem still has errors") || has("non-contiguous") ||
                has("Padding at end of") || has("blocks)") ||
                (has("lock bitmap differences:") && !has("+")) ||
                has("block bitmap does not match checksum");
            if (!harmless)
                return line + "\n" + ran.output;
        }
        return {};
    }

    Case case_;
    TempDir dir_;
    Files old_, new_;
    Bytes before_;
    std::string undo_;
    Progress progress_;
};

Case ext_case() {
    return GENERATE(Case{"ext4 4 KiB", false, {"-t", "ext4", "-b", "4096"}, 0, 8 * kMiB},
                    Case{"ext4 1 KiB", false, {"-t", "ext4", "-b", "1024"}},
                    Case{"ext3, small inodes", false, {"-t", "ext3", "-b", "1024", "-I", "128"}},
                    Case{"ext4 bigalloc", false, {"-t", "ext4", "-O", "bigalloc", "-C", "16384"}},
                    Case{"ext4 inline data",
                         false,
                         {"-t", "ext4", "-O", "inline_data,metadata_csum"},
                         0,
                         kMiB,
                         100});
}

Case ntfs_case() {
    return GENERATE(Case{"NTFS 4 KiB", true, {}, 4096, 8 * kMiB}, Case{"NTFS 512", true, {}, 512},
                    Case{"NTFS 64 KiB", true, {}, 65536},
                    Case{"NTFS, tiny text", true, {}, 4096, kMiB, 100});
}

void cut_everywhere(const Case& chosen) {
    Scene scene(chosen);
    const auto intervals = scene.commit(true);
    const bool all = test::exhaustive();
    int number = 0;
    test::PowerCuts cuts(scene.before(), intervals);
    // The superblock of ext has its checksum in its second sector and its counts in the first. It
    // is written once, when all else is done; a torn one would be replaced by a backup or by undo.
    if (!chosen.ntfs)
        cuts.keep_whole(1024, 2048);
    cuts.run(all ? 200 : 4, all ? 400 : 4, 7,
             [&](const std::shared_ptr<RecordingDisk>& disk, const std::string& cut) {
                 INFO(chosen.name << ": " << cut);
                 const auto wrong = scene.complaint(disk, ++number % (all ? 5 : 12) == 0);
                 INFO(wrong);
                 REQUIRE(wrong.empty());
                 scene.check_undo(disk);
             });
}

void cut_without_barriers(const Case& chosen) {
    INFO(chosen.name);
    Scene scene(chosen);
    int wrong = 0;
    test::PowerCuts cuts(scene.before(), scene.commit(false));
    cuts.run(20, 0, 7, [&](const std::shared_ptr<RecordingDisk>& disk, const std::string&) {
        wrong += scene.complaint(disk, false).empty() ? 0 : 1;
        scene.check_undo(disk);
    });
    CHECK(wrong > 0);
}

// Names: a file is under its old or its new name (or both, for a moment), a removed or a created
// one is there as a whole or not at all, and all others stay.
void cut_names(const Case& chosen) {
    const TempDir dir;
    const auto image = dir.file("image");
    if (chosen.ntfs)
        test::make_ntfs(image, 24 * kMiB, chosen.cluster);
    else
        test::make_ext(image, 24 * kMiB, chosen.options);
    const auto disk = std::make_shared<RecordingDisk>(test::read_file(image));
    const auto moved = noise(30000, 1), gone = noise(5000, 2), made = noise(20000, 3);
    constexpr int kOthers = 30;
    const auto other = [](int i) { return "/a/neighbour number " + std::to_string(i); };
    {
        const auto fs = opened(chosen.ntfs, disk, Access::write);
        ok(fs->make_directory("/a", {}));
        ok(fs->make_directory("/b", {}));
        ok(fs->create("/a/moved", moved, {}));
        ok(fs->create("/a/gone", gone, {}));
        for (int i = 0; i < kOthers; ++i)
            ok(fs->create(other(i), to_bytes("x" + std::to_string(i)), {}));
        // Free records: a $MFT that must grow is written twice, here and in $MFTMirr, and between
        // the two libntfs-3g refuses the volume. No order of writes can avoid that.
        for (const auto* const path : {"/1", "/2", "/3", "/4"})
            ok(fs->create(path, {}, {}));
        for (const auto* const path : {"/1", "/2", "/3", "/4"})
            ok(fs->remove(path));
        ok(fs->close());
    }
    const auto before = disk->content();
    const auto writer = std::make_shared<RecordingDisk>(before);
    const auto overlay = std::make_shared<block::Overlay>(writer);
    {
        const auto fs = opened(chosen.ntfs, overlay, Access::write);
        ok(fs->create("/a/made", made, {}));
        ok(fs->rename("/a/moved", "/b/here"));
        ok(fs->remove("/a/gone"));
        ok(fs->make_directory("/c", {}));
        ok(fs->close());
    }
    const block::CommitTarget target{"disk", overlay.get(), writer};
    Progress progress;
    REQUIRE(block::commit_to(std::span(&target, 1), dir.file("undo"), progress));
    test::PowerCuts cuts(before, writer->intervals());
    cuts.run(test::exhaustive() ? 100 : 6, 0, 7, [&](const auto& cut, const std::string& where) {
        INFO(chosen.name << ": " << where);
        const auto fs = opened(chosen.ntfs, cut, Access::read);
        const auto whole = [&](std::string_view path, const Bytes& content) {
            const auto node = fs->stat(path);
            REQUIRE(node);
            if (!*node)
                return false;
            const auto found = fs->read(path);
            INFO(path << (found ? "" : ": " + found.error().text()));
            REQUIRE(found);
            REQUIRE(*found == content);
            return true;
        };
        const bool here = whole("/b/here", moved);
        REQUIRE((whole("/a/moved", moved) || here));
        whole("/a/made", made);
        whole("/a/gone", gone);
        for (int i = 0; i < kOthers; ++i)
            REQUIRE(whole(other(i), to_bytes("x" + std::to_string(i))));
        const block::DevicePtr device = cut;
        REQUIRE(block::undo_on(dir.file("undo"), std::span(&device, 1), progress));
        REQUIRE(cut->content() == before);
    });
}

} // namespace

TEST_CASE("a power cut leaves the old or the new file on ext, whatever writes arrived") {
    test::need_tools({"mke2fs", "debugfs", "e2fsck"});
    cut_everywhere(ext_case());
}

TEST_CASE("a power cut leaves the old or the new file on NTFS, whatever writes arrived") {
    test::need_tools({"mkntfs", "ntfscat", "ntfsfix", "ntfsresize"});
    cut_everywhere(ntfs_case());
}

TEST_CASE("a power cut while names change loses no file") {
    cut_names(GENERATE(Case{"ext4", false, {"-t", "ext4", "-b", "1024"}},
                       Case{"ext3", false, {"-t", "ext3", "-b", "4096", "-I", "128"}},
                       Case{"NTFS 4 KiB", true, {}, 4096}, Case{"NTFS 512", true, {}, 512}));
}

TEST_CASE("a file that cannot get new space is overwritten where it lies, and that is told") {
    const bool ntfs = GENERATE(false, true);
    const TempDir dir;
    const auto image = dir.file("image");
    if (ntfs)
        test::make_ntfs(image, 16 * kMiB);
    else
        test::make_ext(image, 16 * kMiB);
    const auto disk = std::make_shared<RecordingDisk>(test::read_file(image));
    auto content = noise(kMiB, 1);
    {
        const auto fs = opened(ntfs, disk, Access::write);
        ok(fs->create("/file", content, {}));
        int number = 0;
        for (std::size_t size = 4 * kMiB; size > 1000; size /= 2)
            while (fs->create("/filler" + std::to_string(++number), noise(size, 2), {})) {
            }
        content[5000] ^= std::byte{1};
        content[700000] ^= std::byte{1};
        ok(fs->replace("/file", content));
        CHECK(fs->written_in_place() == std::vector<std::string>{"/file"});
        CHECK(fs->read("/file").value() == content);
        ok(fs->close());
    }
    CHECK(opened(ntfs, disk, Access::read)->read("/file").value() == content);
}

TEST_CASE("the same cuts find a commit without barriers to be unsafe") {
    cut_without_barriers(GENERATE(Case{"ext4", false, {"-t", "ext4", "-b", "4096"}, 0, kMiB},
                                  Case{"NTFS", true, {}, 4096}));
}

} // namespace lifeboat::fs
