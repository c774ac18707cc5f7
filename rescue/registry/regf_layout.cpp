// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry/regf_layout.hpp"

#include "base/text.hpp"
#include "registry/hive.hpp"

namespace lifeboat::registry {

std::uint32_t base_checksum(ByteSpan base) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < kChecksumAt; i += 4)
        sum ^= read_le<std::uint32_t>(base, i).value_or(0);
    if (sum == 0xFFFFFFFF)
        return 0xFFFFFFFE;
    return sum == 0 ? 1 : sum;
}

Result<BaseBlock> read_base(ByteSpan image) {
    if (image.size() < kHeader)
        return fail(ErrorKind::damaged, "",
                    "it is only " + std::to_string(image.size()) + " bytes long, no registry hive");
    if (!has_magic(image, 0, "regf"))
        return fail(ErrorKind::damaged, "", "it does not begin like a registry hive");
    const auto word = [&image](std::size_t at) { return *read_le<std::uint32_t>(image, at); };
    if (word(kChecksumAt) != base_checksum(image))
        return fail(ErrorKind::damaged, "", "the checksum of the hive's header is wrong");
    if (word(20) != 1)
        return fail(ErrorKind::unsupported, "",
                    "the hive has the unknown format version " + std::to_string(word(20)));
    return BaseBlock{word(4), word(8), word(24), word(28), word(36), word(40)};
}

Result<HiveState> inspect(ByteSpan image) {
    LIFEBOAT_TRY(const BaseBlock base, read_base(image));
    if (base.file_type != 0)
        return fail(ErrorKind::damaged, "", "it is a transaction log, not a hive");
    if (image.size() < kBaseBlock)
        return fail(ErrorKind::damaged, "", "the hive is cut off in its header");
    if (base.bins_size == 0 || base.bins_size % kBaseBlock != 0)
        return fail(ErrorKind::damaged, "", "the hive's header gives an impossible length");
    if (base.bins_size > image.size() - kBaseBlock)
        return fail(ErrorKind::damaged, "",
                    "the hive is cut off: it should be " +
                        std::to_string(std::uint64_t{base.bins_size} + kBaseBlock) +
                        " bytes long and is " + std::to_string(image.size()));
    return HiveState{base.primary_sequence, base.secondary_sequence};
}

} // namespace lifeboat::registry
