// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/undo_file.hpp"
#include "block/undo_format.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace lifeboat::block {
namespace {

constexpr std::size_t kBuffer = 1U << 20;

std::uint64_t encoded_size(std::span<const UndoContent> content) {
    std::uint64_t size = kUndoHeader + kUndoTrailer;
    for (const auto& part : content) {
        size += kUndoDiskRecord + part.disk.path.size();
        for (const auto& block : part.blocks)
            size += kUndoBlockRecord + block.marks.size() * sizeof(SectorMark) +
                    (all_zero(block.before) ? 0 : block.before.size());
    }
    return size;
}

// Collects bytes, hashes them and hands them to the file in large pieces.
class Sink {
public:
    Sink(int file, const std::string& path) : file_(file), path_(path) {}

    Bytes buffer;

    Result<void> drain(bool all) {
        if (!all && buffer.size() < kBuffer)
            return {};
        hash_.add(buffer);
        return flush_buffer();
    }
    Result<void> finish() {
        LIFEBOAT_CHECK(drain(true));
        const auto digest = hash_.finish();
        buffer.assign(digest.begin(), digest.end());
        LIFEBOAT_CHECK(flush_buffer());
        if (::fsync(file_) != 0)
            return fail_errno(path_, "flushing the undo file", errno);
        return {};
    }

private:
    Result<void> flush_buffer() {
        for (std::size_t done = 0; done < buffer.size();) {
            const auto put = ::write(file_, buffer.data() + done, buffer.size() - done);
            if (put < 0 && errno == EINTR)
                continue;
            if (put <= 0)
                return fail_errno(path_, "writing the undo file", put < 0 ? errno : ENOSPC);
            done += static_cast<std::size_t>(put);
        }
        buffer.clear();
        return {};
    }

    int file_;
    const std::string& path_;
    Sha256 hash_;
};

void append(Bytes& out, ByteSpan data) { out.insert(out.end(), data.begin(), data.end()); }

Result<void> write_content(Sink& sink, std::span<const UndoContent> content) {
    std::uint64_t blocks = 0;
    for (const auto& part : content)
        blocks += part.blocks.size();
    append(sink.buffer, to_bytes(kUndoMagic));
    append_le(sink.buffer, kUndoVersion);
    append_le(sink.buffer, static_cast<std::uint32_t>(content.size()));
    append_le(sink.buffer, blocks);
    append_le(sink.buffer, encoded_size(content));
    for (const auto& part : content) {
        append_le(sink.buffer, part.disk.size);
        append_le(sink.buffer, part.disk.sector_size);
        append_le(sink.buffer, static_cast<std::uint32_t>(part.disk.path.size()));
        append(sink.buffer, part.disk.head);
        append(sink.buffer, to_bytes(part.disk.path));
    }
    for (std::uint32_t disk = 0; disk < content.size(); ++disk)
        for (const auto& block : content[disk].blocks) {
            const bool zero = all_zero(block.before);
            append_le(sink.buffer, block.offset);
            append_le(sink.buffer, disk);
            append_le(sink.buffer, static_cast<std::uint16_t>(block.before.size()));
            append_le(sink.buffer, zero ? kUndoZero : kUndoStored);
            append_le(sink.buffer, static_cast<std::uint32_t>(block.marks.size() /
                                                              sector_count(block.before.size())));
            append_le(sink.buffer, std::uint32_t{0});
            for (const auto& mark : block.marks)
                append(sink.buffer, mark);
            if (!zero)
                append(sink.buffer, block.before);
            LIFEBOAT_CHECK(sink.drain(false));
        }
    return sink.finish();
}

// A new file survives a power cut only when its directory is flushed, too.
Result<void> flush_directory(const std::string& path) {
    auto directory = std::filesystem::path(path).parent_path();
    if (directory.empty())
        directory = ".";
    const int handle = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0)
        return fail_errno(directory.string(), "opening the directory of the undo file", errno);
    const int code = ::fsync(handle);
    const int number = errno;
    ::close(handle);
    if (code != 0 && number != EINVAL && number != EROFS) // file systems that cannot, and need not
        return fail_errno(directory.string(), "flushing the directory of the undo file", number);
    return {};
}

} // namespace

Result<void> write_undo_file(const std::string& path, std::span<const UndoContent> content) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 && errno == EEXIST)
        return fail(ErrorKind::refused, path, "the undo file exists already",
                    "name another one: it may be needed to undo an earlier repair");
    if (file < 0)
        return fail_errno(path, "making the undo file", errno);
    Sink sink(file, path);
    auto result = write_content(sink, content);
    ::close(file);
    if (result)
        result = flush_directory(path);
    if (!result)
        ::unlink(path.c_str());
    return result;
}

} // namespace lifeboat::block
