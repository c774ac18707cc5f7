// SPDX-License-Identifier: GPL-2.0-or-later
// GRUB packs its core image for BIOS machines with LZMA, whose unpacking takes longer than all that
// the core then does to find and read a guest's kernel. Here the same core is packed with LZ4: a
// third larger, and unpacked as fast as it is copied.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace lifeboat::chainload {

// `core`: an image of grub-mkimage -O i386-pc-eltorito, which is (util/mkimage.c of GRUB 2.06
// and 2.12) cdboot.img of 2,048 bytes, diskboot.img of 512, the decompressor, and the packed rest.
// The decompressor keeps the packed and the unpacked length at its offsets 8 and 12
// (include/grub/offsets.h). `decompressor`: GRUB's lzma_decompress.img. `unpack`: the machine code
// that takes the place of its LZMA routine, with the same registers (unpack.S). Returns the image
// with LZ4 data (one block, no frame) and that routine. Errors: damaged (not such an image),
// unsupported (a decompressor that nobody has looked at).
[[nodiscard]] Result<Bytes> repack(ByteSpan core, ByteSpan decompressor, ByteSpan unpack);

} // namespace lifeboat::chainload
