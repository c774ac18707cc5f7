// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/menu.hpp"

#include "base/text.hpp"
#include "cli/menu_pager.hpp"
#include "cli/menu_state.hpp"
#include "session/documents.hpp"

#include <charconv>
#include <chrono>

namespace lifeboat::cli {

namespace {

constexpr std::chrono::seconds kBetweenLines{2};

// Progress as lines, at most one in two seconds: a serial line is slow, and keeps all of them.
class LineProgress final : public Progress {
public:
    LineProgress(MenuTerminal& terminal, const std::function<bool()>& cancelled,
                 session::Watch* watch)
        : terminal_(terminal), cancelled_(cancelled), watch_(watch) {}

    void report(std::string_view doing, double fraction) override {
        if (watch_ != nullptr)
            watch_->doing(doing);
        const auto now = std::chrono::steady_clock::now();
        if (said_ && now - last_ < kBetweenLines)
            return;
        said_ = true;
        last_ = now;
        std::string line = printable(doing);
        if (fraction >= 0)
            line += ", " + std::to_string(static_cast<int>(fraction * 100)) + " %";
        terminal_.write(line + " ...\n");
    }
    bool cancelled() const override { return cancelled_ && cancelled_(); }
    void writing(std::string_view undo_file) override {
        if (watch_ != nullptr)
            watch_->writing(undo_file);
    }
    void written() override {
        if (watch_ != nullptr)
            watch_->written();
    }

private:
    MenuTerminal& terminal_;
    const std::function<bool()>& cancelled_;
    session::Watch* watch_;
    bool said_ = false;
    std::chrono::steady_clock::time_point last_;
};

enum class Next { ask, leave };

class Menu {
public:
    Menu(session::Engine& engine, MenuTerminal& terminal, const MenuOptions& options)
        : engine_(engine), terminal_(terminal), options_(options) {}

    int run() {
        terminal_.write(
            "\nLifeboat: repairs guests that came from Xen and do not boot.\n"
            "Nothing is written until you have seen the preview and typed \"apply\".\n");
        Next next = look();
        while (next == Next::ask) {
            terminal_.write("\nlifeboat (? for help)> ");
            const auto line = terminal_.read_line();
            if (!line)
                break;
            next = obey(trim(*line));
        }
        terminal_.write("\n");
        constexpr int kFailed = 4;
        return failed_ ? kFailed : 0;
    }

private:
    Next obey(std::string_view line) {
        const auto words = split_nonempty(line, ' ');
        if (words.empty())
            return show_overview();
        const auto word = to_lower_ascii(words[0]);
        const auto argument = words.size() > 1 ? words[1] : std::string_view();
        const auto is = [&](std::string_view letter, std::string_view full) {
            return word == letter || word == full;
        };
        if (is("?", "help"))
            return help();
        if (is("q", "quit"))
            return Next::leave;
        if (is("l", "look"))
            return look();
        if (is("x", "choose"))
            return choose(argument);
        if (is("a", "all") || is("n", "none"))
            return choose_all(is("a", "all"));
        if (is("w", "way"))
            return way(argument);
        if (is("p", "preview"))
            return preview();
        if (is("k", "kept"))
            return say(kept_list(state_));
        if (is("b", "back"))
            return put_back(argument, words.size() > 2 && words[2] == "force");
        if (word == "apply")
            return apply();
        if (is("u", "undo"))
            return undo();
        if (options_.restart && is("r", "restart"))
            return power(options_.restart, "restart");
        if (options_.power_off && is("o", "off"))
            return power(options_.power_off, "power off");
        if (const auto index = number(is("e", "explain") ? argument : std::string_view(word)))
            return explain(*index);
        return say("That is not a command, or not a number of the list.");
    }

    Next say(std::string_view text) {
        return show_pages(terminal_, text, options_.rows, options_.columns) ? Next::ask
                                                                            : Next::leave;
    }

    Next help() {
        std::string text =
            "\n"
            "  Enter      show the list again\n"
            "  3          explain finding 3\n"
            "  x 3        choose finding 3 for repair, or not\n"
            "  a, n       choose all, choose none\n"
            "  p          preview every change of the chosen repairs\n"
            "  apply      write what was previewed (asks once more)\n"
            "  u          undo the last change\n"
            "  w 1        go past what stands in the way of one guest, at its price, or not\n"
            "  k          originals that earlier repairs kept in the guests\n"
            "  b 1        preview putting back the originals number 1; files changed\n"
            "             since are left alone, but with \"b 1 force\"\n"
            "  l          look at the disks again\n";
        if (options_.restart)
            text += "  r          restart this machine\n";
        if (options_.power_off)
            text += "  o          power this machine off\n";
        return say(text + "  q          leave this menu\n");
    }

    Next trouble(std::string_view what, const Error& error) {
        failed_ = true;
        std::string text = std::string(what) + "\n  " + printable(error.where) +
                           (error.where.empty() ? "" : ": ") + printable(error.what) + ".\n";
        if (!error.next.empty())
            text += "  What to do: " + printable(error.next) + ".\n";
        const bool stopped = error.kind == ErrorKind::cancelled;
        return say(text) == Next::leave || stopped ? Next::leave : Next::ask;
    }

    Next look() {
        state_.inspection.reset();
        state_.preview.reset();
        LineProgress progress(terminal_, options_.cancelled, options_.watch);
        auto seen = engine_.look(progress);
        if (!seen)
            return trouble("The disks could not be looked at.", seen.error());
        failed_ = false;
        state_.take(std::move(*seen));
        state_.take(engine_.kept(progress));
        return show_overview();
    }

    Next show_overview() {
        if (!state_.inspection)
            return say("The disks have not been looked at. Type l to look.");
        return say(overview_text(state_));
    }

    // From 1; nothing when it is no number.
    static std::optional<std::size_t> count(std::string_view word) {
        std::size_t value = 0;
        const auto* end = word.data() + word.size();
        const auto [at, error] = std::from_chars(word.data(), end, value);
        if (word.empty() || error != std::errc{} || at != end || value == 0)
            return std::nullopt;
        return value;
    }

    // The index of a finding by its number on the terminal.
    std::optional<std::size_t> number(std::string_view word) const {
        const auto value = count(word);
        if (!value || !state_.inspection || *value > state_.rows.size())
            return std::nullopt;
        return state_.rows[*value - 1];
    }

    Next way(std::string_view word) {
        const auto value = count(word);
        if (!value || !state_.inspection || !state_.toggle_way(*value))
            return say("Type w and the number of what is offered below the operating systems.");
        return show_overview();
    }

    Next explain(std::size_t index) {
        const auto& finding = state_.inspection->findings[index];
        return say(finding_text(finding, state_.guest(finding.guest),
                                engine_.page(finding.id).value_or(std::string_view())));
    }

    Next choose(std::string_view word) {
        const auto index = number(word);
        if (!index)
            return say("Type x and the number of a finding, as in \"x 1\".");
        if (!state_.can_repair(state_.inspection->findings[*index]))
            return say("This finding can not be repaired here. Type its number to see why.");
        state_.preview.reset();
        if (state_.chosen.erase(*index) == 0)
            state_.chosen.insert(*index);
        return show_overview();
    }

    Next choose_all(bool all) {
        state_.preview.reset();
        state_.chosen.clear();
        for (const auto index : state_.rows)
            if (all && state_.can_repair(state_.inspection->findings[index]))
                state_.chosen.insert(index);
        return show_overview();
    }

    Next preview() {
        if (state_.chosen.empty())
            return say("No repair is chosen. Type x and a number, or a for all.");
        LineProgress progress(terminal_, options_.cancelled, options_.watch);
        return stage([&] { return engine_.stage(state_.choices(), state_.agreed, progress); });
    }

    Next put_back(std::string_view word, bool force) {
        const auto value = count(word);
        if (!value || *value > state_.kept.size())
            return say("Type k for the list of originals, then b and a number.");
        const auto& kept = state_.kept[*value - 1];
        LineProgress progress(terminal_, options_.cancelled, options_.watch);
        return stage([&] {
            return engine_.stage_restore({kept.time, kept.guest, {}, force}, state_.agreed,
                                         progress);
        });
    }

    Next stage(const std::function<Result<session::Preview>()>& changes) {
        state_.preview.reset();
        engine_.discard();
        auto staged = changes();
        if (!staged)
            return trouble("The changes could not be prepared. Nothing was written.",
                           staged.error());
        failed_ = false;
        state_.preview = std::move(*staged);
        if (say("\n" + session::preview_text(*state_.preview)) == Next::leave)
            return Next::leave;
        return say(state_.preview->empty() ? "There is nothing to change."
                                           : "Nothing is written yet. Type apply to write it.");
    }

    // True when the person types exactly this word; the input's end is a no.
    bool typed(std::string_view word) {
        terminal_.write("Type " + std::string(word) + " to go on, anything else to leave it: ");
        const auto line = terminal_.read_line();
        return line && trim(*line) == word;
    }

    Next apply() {
        if (!state_.preview || state_.preview->empty())
            return say("There is nothing to apply: type p for the preview first.");
        std::string text = "\nThis is the first moment at which the disk is written:\n";
        for (const auto& disk : state_.preview->blocks)
            text += "  " + printable(disk.disk) + ": " + std::to_string(disk.blocks) + " blocks, " +
                    human_size(disk.bytes) + "\n";
        text += "Their old content is kept in an undo file first.\n";
        if (options_.undo_is_in_memory)
            text += "The undo file lies in the memory of this rescue system: it is gone after a "
                    "restart.\n";
        if (say(text) == Next::leave)
            return Next::leave;
        if (!typed("yes"))
            return say("Nothing was written.");
        return written(engine_.commit(*writing_progress()), false);
    }

    Next undo() {
        if (state_.undo_files.empty())
            return say("Nothing was written in this session that could be undone.");
        if (say("\nEvery block that the last change wrote gets its old content again, from\n  " +
                state_.undo_files.back()) == Next::leave)
            return Next::leave;
        if (!typed("yes"))
            return say("Nothing was written.");
        return written(engine_.undo(state_.undo_files.back(), *writing_progress()), true);
    }

    // While blocks are written nothing stops it.
    std::unique_ptr<Progress> writing_progress() {
        static const std::function<bool()> kNever;
        terminal_.write("Writing. Do not switch off.\n");
        return std::make_unique<LineProgress>(terminal_, kNever, options_.watch);
    }

    Next written(const Result<session::CommitInfo>& result, bool was_undo) {
        state_.preview.reset();
        if (!result)
            return trouble(was_undo ? "The old content could not be put back completely."
                                    : "The changes were not written completely.",
                           result.error());
        std::string text =
            was_undo ? "UNDONE: the old content is back, " : "DONE: the changes are written, ";
        text += std::to_string(result->blocks) + " blocks, " + human_size(result->bytes) + ".\n";
        if (was_undo) {
            state_.undo_files.pop_back();
        } else {
            state_.undo_files.push_back(result->undo_file);
            text += "Undo file: " + result->undo_file + " (type u to undo)\n";
        }
        if (say(text) == Next::leave)
            return Next::leave;
        return look();
    }

    Next power(const std::function<void()>& act, std::string_view what) {
        if (!state_.undo_files.empty() &&
            say("The undo file is in memory: after this, what was written can not be undone "
                "here.") == Next::leave)
            return Next::leave;
        if (!typed("yes"))
            return Next::ask;
        terminal_.write("The machine will " + std::string(what) + " now.\n");
        act();
        return Next::leave;
    }

    session::Engine& engine_;
    MenuTerminal& terminal_;
    const MenuOptions& options_;
    MenuState state_;
    bool failed_ = false;
};

} // namespace

int run_menu(session::Engine& engine, MenuTerminal& terminal, const MenuOptions& options) {
    return Menu(engine, terminal, options).run();
}

} // namespace lifeboat::cli
