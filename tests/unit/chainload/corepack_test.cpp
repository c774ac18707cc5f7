// SPDX-License-Identifier: GPL-2.0-or-later
#include "corepack/corepack.hpp"

#include <catch2/catch_test_macros.hpp>
#include <lz4.h>
#include <lzma.h>

using namespace lifeboat;
using chainload::repack;

namespace {

constexpr std::size_t kStub = 2560, kLength = 600, kRoutine = 400;

Bytes payload() {
    Bytes out;
    for (std::uint32_t i = 0; i < 40000; ++i)
        append_le(out, i % 977 * 31);
    return out;
}

// A decompressor whose LZMA routine begins at kRoutine.
Bytes decompressor() {
    Bytes out(kLength, std::byte{0x90});
    const Bytes call = to_bytes("\x8d\x1c\x0f\x51\xe8");
    std::copy(call.begin(), call.end(), out.begin() + 300);
    REQUIRE(write_le(MutableByteSpan(out), 305, std::uint32_t{kRoutine - 309}));
    return out;
}

// As grub-mkimage packs it: an .lzma file without its header.
Bytes lzma(const Bytes& data) {
    lzma_options_lzma options;
    REQUIRE_FALSE(lzma_lzma_preset(&options, 6));
    options.dict_size = 1U << 16;
    lzma_stream stream = LZMA_STREAM_INIT;
    REQUIRE(lzma_alone_encoder(&stream, &options) == LZMA_OK);
    Bytes out(data.size() + 1000);
    stream.next_in = reinterpret_cast<const std::uint8_t*>(data.data());
    stream.avail_in = data.size();
    stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream.avail_out = out.size();
    REQUIRE(lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END);
    out.resize(stream.total_out);
    lzma_end(&stream);
    out.erase(out.begin(), out.begin() + 13);
    return out;
}

// That diskboot.img has to load.
std::uint16_t sectors(const Bytes& image) {
    return static_cast<std::uint16_t>((image.size() - kStub + 511) / 512);
}

Bytes core(const Bytes& data) {
    const auto packed = lzma(data);
    Bytes out(kStub, std::byte{0x11});
    const auto stub = decompressor();
    out.insert(out.end(), stub.begin(), stub.end());
    REQUIRE(write_le(MutableByteSpan(out), kStub + 8, static_cast<std::uint32_t>(packed.size())));
    REQUIRE(write_le(MutableByteSpan(out), kStub + 12, static_cast<std::uint32_t>(data.size())));
    out.insert(out.end(), packed.begin(), packed.end());
    REQUIRE(write_le(MutableByteSpan(out), kStub - 4, sectors(out)));
    return out;
}

} // namespace

TEST_CASE("a core image keeps its content and gets another way to unpack it") {
    const auto data = payload();
    const auto before = core(data);
    const Bytes unpack(70, std::byte{0xc3});
    const auto after = repack(before, decompressor(), unpack);
    REQUIRE(after);
    const auto packed = read_le<std::uint32_t>(*after, kStub + 8);
    CHECK(read_le<std::uint32_t>(*after, kStub + 12) == data.size());
    REQUIRE(packed == after->size() - kStub - kLength);
    Bytes out(data.size());
    CHECK(LZ4_decompress_safe(reinterpret_cast<const char*>(after->data()) + kStub + kLength,
                              reinterpret_cast<char*>(out.data()), static_cast<int>(*packed),
                              static_cast<int>(out.size())) == static_cast<int>(data.size()));
    CHECK(out == data);
    CHECK(read_le<std::uint16_t>(*after, kStub - 4) == sectors(*after));
    CHECK(sectors(*after) != sectors(before));
    // Nothing else differs.
    for (std::size_t i = 0; i < kStub + kLength; ++i) {
        const bool length = (i >= kStub + 8 && i < kStub + 12) || i / 2 == (kStub - 4) / 2;
        const bool routine = i >= kStub + kRoutine && i < kStub + kRoutine + unpack.size();
        if (!length)
            CHECK((*after)[i] == (routine ? std::byte{0xc3} : before[i]));
    }
}

TEST_CASE("what is no core image of GRUB 2.06 or 2.12 is refused") {
    const auto data = payload();
    const Bytes unpack(70, std::byte{0xc3});
    const auto good = core(data);
    const auto kind = [&](const Bytes& image, const Bytes& stub, const Bytes& code) {
        const auto done = repack(image, stub, code);
        REQUIRE_FALSE(done);
        return done.error().kind;
    };
    auto stub = decompressor();
    stub[302] = std::byte{0}; // no such call
    CHECK(kind(good, stub, unpack) == ErrorKind::unsupported);
    stub = decompressor();
    std::copy_n(stub.begin() + 300, 5, stub.begin() + 200); // two of them
    CHECK(kind(good, stub, unpack) == ErrorKind::unsupported);
    CHECK(kind(good, decompressor(), Bytes(kLength - kRoutine + 1)) == ErrorKind::unsupported);
    auto image = good;
    image[kStub + kRoutine + 3] = std::byte{0}; // another decompressor
    CHECK(kind(image, decompressor(), unpack) == ErrorKind::damaged);
    image = good;
    image.resize(image.size() - 100);
    CHECK(kind(image, decompressor(), unpack) == ErrorKind::damaged);
    image = good;
    image[kStub - 4] ^= std::byte{1}; // another image was loaded by this diskboot.img
    CHECK(kind(image, decompressor(), unpack) == ErrorKind::damaged);
    image = good;
    image[kStub + 12] ^= std::byte{1}; // a length that the data does not have
    image[kStub + 14] ^= std::byte{4};
    CHECK(kind(image, decompressor(), unpack) == ErrorKind::damaged);
    CHECK(kind({}, decompressor(), unpack) == ErrorKind::damaged);
}
