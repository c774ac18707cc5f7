// SPDX-License-Identifier: GPL-2.0-or-later
// The undo file, with the checksum made right that would hide everything else.
#include "block/undo_file.hpp"
#include "base/hash.hpp"
#include "fuzz/target.hpp"
#include "support/tools.hpp"

#include <sys/mman.h>

namespace lifeboat::fuzz {

namespace {

Bytes without_sum(const Bytes& file) {
    return {file.begin(), file.end() - static_cast<std::ptrdiff_t>(sizeof(Digest))};
}

} // namespace

void run(ByteSpan input) {
    Bytes file(input.begin(), input.end());
    const auto sum = sha256(input);
    file.insert(file.end(), sum.begin(), sum.end());
    const int memory = ::memfd_create("undo", MFD_CLOEXEC);
    holds(memory >= 0 &&
              ::write(memory, file.data(), file.size()) == static_cast<ssize_t>(file.size()),
          "there is memory for a file");
    {
        const auto undo = block::UndoFile::open("/proc/self/fd/" + std::to_string(memory));
        for (std::size_t i = 0; undo && i < std::min<std::size_t>(undo->block_count(), 64); ++i)
            static_cast<void>(undo->block(i));
    }
    ::close(memory);
}

std::vector<Bytes> seeds() {
    const test::TempDir dir;
    const auto made = [&](const std::string& name, const std::vector<block::UndoContent>& all) {
        const auto path = dir.file(name);
        REQUIRE(block::write_undo_file(path, all));
        return without_sum(test::read_file(path));
    };
    block::UndoBlock zero{0, 0, Bytes(4096), block::sector_marks(Bytes(4096, std::byte{1}))};
    block::UndoBlock data{0, 8192, Bytes(4096, std::byte{2}), zero.marks};
    const block::UndoContent one{{"disk.img", 1U << 20, 512, {}}, {zero, data}};
    return {made("one", {one}), made("two", {one, {{"b", 65536, 4096, {}}, {zero}}})};
}

} // namespace lifeboat::fuzz
