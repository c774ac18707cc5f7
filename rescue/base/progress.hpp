// SPDX-License-Identifier: GPL-2.0-or-later
// Long work tells how far it is, and can be asked to stop.
#pragma once

#include <string_view>

namespace lifeboat {

class Progress {
public:
    virtual ~Progress() = default;
    // `fraction` runs from 0 to 1 within one phase; negative when it is not known.
    virtual void report(std::string_view /*doing*/, double /*fraction*/) {}
    [[nodiscard]] virtual bool cancelled() const { return false; }
    // Between these two, disks are being changed; what is in `undo_file` takes it back.
    virtual void writing(std::string_view /*undo_file*/) {}
    virtual void written() {}
};

} // namespace lifeboat
