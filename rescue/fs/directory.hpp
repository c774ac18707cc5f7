// SPDX-License-Identifier: GPL-2.0-or-later
// A FileSystem over a directory that the kernel shows: the root of a mounted guest file system, or
// a plain directory in tests. Every path is resolved by openat2(2) below an open descriptor of that
// directory; no symbolic link is followed and no mount is crossed, so that nothing in the guest can
// lead out of it. Reading is in directory.cpp, writing in directory_edit.cpp.
#pragma once

#include "fs/filesystem.hpp"

#include <utility>

namespace lifeboat::fs {

// A file descriptor that closes itself.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        if (this != &other) {
            reset();
            number_ = std::exchange(other.number_, -1);
        }
        return *this;
    }
    ~Descriptor() { reset(); }
    void reset();
    [[nodiscard]] int get() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }

private:
    int number_ = -1;
};

class DirectoryFileSystem final : public FileSystem {
public:
    // `root`: the directory, opened with O_PATH or for reading. `name` is for messages.
    DirectoryFileSystem(Descriptor root, std::string name, bool writable)
        : root_(std::move(root)), name_(std::move(name)), writable_(writable) {}

    [[nodiscard]] Kind kind() const override { return Kind::kernel; }
    [[nodiscard]] bool ignores_case() const override { return false; }
    [[nodiscard]] bool writable() const override { return writable_; }

    Result<std::optional<Node>> stat(std::string_view path) override;
    Result<std::vector<Node>> list(std::string_view directory) override;
    Result<Bytes> read(std::string_view path, std::uint64_t limit) override;
    Result<Bytes> read_head(std::string_view path, std::uint64_t limit) override;

    // A file with one name gets a new inode with the mode, owner, extended attributes (SELinux
    // label, ACL) and flags of the old one, exchanged by rename(2): a cut leaves the old content or
    // the new one. A file with several names keeps its inode and is written in place.
    Result<void> replace(std::string_view path, ByteSpan content) override;
    Result<void> create(std::string_view path, ByteSpan content,
                        const NewFile& attributes) override;
    Result<void> make_directory(std::string_view path, const NewFile& attributes) override;
    Result<void> make_symlink(std::string_view path, std::string_view target) override;
    Result<void> rename(std::string_view from, std::string_view to) override;
    Result<void> remove(std::string_view path) override;
    [[nodiscard]] std::vector<std::string> written_in_place() const override { return in_place_; }
    // Writes everything to the device below and lets go of the directory.
    Result<void> close() override;

private:
    struct Spot { // a name in a directory that is open for reading
        Descriptor directory;
        std::string name;
        bool taken = false;
    };

    // Nothing when there is no such path.
    [[nodiscard]] Result<std::optional<Descriptor>> open(std::string_view path, int flags) const;
    [[nodiscard]] Result<Descriptor> existing(std::string_view path, int flags) const;
    [[nodiscard]] Result<Descriptor> file(std::string_view path, int flags) const;
    [[nodiscard]] Result<Bytes> content(std::string_view path, std::uint64_t limit, bool whole);
    [[nodiscard]] tl::unexpected<Error> error(std::string_view path, std::string_view doing) const;

    [[nodiscard]] Result<void> check_writable() const;
    [[nodiscard]] Result<Spot> spot(std::string_view path) const;
    [[nodiscard]] Result<Spot> free_spot(std::string_view path) const;
    [[nodiscard]] Result<void> settle(const Spot& spot, std::string_view path) const;
    [[nodiscard]] Result<void> write_all(int file, ByteSpan content, std::string_view path) const;
    [[nodiscard]] Result<void> copy_attributes(int from, int to, std::string_view path) const;
    [[nodiscard]] Result<void> exchange(int old, const Spot& spot, ByteSpan content,
                                        std::string_view path) const;
    [[nodiscard]] Result<void> overwrite(ByteSpan content, std::string_view path);

    Descriptor root_;
    std::string name_;
    bool writable_;
    std::vector<std::string> in_place_;
};

// A directory or file below `root`, or an errno in `error`; follows no link and leaves it nowhere.
[[nodiscard]] Descriptor open_beneath(int root, const std::string& relative, int flags, int& error);

} // namespace lifeboat::fs
