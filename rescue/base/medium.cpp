// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/medium.hpp"

#include <array>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

namespace lifeboat {

namespace {

constexpr std::string_view kVolume = "LIFEBOAT_RESCUE";
constexpr off_t kVolumeName = 32768 + 40; // primary volume descriptor, ECMA-119 8.4.7

} // namespace

bool is_rescue_medium(const std::string& device) {
    const int descriptor = ::open(device.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    std::array<char, kVolume.size()> name = {};
    const ssize_t count = ::pread(descriptor, name.data(), name.size(), kVolumeName);
    ::close(descriptor);
    return count == static_cast<ssize_t>(name.size()) &&
           std::string_view(name.data(), name.size()) == kVolume;
}

} // namespace lifeboat
