// SPDX-License-Identifier: GPL-2.0-or-later
// corepack CORE LZMA_DECOMPRESS.IMG UNPACK.BIN OUT: packs a BIOS core image with LZ4 instead of
// LZMA.
#include "corepack/corepack.hpp"
#include "files.hpp"

#include <iostream>

namespace {

using namespace lifeboat;

Result<void> run(char** names) {
    LIFEBOAT_TRY(const Bytes core, chainload::read_file(names[1]));
    LIFEBOAT_TRY(const Bytes decompressor, chainload::read_file(names[2]));
    LIFEBOAT_TRY(const Bytes unpack, chainload::read_file(names[3]));
    LIFEBOAT_TRY(const Bytes out, chainload::repack(core, decompressor, unpack));
    return chainload::write_file(names[4], out);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::cerr << "usage: corepack CORE LZMA_DECOMPRESS.IMG UNPACK.BIN OUT\n";
        return 2;
    }
    const auto done = run(argv);
    if (!done) {
        std::cerr << "corepack: " << done.error().text() << "\n";
        return done.error().kind == ErrorKind::io ? 4 : 3;
    }
    return 0;
}
