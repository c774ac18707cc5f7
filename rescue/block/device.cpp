// SPDX-License-Identifier: GPL-2.0-or-later
#include "block/device.hpp"

namespace lifeboat::block {

Result<Bytes> read_bytes(BlockDevice& device, std::uint64_t offset, std::size_t length) {
    if (offset > device.size() || length > device.size() - offset)
        return fail(ErrorKind::damaged, device.name(), "something points past the end of the disk");
    Bytes bytes(length);
    LIFEBOAT_CHECK(device.read(offset, bytes));
    return bytes;
}

} // namespace lifeboat::block
