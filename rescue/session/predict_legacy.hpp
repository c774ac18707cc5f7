// SPDX-License-Identifier: GPL-2.0-or-later
// What real GRUB 0.97 on our legacy medium would do.
#pragma once

#include "guest/machine.hpp"
#include "session/predict.hpp"

namespace lifeboat::session {

// The partitions that chainload/make-iso puts into the medium's menus, in its words; a test
// compares the two.
inline constexpr std::string_view kLegacyPlaces[] = {"hd0,0", "hd0,1", "hd0,2", "hd0,3", "hd1,0",
                                                     "hd1,1", "hd0,4", "hd0,5", "hd1,2", "hd2,0"};
inline constexpr std::string_view kLegacyNames[] = {"/boot/grub/menu.lst", "/grub/menu.lst",
                                                    "/boot/grub/grub.conf", "/grub/grub.conf"};

[[nodiscard]] Prediction predict_legacy(guest::Machine& machine, const PredictionRequest& request);

} // namespace lifeboat::session
