// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/qemu.hpp"

#include "base/text.hpp"
#include "block/nbd.hpp"
#include "block/qemu_process.hpp"
#include "block/range.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

namespace lifeboat::block {
namespace {

constexpr int kSecondsToOpen = 120; // an address may be far away
constexpr int kTimeToDie = 2000;    // milliseconds; it has already closed its side
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

// The server and the connection to it; destroyed in the right order: goodbye first.
struct Service {
    QemuProcess process;
    std::unique_ptr<NbdClient> client;
};

Result<Service> start(const QemuDisk& disk, Access access) {
    LIFEBOAT_TRY(const auto path, program());
    LIFEBOAT_TRY(const auto words, arguments(disk, access));
    LIFEBOAT_TRY(auto process, QemuProcess::start(path, words));
    auto client = NbdClient::connect(disk.name, process.take_socket(), kSecondsToOpen);
    if (!client) {
        static_cast<void>(process.wait(kTimeToDie)); // it may still be telling why
        return fail(explain(disk, process.said(), client.error()));
    }
    if (access == Access::write && (!(*client)->can_write() || !(*client)->can_flush()))
        return fail(ErrorKind::refused, disk.name, "this disk can only be read",
                    "copy it to a place that can be written");
    return Service{std::move(process), std::move(*client)};
}

class QemuDevice final : public BlockDevice {
public:
    QemuDevice(QemuDisk disk, Access access, Service service, std::uint32_t sector_size)
        : disk_(std::move(disk)), access_(access), service_(std::move(service)),
          size_(service_->client->size()), sector_size_(sector_size) {}

    [[nodiscard]] std::string name() const override { return disk_.name; }
    [[nodiscard]] std::uint64_t size() const override { return size_; }
    [[nodiscard]] std::uint32_t sector_size() const override { return sector_size_; }
    [[nodiscard]] bool writable() const override { return access_ == Access::write; }

    Result<void> read(std::uint64_t offset, MutableByteSpan out) override {
        LIFEBOAT_CHECK(check_range(disk_.name, size_, offset, out.size()));
        LIFEBOAT_CHECK(open_again());
        return with_reason(service_->client->read(offset, out));
    }
    Result<void> write(std::uint64_t offset, ByteSpan data) override {
        if (!writable())
            return not_writable(disk_.name);
        LIFEBOAT_CHECK(check_range(disk_.name, size_, offset, data.size()));
        return with_reason(service_->client->write(offset, data));
    }
    Result<void> flush() override {
        if (!writable())
            return {};
        return with_reason(service_->client->flush());
    }
    // QEMU allows nobody to write an image that is open, and an open image does not see what
    // somebody else writes.
    void let_go() override {
        if (!writable())
            service_.reset();
    }

private:
    Result<void> open_again() {
        if (service_)
            return {};
        LIFEBOAT_TRY(auto service, start(disk_, access_));
        if (service.client->size() != size_)
            return fail(ErrorKind::refused, disk_.name, "its size changed meanwhile",
                        "let nothing else work on the disk, and start again");
        service_.emplace(std::move(service));
        return {};
    }
    // When QEMU is gone, that is the news, not the broken connection.
    Result<void> with_reason(Result<void> result) {
        if (result || !service_->process.wait(100))
            return result;
        const auto said = service_->process.said();
        return fail(ErrorKind::io, disk_.name,
                    "qemu-nbd ended while it was needed" + (said.empty() ? said : ": " + said),
                    writable() ? "restore the disk with the undo file" : "start again");
    }

    QemuDisk disk_;
    Access access_;
    std::optional<Service> service_;
    std::uint64_t size_;
    std::uint32_t sector_size_;
};

} // namespace

Result<DevicePtr> open_with_qemu(const QemuDisk& disk, Access access, std::uint32_t sector_size) {
    if (sector_size != 0 && sector_size != 512 && sector_size != 4096)
        return fail(ErrorKind::usage, disk.name, "a sector has 512 or 4096 bytes");
    LIFEBOAT_TRY(auto service, start(disk, access));
    if (service.client->size() < kSmallestDisk)
        return fail(ErrorKind::refused, disk.name, "it is too small to be a disk");
    return std::make_shared<QemuDevice>(disk, access, std::move(service),
                                        sector_size == 0 ? 512 : sector_size);
}

} // namespace lifeboat::block
