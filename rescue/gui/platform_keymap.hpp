// SPDX-License-Identifier: GPL-2.0-or-later
// The keys of Linux's input layer (linux/input-event-codes.h) as ours, and the US layout.
#pragma once

#include "gui/input.hpp"

namespace lifeboat::gui {

// InputKey::none for keys that mean nothing here.
[[nodiscard]] InputKey key_of_code(int code);
// The character a key types; 0 for none.
[[nodiscard]] char32_t character_of_code(int code, bool shift);

} // namespace lifeboat::gui
