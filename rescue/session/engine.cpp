// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/engine.hpp"

#include "base/medium.hpp"
#include "session/documents.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace lifeboat::session {

namespace {

namespace stdfs = std::filesystem;

// More than this many undo files of one folder is not a rescue any more.
constexpr int kMostUndoFiles = 10000;

class DiskEngine final : public Engine {
public:
    DiskEngine(std::vector<std::string> disks, std::string undo_folder, std::string sys_block,
               Options options)
        : given_(std::move(disks)), undo_folder_(std::move(undo_folder)),
          sys_block_(std::move(sys_block)), options_(std::move(options)) {
        options_.keep_originals = true;
    }

    std::vector<std::string> disks() const override {
        return given_.empty() ? disks_of_machine(sys_block_) : given_;
    }

    Result<Inspection> look(Progress& progress) override {
        session_.reset();
        opened_ = disks();
        if (opened_.empty())
            return fail(ErrorKind::not_found, "this machine", "no disk is attached",
                        "attach the guest's disk and look again");
        LIFEBOAT_TRY(auto opened, Session::open(opened_, options_, progress));
        session_.emplace(std::move(opened));
        return session_->inspect(progress);
    }

    Result<std::vector<KeptInfo>> kept(Progress& progress) override {
        if (!session_)
            return nothing_open();
        return session_->kept(progress);
    }

    Result<Preview> stage(std::span<const Choice> choices, const Agreements& agreed,
                          Progress& progress) override {
        if (!session_)
            return nothing_open();
        LIFEBOAT_CHECK(session_->go_past(agreed));
        return session_->stage(choices, progress);
    }

    Result<Preview> stage_restore(const RestoreChoice& choice, const Agreements& agreed,
                                  Progress& progress) override {
        if (!session_)
            return nothing_open();
        LIFEBOAT_CHECK(session_->go_past(agreed));
        return session_->stage_restore(choice, progress);
    }

    void discard() override {
        if (session_)
            session_->discard();
    }

    Result<CommitInfo> commit(Progress& progress) override {
        if (!session_)
            return nothing_open();
        LIFEBOAT_TRY(const auto file, new_undo_file());
        return session_->commit(file, progress);
    }

    Result<CommitInfo> undo(const std::string& undo_file, Progress& progress) override {
        session_.reset(); // what it had read is not true any more afterwards
        return session::undo(undo_file, opened_, progress, options_);
    }

    std::optional<std::string_view> page(std::string_view id) const override {
        return finding_page(id);
    }

private:
    static tl::unexpected<Error> nothing_open() {
        return fail(ErrorKind::usage, "this session", "the disks are not open",
                    "look at them first");
    }

    Result<std::string> new_undo_file() const {
        std::error_code error;
        stdfs::create_directories(undo_folder_, error);
        if (error)
            return fail(ErrorKind::io, undo_folder_, "making the folder: " + error.message(),
                        "nothing was written to the disks");
        for (int number = 1; number < kMostUndoFiles; ++number) {
            auto path = undo_folder_ + "/undo-" + std::to_string(number) + ".lifeboat";
            if (!stdfs::exists(stdfs::symlink_status(path, error)))
                return path;
        }
        return fail(ErrorKind::io, undo_folder_, "no free name for an undo file",
                    "nothing was written to the disks; remove old undo files");
    }

    std::vector<std::string> given_;
    std::string undo_folder_;
    std::string sys_block_;
    Options options_;
    std::vector<std::string> opened_;
    std::optional<Session> session_;
};

// Prefixes of names in /sys/block that are no disks of a guest (Linux, Documentation/admin-guide/
// devices.txt).
constexpr std::array<std::string_view, 10> kNotDisks = {"loop", "ram", "zram", "sr",       "scd",
                                                        "fd",   "dm-", "md",   "mtdblock", "nbd"};

std::uint64_t sectors_of(const stdfs::path& folder) {
    std::ifstream in(folder / "size");
    std::uint64_t sectors = 0;
    in >> sectors;
    return in ? sectors : 0;
}

} // namespace

std::unique_ptr<Engine> make_engine(std::vector<std::string> disks, std::string undo_folder,
                                    std::string sys_block, Options options) {
    return std::make_unique<DiskEngine>(std::move(disks), std::move(undo_folder),
                                        std::move(sys_block), std::move(options));
}

std::vector<std::string> disks_of_machine(const std::string& sys_block) {
    std::vector<std::string> out;
    std::error_code error;
    for (stdfs::directory_iterator at(sys_block, error), end; !error && at != end;
         at.increment(error)) {
        auto name = at->path().filename().string();
        const bool other = std::any_of(kNotDisks.begin(), kNotDisks.end(),
                                       [&](auto prefix) { return name.starts_with(prefix); });
        if (other || sectors_of(at->path()) == 0)
            continue;
        // The kernel writes '!' for '/' (cciss!c0d0).
        std::replace(name.begin(), name.end(), '!', '/');
        if (!is_rescue_medium("/dev/" + name))
            out.push_back("/dev/" + name);
    }
    std::sort(out.begin(), out.end());
    return out;
}

} // namespace lifeboat::session
