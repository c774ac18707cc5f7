// SPDX-License-Identifier: GPL-2.0-or-later
// GRUB script as a tree: the language of grub.cfg and of our own boot stage. Grammar: GNU GRUB
// manual, "Writing full configuration files", and what GRUB 2.06's reader really takes (no case, no
// pipes, `for`, `while`, `until`, `if`, `function`, and a block behind a command's last word).
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::text::grub {

struct Script;

struct Part {
    enum class Kind {
        plain,           // outside quotes: * and ? are patterns
        quoted,          // as it stands
        variable,        // outside quotes: its value becomes words at blanks
        quoted_variable, // inside double quotes
    };
    Kind kind = Kind::plain;
    std::string value; // text, or the name of the variable
};
using Word = std::vector<Part>;

struct Branch {
    std::shared_ptr<const Script> condition; // null: else
    std::shared_ptr<const Script> body;
};

struct Command {
    enum class Kind { simple, if_, for_, while_, until, function };
    Kind kind = Kind::simple;
    std::size_t line = 0;                // counts from 1
    std::string name;                    // of a function, or the variable of `for`
    std::vector<Word> words;             // of a simple command; what `for` goes through
    std::shared_ptr<const Script> block; // { ... } of a simple command; body of a function or loop
    std::vector<Branch> branches;        // of `if`; the condition of a loop
};

struct Script {
    std::vector<Command> commands;
};

// Reads a file as GRUB does: a line, or as many as its last command needs, at a time.
class Reader {
public:
    explicit Reader(std::string_view text);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    // The commands of the next line; nothing at the end. Error `damaged` for a line that GRUB would
    // not understand; as in GRUB, reading goes on behind it.
    [[nodiscard]] std::optional<Result<Script>> next();

private:
    struct State;
    std::unique_ptr<State> state_;
};

// 'text' as one quoted word of GRUB script.
[[nodiscard]] std::string quoted(std::string_view text);

} // namespace lifeboat::text::grub
