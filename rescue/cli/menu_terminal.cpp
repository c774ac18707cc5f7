// SPDX-License-Identifier: GPL-2.0-or-later
// The text menu on a real terminal.
#include "cli/menu.hpp"

#include "session/power.hpp"

#include <cerrno>
#include <sys/ioctl.h>
#include <unistd.h>

namespace lifeboat::cli {

namespace {

constexpr std::size_t kLongestLine = 4096;
constexpr auto kUndoOnMedium = "/run/lifeboat/undo";
constexpr auto kUndoElsewhere = "lifeboat-undo";

class DescriptorTerminal final : public MenuTerminal {
public:
    DescriptorTerminal(int in, int out) : in_(in), out_(out) {}

    void write(std::string_view text) override {
        while (!text.empty()) {
            const auto count = ::write(out_, text.data(), text.size());
            if (count < 0 && errno == EINTR)
                continue;
            if (count <= 0)
                return; // nobody is there; the next read says so
            text.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    std::optional<std::string> read_line() override {
        std::string line;
        for (;;) {
            char c = 0;
            if (::read(in_, &c, 1) != 1)
                return std::nullopt; // the end, or a signal that asks to stop
            if (c == '\n')
                return line;
            if (line.size() < kLongestLine)
                line += c;
        }
    }

private:
    int in_, out_;
};

} // namespace

std::unique_ptr<MenuTerminal> make_menu_terminal(int in, int out) {
    return std::make_unique<DescriptorTerminal>(in, out);
}

std::string menu_undo_folder(bool ours) { return ours ? kUndoOnMedium : kUndoElsewhere; }

int run_menu(const std::vector<std::string>& disks, const session::Options& disk_options, bool ours,
             session::Watch& watch, const std::function<bool()>& cancelled) {
    MenuOptions options;
    options.cancelled = cancelled;
    options.watch = &watch;
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row >= 10 && size.ws_col >= 40) {
        options.rows = size.ws_row;
        options.columns = size.ws_col;
    }
    if (ours) {
        options.restart = [] { session::ask_for(session::MachinePower::restart); };
        options.power_off = [] { session::ask_for(session::MachinePower::power_off); };
        options.undo_is_in_memory = true;
    }
    const auto engine =
        session::make_engine(disks, menu_undo_folder(ours), "/sys/block", disk_options);
    const auto terminal = make_menu_terminal(STDIN_FILENO, STDOUT_FILENO);
    return run_menu(*engine, *terminal, options);
}

} // namespace lifeboat::cli
