// SPDX-License-Identifier: GPL-2.0-or-later
// The words of GRUB script.
#pragma once

#include "text/grub/script.hpp"

namespace lifeboat::text::grub {

struct Token {
    enum class Kind { word, newline, semicolon, left_brace, right_brace, bad, end };
    Kind kind = Kind::end;
    Word word;
    std::string plain; // the word when nothing in it is quoted or a variable: reserved words, names
    std::size_t line = 0;
};

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}
    [[nodiscard]] Token next();
    void skip_line();

private:
    [[nodiscard]] Token word();
    [[nodiscard]] bool escape(Word& word);
    [[nodiscard]] bool single_quoted(Word& word);
    [[nodiscard]] bool double_quoted(Word& word);
    [[nodiscard]] bool variable(Word& word, Part::Kind kind);
    void blanks_and_comment();
    [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
};

} // namespace lifeboat::text::grub
