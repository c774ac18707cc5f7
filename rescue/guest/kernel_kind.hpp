// SPDX-License-Identifier: GPL-2.0-or-later
// What a kernel file can start on, by its own header. Sources: Linux
// Documentation/arch/x86/boot.rst (0xAA55 at 0x1FE, "HdrS" at 0x202); Xen public headers
// (elfnote.h: notes with the name "Xen"; before them a section named __xen_guest). gzip'ed kernels
// are looked into.
#pragma once

#include "base/bytes.hpp"
#include "text/grub/world.hpp"

namespace lifeboat::guest {

// `file` is the whole kernel. A file that contradicts itself is `unknown`.
[[nodiscard]] text::grub::KernelKind kernel_kind(ByteSpan file);

} // namespace lifeboat::guest
