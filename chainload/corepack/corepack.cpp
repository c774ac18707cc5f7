// SPDX-License-Identifier: GPL-2.0-or-later
#include "corepack/corepack.hpp"

#include <algorithm>
#include <limits>
#include <lz4hc.h>
#include <lzma.h>

namespace lifeboat::chainload {
namespace {

constexpr std::size_t kBeforeDecompressor = 2048 + 512; // cdboot.img, diskboot.img
// From a disk, diskboot.img loads what follows it: its last 12 bytes are a first sector (8), a
// number of sectors (2) and a segment (struct grub_pc_bios_boot_blocklist).
constexpr std::size_t kSectorCount = kBeforeDecompressor - 4;
constexpr std::size_t kPackedLength = 8;
constexpr std::size_t kUnpackedLength = 12;
constexpr std::size_t kMostUnpacked = 8U << 20; // ours has less than one MiB

// leal (%edi, %ecx), %ebx; pushl %ecx; call: the only place from which the LZMA routine is called.
constexpr std::string_view kCall = "\x8d\x1c\x0f\x51\xe8";

tl::unexpected<Error> not_core(std::string what) {
    return fail(ErrorKind::damaged, "core image", std::move(what),
                "give what grub-mkimage -O i386-pc-eltorito has made");
}

// Where the LZMA routine begins; the bytes up to the end of the decompressor are its own.
Result<std::size_t> routine_in(ByteSpan decompressor, std::size_t length) {
    const auto text = to_text(decompressor);
    const auto at = text.find(kCall);
    if (at != std::string::npos && text.find(kCall, at + 1) == std::string::npos) {
        const auto from = at + kCall.size() + 4;
        const auto way = read_le<std::uint32_t>(decompressor, at + kCall.size());
        const auto routine = way ? from + *way : 0; // forwards: its code follows the caller's
        if (routine > from && routine < decompressor.size() &&
            decompressor.size() - routine >= length)
            return routine;
    }
    return fail(ErrorKind::unsupported, "lzma_decompress.img",
                "its LZMA routine is not where GRUB 2.06 and 2.12 have it",
                "look at grub-core/boot/i386/pc/startup_raw.S of this release");
}

// GRUB leaves the header of an .lzma file out: lc=3, lp=0, pb=2, a dictionary of 64 KiB.
Result<Bytes> unpack_lzma(ByteSpan packed, std::size_t length) {
    Bytes file;
    append_le(file, std::uint8_t{0x5d});
    append_le(file, std::uint32_t{1U << 16});
    append_le(file, std::uint64_t{length});
    file.insert(file.end(), packed.begin(), packed.end());
    Bytes out(length);
    lzma_stream stream = LZMA_STREAM_INIT;
    if (lzma_alone_decoder(&stream, std::numeric_limits<std::uint64_t>::max()) != LZMA_OK)
        return fail(ErrorKind::internal, "core image", "LZMA cannot be started");
    stream.next_in = reinterpret_cast<const std::uint8_t*>(file.data());
    stream.avail_in = file.size();
    stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream.avail_out = out.size();
    const auto code = lzma_code(&stream, LZMA_FINISH);
    const auto left = stream.avail_out;
    lzma_end(&stream);
    if ((code != LZMA_OK && code != LZMA_STREAM_END) || left != 0)
        return not_core("its packed part is not what its header says");
    return out;
}

std::uint16_t sectors_after_diskboot(ByteSpan image) {
    return static_cast<std::uint16_t>((image.size() - kBeforeDecompressor + 511) / 512);
}

Result<Bytes> pack_lz4(ByteSpan data) {
    const auto length = static_cast<int>(data.size());
    Bytes out(static_cast<std::size_t>(LZ4_compressBound(length)));
    const int packed = LZ4_compress_HC(reinterpret_cast<const char*>(data.data()),
                                       reinterpret_cast<char*>(out.data()), length,
                                       static_cast<int>(out.size()), LZ4HC_CLEVEL_MAX);
    if (packed <= 0)
        return fail(ErrorKind::internal, "core image", "LZ4 cannot pack it");
    out.resize(static_cast<std::size_t>(packed));
    return out;
}

} // namespace

Result<Bytes> repack(ByteSpan core, ByteSpan decompressor, ByteSpan unpack) {
    LIFEBOAT_TRY(const auto routine, routine_in(decompressor, unpack.size()));
    const auto stub = slice(core, kBeforeDecompressor, decompressor.size());
    // The two lengths, and what follows them, are filled in by grub-mkimage; code begins after.
    if (!stub || !std::equal(stub->begin() + static_cast<std::ptrdiff_t>(routine), stub->end(),
                             decompressor.begin() + static_cast<std::ptrdiff_t>(routine)))
        return not_core("the decompressor is not in it");
    const auto packed_length = read_le<std::uint32_t>(*stub, kPackedLength);
    const auto length = read_le<std::uint32_t>(*stub, kUnpackedLength);
    const auto start = kBeforeDecompressor + decompressor.size();
    const auto packed =
        packed_length ? slice(core, start, *packed_length) : std::optional<ByteSpan>();
    if (!packed || !length || *length > kMostUnpacked ||
        read_le<std::uint16_t>(core, kSectorCount) != sectors_after_diskboot(core))
        return not_core("its header makes no sense");
    LIFEBOAT_TRY(const auto data, unpack_lzma(*packed, *length));
    LIFEBOAT_TRY(const auto again, pack_lz4(data));

    Bytes out(core.begin(), core.begin() + static_cast<std::ptrdiff_t>(start));
    std::copy(unpack.begin(), unpack.end(),
              out.begin() + static_cast<std::ptrdiff_t>(kBeforeDecompressor + routine));
    out.insert(out.end(), again.begin(), again.end());
    if (!write_le(MutableByteSpan(out), kBeforeDecompressor + kPackedLength,
                  static_cast<std::uint32_t>(again.size())) ||
        !write_le(MutableByteSpan(out), kSectorCount, sectors_after_diskboot(out)))
        return not_core("its header makes no sense");
    return out;
}

} // namespace lifeboat::chainload
