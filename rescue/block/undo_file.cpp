// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/undo_file.hpp"

#include "base/text.hpp"
#include "block/undo_format.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lifeboat::block {
namespace {

constexpr std::size_t kPiece = 1U << 20;

struct Place {
    std::uint64_t offset = 0; // on the disk
    std::uint64_t stored = 0; // in the undo file; 0: the old bytes were zero
    std::uint32_t disk = 0;
    std::uint32_t length = 0;
    Digest before{};
    std::vector<SectorMark> marks;
};

tl::unexpected<Error> bad(const std::string& path, std::string what) {
    return fail(ErrorKind::damaged, path, "this undo file is damaged: " + std::move(what),
                "nothing was written to the disk");
}

} // namespace

struct UndoFile::State {
    std::string path;
    int file = -1;
    std::uint64_t size = 0;
    std::vector<UndoDisk> disks;
    std::vector<Place> blocks;

    ~State() {
        if (file >= 0)
            ::close(file);
    }

    [[nodiscard]] Result<Bytes> bytes(std::uint64_t offset, std::size_t length) const {
        Bytes data(length);
        for (std::size_t done = 0; done < length;) {
            const auto got =
                ::pread(file, data.data() + done, length - done, static_cast<off_t>(offset + done));
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                return fail_errno(path, "reading the undo file", errno);
            if (got == 0)
                return bad(path, "it ends too early");
            done += static_cast<std::size_t>(got);
        }
        return data;
    }
};

namespace {

using State = UndoFile::State;

// Walks the records of a file whose checksum is right already; still trusts none of them.
class Parser {
public:
    explicit Parser(const State& state) : path_(state.path), end_(state.size - kUndoTrailer) {}

    [[nodiscard]] bool fits(std::uint64_t length) const { return length <= end_ - at_; }
    [[nodiscard]] std::uint64_t at() const { return at_; }
    [[nodiscard]] bool at_end() const { return at_ == end_; }
    [[nodiscard]] tl::unexpected<Error> bad_record(std::string what) const {
        return bad(path_, std::move(what) + " (at byte " + std::to_string(at_) + ")");
    }
    Result<Bytes> take(const State& state, std::size_t length) {
        if (!fits(length))
            return bad_record("a record reaches past the end");
        auto data = state.bytes(at_, length);
        at_ += length;
        return data;
    }

private:
    const std::string& path_;
    std::uint64_t at_ = kUndoHeader;
    std::uint64_t end_;
};

Digest digest_at(ByteSpan data, std::size_t offset) {
    Digest digest{};
    std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(offset), digest.size(), digest.begin());
    return digest;
}

Result<void> check_sum(const State& state) {
    Sha256 hash;
    const auto end = state.size - kUndoTrailer;
    for (std::uint64_t at = 0; at < end;) {
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, end - at));
        LIFEBOAT_TRY(const auto data, state.bytes(at, length));
        hash.add(data);
        at += length;
    }
    LIFEBOAT_TRY(const auto stored, state.bytes(end, kUndoTrailer));
    if (!equal(stored, hash.finish()))
        return bad(state.path, "its checksum is wrong");
    return {};
}

Result<void> parse_disk(State& state, Parser& parser) {
    LIFEBOAT_TRY(const auto record, parser.take(state, kUndoDiskRecord));
    UndoDisk disk;
    disk.size = read_le<std::uint64_t>(record, 0).value_or(0);
    disk.sector_size = read_le<std::uint32_t>(record, 8).value_or(0);
    const auto length = read_le<std::uint32_t>(record, 12).value_or(0);
    disk.head = digest_at(record, 16);
    if (disk.size == 0 || disk.size > (std::uint64_t{1} << 62) ||
        (disk.sector_size != 512 && disk.sector_size != 4096))
        return parser.bad_record("a disk has an impossible size");
    if (length > kUndoPathLimit)
        return parser.bad_record("the path of a disk is too long");
    LIFEBOAT_TRY(const auto path, parser.take(state, length));
    disk.path = to_text(path);
    if (disk.path.find('\0') != std::string::npos)
        return parser.bad_record("the path of a disk holds a NUL byte");
    state.disks.push_back(std::move(disk));
    return {};
}

Result<void> parse_block(State& state, Parser& parser) {
    LIFEBOAT_TRY(const auto record, parser.take(state, kUndoBlockRecord));
    Place place;
    place.offset = read_le<std::uint64_t>(record, 0).value_or(0);
    place.disk = read_le<std::uint32_t>(record, 8).value_or(0);
    place.length = read_le<std::uint16_t>(record, 12).value_or(0);
    const auto kind = read_le<std::uint16_t>(record, 14).value_or(0xffff);
    const auto states = read_le<std::uint32_t>(record, 16).value_or(0);
    if (states == 0 || states > kUndoStateLimit || read_le<std::uint32_t>(record, 20) != 0U)
        return parser.bad_record("a block has an impossible number of states");
    if (place.disk >= state.disks.size())
        return parser.bad_record("a block belongs to no disk");
    const auto size = state.disks[place.disk].size;
    if (place.offset % kBlock != 0 || place.offset >= size ||
        place.length != std::min(kBlock, size - place.offset))
        return parser.bad_record("a block does not lie on its disk");
    if (!state.blocks.empty()) {
        const auto& last = state.blocks.back();
        if (place.disk < last.disk || (place.disk == last.disk && place.offset <= last.offset))
            return parser.bad_record("the blocks are not in order");
    }
    if (kind != kUndoStored && kind != kUndoZero)
        return parser.bad_record("a block is of an unknown kind");
    LIFEBOAT_TRY(const auto marks,
                 parser.take(state, states * sector_count(place.length) * sizeof(SectorMark)));
    for (std::size_t at = 0; at < marks.size(); at += sizeof(SectorMark)) {
        SectorMark mark{};
        std::copy_n(marks.begin() + static_cast<std::ptrdiff_t>(at), mark.size(), mark.begin());
        place.marks.push_back(mark);
    }
    Bytes before(place.length);
    if (kind == kUndoStored) {
        place.stored = parser.at();
        LIFEBOAT_TRY(before, parser.take(state, place.length));
    }
    place.before = sha256(before);
    state.blocks.push_back(std::move(place));
    return {};
}

Result<void> parse(State& state) {
    LIFEBOAT_TRY(const auto head, state.bytes(0, kUndoHeader));
    if (!has_magic(head, 0, kUndoMagic))
        return fail(ErrorKind::refused, state.path, "this is not an undo file of lifeboat");
    if (read_le<std::uint32_t>(head, 8) != kUndoVersion)
        return fail(ErrorKind::unsupported, state.path,
                    "the undo file was written by another version of lifeboat",
                    "use that version to undo");
    if (read_le<std::uint64_t>(head, 24) != state.size)
        return fail(ErrorKind::damaged, state.path, "the undo file is not complete",
                    "the repair was cut off before it wrote to the disk; there is nothing to undo");
    LIFEBOAT_CHECK(check_sum(state));
    const auto disks = read_le<std::uint32_t>(head, 12).value_or(0);
    const auto blocks = read_le<std::uint64_t>(head, 16).value_or(0);
    if (disks == 0 || disks > kUndoDiskLimit || blocks > kUndoBlockLimit)
        return bad(state.path, "it has too many disks or blocks");
    Parser parser(state);
    for (std::uint32_t i = 0; i < disks; ++i)
        LIFEBOAT_CHECK(parse_disk(state, parser));
    for (std::uint64_t i = 0; i < blocks; ++i)
        LIFEBOAT_CHECK(parse_block(state, parser));
    if (!parser.at_end())
        return parser.bad_record("something follows the last block");
    return {};
}

} // namespace

SectorMark sector_mark(ByteSpan sector) {
    const auto digest = sha256(sector);
    SectorMark mark{};
    std::copy_n(digest.begin(), mark.size(), mark.begin());
    return mark;
}

std::vector<SectorMark> sector_marks(ByteSpan block) {
    std::vector<SectorMark> marks;
    for (std::size_t at = 0; at < block.size(); at += kMarkedSector)
        marks.push_back(sector_mark(block.subspan(at, std::min(kMarkedSector, block.size() - at))));
    return marks;
}

UndoFile::UndoFile() : state_(std::make_unique<State>()) {}
UndoFile::UndoFile(UndoFile&&) noexcept = default;
UndoFile& UndoFile::operator=(UndoFile&&) noexcept = default;
UndoFile::~UndoFile() = default;

const std::vector<UndoDisk>& UndoFile::disks() const { return state_->disks; }
std::size_t UndoFile::block_count() const { return state_->blocks.size(); }

bool UndoFile::has_first_block(std::size_t disk) const {
    return std::any_of(state_->blocks.begin(), state_->blocks.end(),
                       [&](const Place& place) { return place.disk == disk && place.offset == 0; });
}

Result<UndoFile> UndoFile::open(const std::string& path) {
    UndoFile result;
    auto& state = *result.state_;
    state.path = path;
    state.file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (state.file < 0)
        return fail_errno(path, "opening the undo file", errno);
    struct stat info {};
    if (::fstat(state.file, &info) != 0)
        return fail_errno(path, "opening the undo file", errno);
    if (!S_ISREG(info.st_mode))
        return fail(ErrorKind::refused, path, "this is not an undo file of lifeboat");
    state.size = static_cast<std::uint64_t>(info.st_size);
    if (state.size < kUndoHeader + kUndoTrailer)
        return fail(ErrorKind::damaged, path, "the undo file is not complete",
                    "the repair was cut off before it wrote to the disk; there is nothing to undo");
    LIFEBOAT_CHECK(parse(state));
    return result;
}

Result<UndoBlock> UndoFile::block(std::size_t index) const {
    const auto& place = state_->blocks.at(index);
    UndoBlock block{place.disk, place.offset, Bytes(place.length), place.marks};
    if (place.stored != 0) {
        LIFEBOAT_TRY(block.before, state_->bytes(place.stored, place.length));
    }
    if (sha256(block.before) != place.before)
        return fail(ErrorKind::refused, state_->path, "the undo file changed while it was read");
    return block;
}

} // namespace lifeboat::block
