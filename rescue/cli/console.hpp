// SPDX-License-Identifier: GPL-2.0-or-later
// The terminal, or what stands in its place: output that survives a reader who went away, errors
// on the other stream, a question, and progress that shows only on a terminal.
#pragma once

#include "base/bytes.hpp"
#include "base/progress.hpp"
#include "base/result.hpp"
#include "session/guard.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace lifeboat::cli {

class Console {
public:
    Console(int in, int out, int err) : in_(in), out_(out), err_(err) {}

    void print(std::string_view text);
    void print(ByteSpan data);
    // "lifeboat: where: what (next)", guest text made printable.
    void complain(const Error& error);
    void note(std::string_view text); // one line on the error stream
    // Replaces the current line of the error stream's terminal.
    void status(std::string_view line);
    // Only "y" and "yes" are yes; the end of the input and a signal are no.
    [[nodiscard]] bool ask(std::string_view question);
    // All of standard input; `unsupported` when it is longer than `limit`.
    [[nodiscard]] Result<Bytes> read_input(std::uint64_t limit);

    [[nodiscard]] bool can_ask() const; // input and error stream are terminals
    [[nodiscard]] bool out_is_terminal() const;
    [[nodiscard]] bool err_is_terminal() const;
    // Error when output was lost for another reason than a reader that went away.
    [[nodiscard]] Result<void> output_state() const { return state_; }

private:
    int in_, out_, err_;
    bool gone_ = false; // nobody reads our output any more
    Result<void> state_;
};

// Makes SIGINT, SIGTERM and SIGHUP a request to stop, which TerminalProgress passes on; and turns
// SIGPIPE off. To be called once.
void catch_signals();

class TerminalProgress final : public Progress {
public:
    // `watch`: told the same, so that it outlives a crash; may be null.
    explicit TerminalProgress(Console& console, session::Watch* watch = nullptr)
        : console_(console), watch_(watch) {}
    ~TerminalProgress() override { clear(); }
    TerminalProgress(const TerminalProgress&) = delete;
    TerminalProgress& operator=(const TerminalProgress&) = delete;

    void report(std::string_view doing, double fraction) override;
    [[nodiscard]] bool cancelled() const override;
    void writing(std::string_view undo_file) override;
    void written() override;
    // From now on nothing stops: blocks are being written.
    void cannot_stop() { cannot_stop_ = true; }
    void clear();

private:
    Console& console_;
    session::Watch* watch_;
    bool cannot_stop_ = false;
    bool shown_ = false;
    std::string doing_;
    std::chrono::steady_clock::time_point last_{};
};

} // namespace lifeboat::cli
