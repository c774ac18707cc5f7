// SPDX-License-Identifier: GPL-2.0-or-later
// Real hives that are not part of the project. A test that needs one says
//   const auto hive = specimen("system/SYSTEM.win7sp1-x86-vmware");
//   if (!hive) SKIP(kNoSpecimens);
#pragma once

#include "base/bytes.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <lzma.h>
#include <optional>
#include <string>
#include <vector>

namespace lifeboat::tests {

inline constexpr const char* kNoSpecimens = "the real hives are not on this machine";

inline std::optional<Bytes> unpacked_xz(const std::string& packed) {
    lzma_stream stream = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&stream, 1ULL << 30, 0) != LZMA_OK)
        return std::nullopt;
    stream.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
    stream.avail_in = packed.size();
    Bytes out;
    std::array<std::byte, 1U << 16> piece{};
    lzma_ret state = LZMA_OK;
    while (state == LZMA_OK) {
        stream.next_out = reinterpret_cast<std::uint8_t*>(piece.data());
        stream.avail_out = piece.size();
        state = lzma_code(&stream, LZMA_FINISH);
        out.insert(out.end(), piece.data(), piece.data() + (piece.size() - stream.avail_out));
    }
    lzma_end(&stream);
    return state == LZMA_STREAM_END ? std::optional<Bytes>(std::move(out)) : std::nullopt;
}

// `name` below hives/, without ".xz".
inline std::optional<Bytes> specimen(const std::string& name) {
    std::ifstream file(std::string(LIFEBOAT_SPECIMENS) + "/hives/" + name + ".xz",
                       std::ios::binary);
    if (!file)
        return std::nullopt;
    const std::string packed((std::istreambuf_iterator<char>(file)), {});
    return unpacked_xz(packed);
}

// The names of all specimens in one folder ("system", "bcd", "damaged"), sorted; logs left out.
inline std::vector<std::string> specimen_names(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    const std::string path = std::string(LIFEBOAT_SPECIMENS) + "/hives/" + folder;
    for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
        const std::string name = entry.path().filename().string();
        if (name.ends_with(".xz") && name.find(".LOG") == std::string::npos)
            names.push_back(folder + "/" + name.substr(0, name.size() - 3));
    }
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace lifeboat::tests
