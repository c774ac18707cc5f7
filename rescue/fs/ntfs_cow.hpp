// SPDX-License-Identifier: GPL-2.0-or-later
// New content for an NTFS file without touching a byte of the old one: what differs goes to free
// clusters, and the run list in the file's MFT record is exchanged.
#pragma once

#include "block/device.hpp"

struct _ntfs_volume;
struct _ntfs_inode;

namespace lifeboat::fs {

enum class CowResult {
    done,
    impossible, // nothing was changed: small (resident), sparse, too scattered, or no space
    failed,     // errno, or the device's own error
};

// `inode` is marked for writing, its sizes are set; the caller closes it. The old clusters are free
// in $Bitmap afterwards, so that this must run inside a ledger.
[[nodiscard]] CowResult cow_write(_ntfs_volume* volume, _ntfs_inode* inode,
                                  block::BlockDevice& device, ByteSpan content);

} // namespace lifeboat::fs
