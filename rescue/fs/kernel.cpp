// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/kernel.hpp"

#include "block/overlay.hpp"
#include "fs/kernel_disk.hpp"
#include "fs/kernel_mount.hpp"

#include <optional>
#include <unistd.h>

namespace lifeboat::fs {
namespace {

// Everything that touches the mounted file system runs where the kernel is served meanwhile.
class KernelFileSystem final : public FileSystem {
public:
    KernelFileSystem(std::unique_ptr<KernelDisk> disk, KernelType type)
        : disk_(std::move(disk)), type_(type) {}
    ~KernelFileSystem() override { static_cast<void>(end()); }
    KernelFileSystem(const KernelFileSystem&) = delete;
    KernelFileSystem& operator=(const KernelFileSystem&) = delete;

    // Before anything else is called.
    Result<void> mount(Access access, const std::string& name) {
        return call([&]() -> Result<void> {
            auto mounted = mount_alone(disk_->path(), type_, access);
            if (!mounted)
                return fail(mounted.error().in(name));
            mount_ = std::move(*mounted);
            directory_.emplace(system_root(mount_), name, access == Access::write);
            return {};
        });
    }

    [[nodiscard]] Kind kind() const override { return Kind::kernel; }
    [[nodiscard]] bool ignores_case() const override { return false; }
    [[nodiscard]] bool writable() const override { return directory_ && directory_->writable(); }

    Result<std::optional<Node>> stat(std::string_view path) override {
        return on([&](auto& directory) { return directory.stat(path); });
    }
    Result<std::vector<Node>> list(std::string_view path) override {
        return on([&](auto& directory) { return directory.list(path); });
    }
    Result<Bytes> read(std::string_view path, std::uint64_t limit) override {
        return on([&](auto& directory) { return directory.read(path, limit); });
    }
    Result<Bytes> read_head(std::string_view path, std::uint64_t limit) override {
        return on([&](auto& directory) { return directory.read_head(path, limit); });
    }
    Result<void> replace(std::string_view path, ByteSpan content) override {
        return on([&](auto& directory) { return directory.replace(path, content); });
    }
    Result<void> create(std::string_view path, ByteSpan content,
                        const NewFile& attributes) override {
        return on([&](auto& directory) { return directory.create(path, content, attributes); });
    }
    Result<void> make_directory(std::string_view path, const NewFile& attributes) override {
        return on([&](auto& directory) { return directory.make_directory(path, attributes); });
    }
    Result<void> make_symlink(std::string_view path, std::string_view target) override {
        return on([&](auto& directory) { return directory.make_symlink(path, target); });
    }
    Result<void> rename(std::string_view from, std::string_view to) override {
        return on([&](auto& directory) { return directory.rename(from, to); });
    }
    Result<void> remove(std::string_view path) override {
        return on([&](auto& directory) { return directory.remove(path); });
    }
    [[nodiscard]] std::vector<std::string> written_in_place() const override {
        return directory_ ? directory_->written_in_place() : in_place_;
    }
    Result<void> close() override { return end(); }

private:
    // The result of `work`, which ran in the thread that may wait for the kernel.
    template <class Work> auto call(Work work) -> decltype(work()) {
        std::optional<decltype(work())> result;
        disk_->serve_while([&] { result.emplace(work()); });
        return std::move(*result);
    }
    template <class Work>
    auto on(Work work) -> decltype(work(std::declval<DirectoryFileSystem&>())) {
        if (!disk_ || !directory_)
            return fail(ErrorKind::internal, "", "the file system is closed already");
        return call([&] { return work(*directory_); });
    }

    Result<void> end() {
        if (!disk_)
            return {};
        auto closed = call([&]() -> Result<void> {
            in_place_ = written_in_place();
            auto done = directory_ ? directory_->close() : Result<void>();
            directory_.reset();
            mount_.reset(); // with its last descriptor the mount ends
            return done;
        });
        if (type_ == KernelType::btrfs)
            forget_device(disk_->path());
        auto detached = disk_->detach();
        disk_.reset();
        return closed ? detached : closed;
    }

    std::unique_ptr<KernelDisk> disk_;
    KernelType type_;
    Descriptor mount_;
    std::optional<DirectoryFileSystem> directory_;
    std::vector<std::string> in_place_; // of what is closed
};

} // namespace

bool kernel_filesystems() { return geteuid() == 0 && access(kKernelFilesystemsMarker, F_OK) == 0; }

Result<KernelOpened> open_kernel(block::DevicePtr volume, KernelType type, Access access) {
    const auto name = volume->name();
    if (!kernel_filesystems())
        return fail(ErrorKind::unsupported, name,
                    "only the rescue medium can open this file system",
                    "start this guest from the Lifeboat rescue medium");
    if (type == KernelType::btrfs) {
        LIFEBOAT_TRY(const auto obstacle, btrfs_obstacle(*volume));
        if (obstacle)
            return fail(*obstacle);
    }
    std::shared_ptr<block::Overlay> own;
    if (access == Access::read)
        own = std::make_shared<block::Overlay>(volume);
    KernelMessages messages;
    LIFEBOAT_TRY(auto disk, KernelDisk::attach(own ? own : std::move(volume)));
    const auto device = disk->path().substr(disk->path().rfind('/') + 1);
    auto fs = std::make_shared<KernelFileSystem>(std::move(disk), type);
    LIFEBOAT_CHECK(fs->mount(access, name));
    return KernelOpened{std::move(fs), messages.tell_of_replay(device)};
}

} // namespace lifeboat::fs
