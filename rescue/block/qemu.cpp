// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/qemu.hpp"

#include "base/text.hpp"
#include "block/nbd.hpp"
#include "block/qemu_cache.hpp"
#include "block/qemu_helper.hpp"
#include "block/qemu_keeper.hpp"
#include "block/qemu_process.hpp"
#include "block/range.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace lifeboat::block {
namespace {

constexpr int kSecondsToOpen = 120; // an address may be far away
constexpr int kTimeToDie = 2000;    // milliseconds; it has already closed its side
constexpr int kTimeToNotice = 100;  // the same, when a connection breaks
constexpr std::uint64_t kSmallestDisk = 512;

struct KnownTrouble {
    std::string_view words; // in what QEMU says
    ErrorKind kind;
    std::string_view what;
    std::string_view next;
};

// Source of the words: QEMU 7.2 and 10.0, block/*.c, util/module.c.
constexpr std::array kTroubles{
    KnownTrouble{"\" lock", ErrorKind::refused,
                 "a running virtual machine or another program has this disk open",
                 "shut the guest down first"},
    KnownTrouble{"encrypt", ErrorKind::refused, "the image is encrypted", "decrypt it first"},
    KnownTrouble{"corrupt", ErrorKind::refused, "the image is marked as corrupt",
                 "run \"qemu-img check -r all\" on it first"},
    KnownTrouble{"log that needs to be replayed", ErrorKind::refused,
                 "the image was not closed properly; its log must be replayed",
                 "run \"qemu-img check -r all\" on it first"},
    KnownTrouble{"Unknown driver", ErrorKind::unsupported,
                 "this machine's QEMU cannot open this kind of disk",
                 "install qemu-block-extra (or your system's further QEMU block drivers)"},
    KnownTrouble{"Unknown protocol", ErrorKind::unsupported,
                 "this machine's QEMU cannot open this kind of address",
                 "install qemu-block-extra (or your system's further QEMU block drivers)"},
    KnownTrouble{"Operation not supported", ErrorKind::unsupported,
                 "QEMU does not read this variant of the format (a 4K-sector or differencing disk)",
                 "let the program that made it write a plain copy"},
    KnownTrouble{"does not support writes", ErrorKind::refused, "this disk can only be read",
                 "copy it to a place that can be written"},
    KnownTrouble{"is read-only", ErrorKind::refused, "this disk can only be read",
                 "copy it to a place that can be written"},
};

Error explain(const QemuDisk& disk, const std::string& said, const Error& ours) {
    for (const auto& trouble : kTroubles)
        if (icontains(said, trouble.words))
            return {trouble.kind, disk.name, std::string(trouble.what) + " (QEMU: " + said + ")",
                    std::string(trouble.next)};
    if (said.empty())
        return {ErrorKind::io, disk.name, "QEMU did not serve the disk: " + ours.what, {}};
    return {ErrorKind::io, disk.name, "QEMU could not open it: " + said, {}};
}

Result<std::string> program() {
    auto found = find_program("qemu-nbd", std::getenv("PATH"));
    if (found.empty())
        return fail(ErrorKind::unsupported, "qemu-nbd",
                    "this machine does not have it, and only it reads disks in this format",
                    "install qemu-utils (qemu-img on Fedora and its relatives), or make a plain "
                    "disk elsewhere: \"qemu-img convert -O raw\"");
    return found;
}

Result<std::vector<std::string>> arguments(const QemuDisk& disk, Access access) {
    std::vector<std::string> out;
    if (access == Access::read)
        out.emplace_back("--read-only");
    out.insert(out.end(), {"--cache=writeback", "--discard=ignore", "--detect-zeroes=off"});
    if (!disk.address.empty()) {
        out.insert(out.end(), {"--format=" + disk.driver, "--", disk.address});
        return out;
    }
    LIFEBOAT_TRY(const auto options, qemu_options(disk, access));
    out.insert(out.end(), {"--", "json:" + options});
    return out;
}

// The connection to the disk, shared by those who read it and the one who writes it: QEMU lets
// nobody write an image that another server has open, and a server that is open does not see what
// another one writes.
class Line {
public:
    Line(QemuDisk disk, QemuKeeper keeper) : disk_(std::move(disk)), keeper_(std::move(keeper)) {}
    ~Line() { close(); }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    [[nodiscard]] const QemuDisk& disk() const { return disk_; }
    [[nodiscard]] std::uint64_t size() const { return size_; }

    // Connects anew, unless a connection is there that can do it.
    Result<void> open(Access access) {
        if (client_ && (access == Access::read || writing_))
            return {};
        close();
        LIFEBOAT_TRY(const int socket, keeper_.serve(access));
        auto client = NbdClient::connect(disk_.name, socket, kSecondsToOpen);
        if (!client)
            return fail(explain(disk_, keeper_.last_words(kTimeToDie).said, client.error()));
        if (access == Access::write && (!(*client)->can_write() || !(*client)->can_flush()))
            return fail(ErrorKind::refused, disk_.name, "this disk can only be read",
                        "copy it to a place that can be written");
        if (size_ != 0 && (*client)->size() != size_)
            return fail(ErrorKind::refused, disk_.name, "its size changed meanwhile",
                        "let nothing else work on the disk, and start again");
        client_ = std::move(*client);
        size_ = client_->size();
        writing_ = access == Access::write;
        return {};
    }
    void close() {
        if (!client_)
            return;
        client_.reset();
        cache_.forget();
        keeper_.wait_for_end();
        writing_ = false;
    }
    [[nodiscard]] NbdClient* client() { return client_.get(); }
    // What is written must be seen at once: only what nobody writes is kept.
    Result<void> read(std::uint64_t offset, MutableByteSpan out) {
        return with_reason(writing_ ? client_->read(offset, out)
                                    : cache_.read(*client_, offset, out));
    }

    // When QEMU is gone, that is the news, not the broken connection.
    Result<void> with_reason(Result<void> result) {
        if (result)
            return result;
        const auto last = keeper_.last_words(kTimeToNotice);
        if (!last.ended)
            return result;
        return fail(ErrorKind::io, disk_.name,
                    "qemu-nbd ended while it was needed" +
                        (last.said.empty() ? last.said : ": " + last.said),
                    writing_ ? "restore the disk with the undo file" : "start again");
    }

private:
    QemuDisk disk_;
    QemuKeeper keeper_;
    std::unique_ptr<NbdClient> client_;
    ReadCache cache_;
    std::uint64_t size_ = 0;
    bool writing_ = false;
};

class QemuDevice final : public BlockDevice {
public:
    QemuDevice(std::shared_ptr<Line> line, Access access, std::uint32_t sector_size)
        : line_(std::move(line)), access_(access), sector_size_(sector_size) {}
    ~QemuDevice() override {
        if (writable())
            line_->close(); // whoever still reads goes on with a server that only reads
    }

    [[nodiscard]] std::string name() const override { return line_->disk().name; }
    [[nodiscard]] std::uint64_t size() const override { return line_->size(); }
    [[nodiscard]] std::uint32_t sector_size() const override { return sector_size_; }
    [[nodiscard]] bool writable() const override { return access_ == Access::write; }

    Result<void> read(std::uint64_t offset, MutableByteSpan out) override {
        LIFEBOAT_CHECK(check_range(name(), size(), offset, out.size()));
        if (!writable())
            LIFEBOAT_CHECK(line_->open(Access::read));
        if (line_->client() == nullptr)
            return closed();
        return line_->read(offset, out);
    }
    Result<void> write(std::uint64_t offset, ByteSpan data) override {
        if (!writable())
            return not_writable(name());
        LIFEBOAT_CHECK(check_range(name(), size(), offset, data.size()));
        if (line_->client() == nullptr)
            return closed();
        return line_->with_reason(line_->client()->write(offset, data));
    }
    Result<void> flush() override {
        if (!writable())
            return {};
        if (line_->client() == nullptr)
            return closed();
        return line_->with_reason(line_->client()->flush());
    }
    Result<DevicePtr> writer() override {
        LIFEBOAT_CHECK(line_->open(Access::write));
        return std::make_shared<QemuDevice>(line_, Access::write, sector_size_);
    }

private:
    // Two writers over one line, and the first one gone.
    [[nodiscard]] tl::unexpected<Error> closed() const {
        return fail(ErrorKind::internal, name(), "it is closed for writing");
    }

    std::shared_ptr<Line> line_;
    Access access_;
    std::uint32_t sector_size_;
};

} // namespace

Result<QemuProcess> start_server(const QemuDisk& disk, Access access) {
    LIFEBOAT_TRY(const auto path, program());
    LIFEBOAT_TRY(const auto words, arguments(disk, access));
    return QemuProcess::start(path, words);
}

Result<DevicePtr> open_with_qemu(const QemuDisk& disk, Access access, std::uint32_t sector_size,
                                 QemuHelper* helper) {
    if (sector_size != 0 && sector_size != 512 && sector_size != 4096)
        return fail(ErrorKind::usage, disk.name, "a sector has 512 or 4096 bytes");
    LIFEBOAT_TRY(auto keeper, helper != nullptr ? helper->keeper(disk) : QemuKeeper::start(disk));
    auto line = std::make_shared<Line>(disk, std::move(keeper));
    LIFEBOAT_CHECK(line->open(access));
    if (line->size() < kSmallestDisk)
        return fail(ErrorKind::refused, disk.name, "it is too small to be a disk");
    return std::make_shared<QemuDevice>(std::move(line), access,
                                        sector_size == 0 ? 512 : sector_size);
}

} // namespace lifeboat::block
