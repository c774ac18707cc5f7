// SPDX-License-Identifier: GPL-2.0-or-later
// NTFS: paths, what may be read and written, and when a volume must be left alone.
#include "base/text.hpp"
#include "fs/clear_way.hpp"
#include "fs/filesystem.hpp"
#include "fs/ntfs_volume.hpp"
#include "fs/path.hpp"

#include <algorithm>

namespace lifeboat::fs {
namespace {

constexpr std::string_view kShutDown =
    "start Windows where it last ran and shut it down fully (\"shutdown /s /f /t 0\")";
constexpr std::string_view kWakeUp =
    "start Windows where it last ran and shut it down fully (\"shutdown /s /f /t 0\"); where that "
    "cannot be done, --discard-hibernation goes on without what it had in memory";

Result<void> check_plain(const NtfsFile& file, std::string_view path, bool write) {
    const auto no = [&](std::string what) {
        return fail(ErrorKind::unsupported, printable(path), std::move(what));
    };
    if (file.reparse_tag == kReparseWof)
        return no("Windows keeps this file compressed (CompactOS); lifeboat cannot unpack it");
    if (file.reparse_tag != 0)
        return no("this is a reparse point (tag 0x" + hex(file.reparse_tag) +
                  "), not a plain file");
    if (file.encrypted)
        return no("the file is encrypted (EFS)");
    if (file.compressed && write)
        return no("the file is compressed by NTFS; lifeboat does not change such files");
    return {};
}

Node node_of(std::string name, const NtfsFile& file) {
    Node node;
    node.name = std::move(name);
    node.id = file.number;
    node.size = file.size;
    node.target = file.target;
    if (file.reparse_tag != 0 && file.reparse_tag != kReparseWof)
        node.type = NodeType::other; // junctions lead to drive letters, which mean nothing here
    else
        node.type = file.directory ? NodeType::directory : NodeType::file;
    return node;
}

class NtfsFileSystem final : public FileSystem {
public:
    NtfsFileSystem(std::unique_ptr<NtfsVolume> volume, bool writable)
        : volume_(std::move(volume)), writable_(writable) {}

    [[nodiscard]] Kind kind() const override { return Kind::ntfs; }
    [[nodiscard]] bool ignores_case() const override { return true; }
    [[nodiscard]] bool writable() const override { return writable_; }

    Result<std::optional<Node>> stat(std::string_view path) override {
        LIFEBOAT_TRY(const auto spot, find(path));
        if (!spot.number)
            return std::optional<Node>();
        LIFEBOAT_TRY(const auto file, volume_->file(*spot.number));
        if (spot.name.empty())
            return std::optional<Node>(node_of({}, file));
        LIFEBOAT_TRY(auto name, volume_->stored_name(spot.directory, *spot.number, spot.name));
        return std::optional<Node>(node_of(std::move(name), file));
    }

    Result<std::vector<Node>> list(std::string_view directory) override {
        LIFEBOAT_TRY(const auto number, directory_number(directory));
        LIFEBOAT_TRY(auto names, volume_->list(number));
        std::vector<Node> nodes;
        for (auto& [name, child] : names) {
            LIFEBOAT_TRY(const auto file, volume_->file(child));
            nodes.push_back(node_of(std::move(name), file));
        }
        return nodes;
    }

    Result<Bytes> read(std::string_view path, std::uint64_t limit) override {
        LIFEBOAT_TRY(const auto file, plain_file(path, false));
        if (file.size > limit)
            return fail(ErrorKind::unsupported, printable(path),
                        "the file is larger than the limit of " + human_size(limit));
        return at(volume_->read(file.number, file.size), path);
    }

    Result<Bytes> read_head(std::string_view path, std::uint64_t limit) override {
        LIFEBOAT_TRY(const auto file, plain_file(path, false));
        return at(volume_->read(file.number, std::min(limit, file.size)), path);
    }

    Result<void> replace(std::string_view path, ByteSpan content) override {
        LIFEBOAT_CHECK(check_writable());
        LIFEBOAT_TRY(const auto file, plain_file(path, true));
        if (file.size == content.size()) {
            LIFEBOAT_TRY(const auto old, at(volume_->read(file.number, file.size), path));
            if (equal(old, content))
                return {};
        }
        return write(file.number, content, path);
    }

    Result<void> create(std::string_view path, ByteSpan content,
                        const NewFile& attributes) override {
        LIFEBOAT_TRY(const auto spot, free_spot(path));
        LIFEBOAT_TRY(const auto heir_of, rights_of(spot, attributes));
        return guarded([&]() -> Result<void> {
            LIFEBOAT_TRY(
                const auto number,
                at(volume_->create(spot.directory, spot.name, NtfsMake::file, heir_of), path));
            LIFEBOAT_TRY(const bool safe, at(volume_->write(number, content), path));
            static_cast<void>(safe); // nobody sees the file before it is complete
            return {};
        });
    }

    Result<void> make_directory(std::string_view path, const NewFile& attributes) override {
        LIFEBOAT_TRY(const auto spot, free_spot(path));
        LIFEBOAT_TRY(const auto heir_of, rights_of(spot, attributes));
        return guarded([&]() -> Result<void> {
            LIFEBOAT_TRY(
                const auto number,
                at(volume_->create(spot.directory, spot.name, NtfsMake::directory, heir_of), path));
            static_cast<void>(number);
            return {};
        });
    }

    Result<void> make_symlink(std::string_view path, std::string_view /*target*/) override {
        return fail(ErrorKind::unsupported, printable(path),
                    "lifeboat makes no symbolic links on NTFS");
    }

    Result<void> rename(std::string_view from, std::string_view to) override {
        LIFEBOAT_CHECK(check_writable());
        LIFEBOAT_TRY(const auto source, named(from));
        LIFEBOAT_TRY(auto target, find(to));
        if (!target.directory_exists || target.name.empty())
            return fail(ErrorKind::not_found, printable(to), "there is no such directory");
        LIFEBOAT_CHECK(check_windows_name(target.name));
        if (istarts_with(std::string(to) + "/", std::string(from) + "/") && to.size() > from.size())
            return fail(ErrorKind::usage, printable(to), "a directory cannot be moved into itself");
        if (!target.number)
            return move(source, target, from);
        if (*target.number != *source.number || target.directory != source.directory)
            return fail(ErrorKind::refused, printable(to), "this exists already");
        // Only the case changes, which NTFS takes for the same name.
        Spot between = target;
        between.name = "lifeboat-" + std::to_string(*source.number) + ".tmp";
        LIFEBOAT_CHECK(move(source, between, from));
        between.number = source.number;
        return move(between, target, from);
    }

    Result<void> remove(std::string_view path) override {
        LIFEBOAT_CHECK(check_writable());
        LIFEBOAT_TRY(const auto spot, named(path));
        return guarded([&] {
            return at(volume_->remove_name(*spot.number, spot.directory, spot.name), path);
        });
    }

    [[nodiscard]] std::vector<std::string> written_in_place() const override { return in_place_; }

    Result<void> close() override { return volume_->unmount(); }

private:
    struct Spot {
        std::uint64_t directory = NtfsVolume::kRoot;
        std::optional<std::uint64_t> number; // nothing: there is no such name yet
        bool directory_exists = false;
        std::string name; // empty for the root
    };

    // An error with the path it is about.
    template <class T> static Result<T> at(Result<T> result, std::string_view path) {
        if (!result)
            return fail(result.error().in(printable(path)));
        return result;
    }

    // `change` with all its writes in an order that survives a power cut.
    template <class Change> Result<void> guarded(Change change) {
        LIFEBOAT_CHECK(volume_->begin());
        const auto changed = change();
        const auto ended = volume_->end();
        return changed ? ended : changed;
    }

    [[nodiscard]] Result<void> write(std::uint64_t number, ByteSpan content,
                                     std::string_view path) {
        bool safe = false;
        LIFEBOAT_CHECK(guarded([&]() -> Result<void> {
            LIFEBOAT_TRY(safe, at(volume_->write(number, content), path));
            return {};
        }));
        if (!safe || volume_->switched_records() > 1)
            in_place_.emplace_back(path);
        return {};
    }

    [[nodiscard]] Result<void> check_writable() const {
        if (!writable_)
            return fail(ErrorKind::internal, "NTFS", "the file system is not open for writing");
        return {};
    }

    [[nodiscard]] Result<Spot> find(std::string_view path) {
        LIFEBOAT_TRY(const auto parts, path_components(path));
        Spot spot;
        spot.number = NtfsVolume::kRoot;
        spot.directory_exists = true;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            LIFEBOAT_TRY(const auto parent, volume_->file(*spot.number));
            const bool last = i + 1 == parts.size();
            spot.directory = *spot.number;
            spot.directory_exists = parent.directory && parent.reparse_tag == 0;
            spot.name = parts[i];
            spot.number.reset();
            if (!spot.directory_exists)
                return spot;
            LIFEBOAT_TRY(spot.number, at(volume_->lookup(spot.directory, parts[i]), path));
            if (!spot.number) {
                spot.directory_exists = last;
                return spot;
            }
        }
        return spot;
    }

    [[nodiscard]] Result<Spot> named(std::string_view path) {
        LIFEBOAT_TRY(auto spot, find(path));
        if (!spot.number)
            return fail(ErrorKind::not_found, printable(path), "there is no such file");
        if (spot.name.empty() || *spot.number < kFirstUser)
            return fail(ErrorKind::usage, printable(path), "this belongs to NTFS itself");
        return spot;
    }

    [[nodiscard]] Result<Spot> free_spot(std::string_view path) {
        LIFEBOAT_CHECK(check_writable());
        LIFEBOAT_TRY(auto spot, find(path));
        if (spot.number)
            return fail(ErrorKind::refused, printable(path), "this exists already");
        if (!spot.directory_exists)
            return fail(ErrorKind::not_found, printable(path), "there is no such directory");
        LIFEBOAT_CHECK(check_windows_name(spot.name));
        return spot;
    }

    [[nodiscard]] Result<std::uint64_t> rights_of(const Spot& spot, const NewFile& attributes) {
        return attributes.rights_of.empty() ? Result<std::uint64_t>(spot.directory)
                                            : directory_number(attributes.rights_of);
    }

    [[nodiscard]] Result<std::uint64_t> directory_number(std::string_view path) {
        LIFEBOAT_TRY(const auto spot, find(path));
        if (!spot.number)
            return fail(ErrorKind::not_found, printable(path), "there is no such directory");
        LIFEBOAT_TRY(const auto file, volume_->file(*spot.number));
        if (!file.directory || file.reparse_tag != 0)
            return fail(ErrorKind::usage, printable(path), "this is not a directory");
        return *spot.number;
    }

    [[nodiscard]] Result<NtfsFile> plain_file(std::string_view path, bool write) {
        LIFEBOAT_TRY(const auto spot, find(path));
        if (!spot.number)
            return fail(ErrorKind::not_found, printable(path), "there is no such file");
        LIFEBOAT_TRY(auto file, volume_->file(*spot.number));
        if (file.directory)
            return fail(ErrorKind::usage, printable(path), "this is not a regular file");
        LIFEBOAT_CHECK(check_plain(file, path, write));
        if (write && *spot.number < kFirstUser)
            return fail(ErrorKind::usage, printable(path), "this belongs to NTFS itself");
        return file;
    }

    [[nodiscard]] Result<void> move(const Spot& from, const Spot& to, std::string_view path) {
        LIFEBOAT_CHECK(guarded(
            [&] { return at(volume_->add_name(*from.number, to.directory, to.name), path); }));
        return guarded([&] {
            return at(volume_->remove_name(*from.number, from.directory, from.name), path);
        });
    }

    static constexpr std::uint64_t kFirstUser = 16; // lower MFT records are NTFS's own

    std::unique_ptr<NtfsVolume> volume_;
    bool writable_;
    std::vector<std::string> in_place_;
};

Result<void> check_bitlocker(block::BlockDevice& volume) {
    LIFEBOAT_TRY(const auto boot, block::read_bytes(volume, 0, 512));
    if (has_magic(boot, 3, "-FVE-FS-"))
        return fail(ErrorKind::refused, volume.name(), "the volume is encrypted with BitLocker",
                    "turn BitLocker off in Windows where it last ran (\"manage-bde -off C:\")");
    return {};
}

} // namespace

Result<std::optional<Error>> ntfs_write_obstacle(block::DevicePtr device) {
    const auto name = device->name();
    if (const auto plain = check_bitlocker(*device); !plain) {
        if (plain.error().kind == ErrorKind::refused)
            return std::optional<Error>(plain.error());
        return fail(plain.error());
    }
    LIFEBOAT_TRY(const auto volume, NtfsVolume::mount(std::move(device), false));
    LIFEBOAT_TRY(const auto state, volume->state());
    const auto refused = [&](std::string what, std::string_view next) {
        return std::optional<Error>(
            Error{ErrorKind::refused, name, std::move(what), std::string(next),
                  next == kWakeUp ? std::string(kDiscardHibernation) : std::string()});
    };
    if (state.hibernated)
        return refused("Windows is hibernated on this volume, or was shut down with fast startup; "
                       "changes would be lost or would damage it",
                       kWakeUp);
    if (state.cached)
        return refused("Windows kept parts of this volume in memory (fast startup, or the power "
                       "was cut)",
                       kWakeUp);
    if (state.log_unclean)
        return refused("the NTFS journal holds changes that were never written back: Windows was "
                       "not shut down, or is running",
                       kShutDown);
    if (state.dirty)
        return refused("Windows marked the volume for a check",
                       "let Windows check it with \"chkdsk /f\"");
    return std::optional<Error>();
}

Result<FileSystemPtr> open_ntfs(block::DevicePtr volume, Access access) {
    LIFEBOAT_CHECK(check_bitlocker(*volume));
    const bool write = access == Access::write;
    if (write) {
        LIFEBOAT_TRY(auto obstacle, ntfs_write_obstacle(volume));
        if (obstacle)
            return fail(std::move(*obstacle));
    }
    LIFEBOAT_TRY(auto mounted, NtfsVolume::mount(std::move(volume), write));
    return std::make_shared<NtfsFileSystem>(std::move(mounted), write);
}

} // namespace lifeboat::fs
