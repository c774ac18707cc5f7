// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel_kind.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <random>

using namespace lifeboat;
using guest::kernel_kind;
using text::grub::KernelKind;

namespace {

// An ELF file with one program header, which holds one note of this owner.
Bytes elf_with_note(bool wide, std::string_view owner) {
    Bytes file(512);
    const auto put = [&](std::size_t at, std::uint64_t value, int size) {
        for (int i = 0; i < size; ++i, value >>= 8)
            file[at + static_cast<std::size_t>(i)] = static_cast<std::byte>(value & 0xff);
    };
    put(0, 0x464c457f, 4);
    put(4, wide ? 2 : 1, 1);
    put(0x12, wide ? 62 : 3, 2);
    const int word = wide ? 8 : 4;
    put(wide ? 0x20 : 0x1c, 0x40, word);        // program headers
    put(wide ? 0x36 : 0x2a, wide ? 56 : 32, 2); // size of one
    put(wide ? 0x38 : 0x2c, 1, 2);              // count
    put(0x40, 4, 4);                            // PT_NOTE
    put(wide ? 0x48 : 0x44, 0x100, word);       // offset
    put(wide ? 0x60 : 0x50, 12 + 4 + 8, word);  // size
    put(0x100, owner.size() + 1, 4);
    put(0x104, 8, 4);
    put(0x108, 6, 4);
    for (std::size_t i = 0; i < owner.size(); ++i)
        put(0x10c + i, static_cast<unsigned char>(owner[i]), 1);
    return file;
}

} // namespace

TEST_CASE("a kernel is known by its own header", "[kernel]") {
    CHECK(kernel_kind(elf_with_note(true, "Xen")) == KernelKind::xen_x86_64);
    CHECK(kernel_kind(elf_with_note(false, "Xen")) == KernelKind::xen_i386);
    CHECK(kernel_kind(elf_with_note(true, "GNU")) == KernelKind::unknown);
    Bytes normal(1024);
    normal[0x1fe] = std::byte{0x55};
    normal[0x1ff] = std::byte{0xaa};
    CHECK(kernel_kind(normal) == KernelKind::unknown);
    const auto magic = to_bytes("HdrS");
    std::copy(magic.begin(), magic.end(), normal.begin() + 0x202);
    CHECK(kernel_kind(normal) == KernelKind::linux_);
    CHECK(kernel_kind({}) == KernelKind::unknown);
}

TEST_CASE("a bent kernel is answered within its bounds", "[kernel][property]") {
    std::mt19937 random(20261120);
    for (int round = 0; round < 4000; ++round) {
        auto file = elf_with_note(round % 2 == 0, "Xen");
        for (unsigned i = 0; i < 1 + random() % 6; ++i)
            file[random() % 0x120] = static_cast<std::byte>(random() & 0xff);
        file.resize(random() % 4 == 0 ? random() % file.size() : file.size());
        CHECK(static_cast<int>(kernel_kind(file)) >= 0);
    }
}
