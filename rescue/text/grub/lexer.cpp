// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/grub/lexer.hpp"

namespace lifeboat::text::grub {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_char(char c) { return is_name_start(c) || is_digit(c); }
bool ends_word(char c) {
    constexpr std::string_view kEnds = "{}|&;<> \t\n";
    return kEnds.find(c) != std::string_view::npos;
}

void add(Word& word, Part::Kind kind, std::string_view text) {
    if (word.empty() || word.back().kind != kind)
        word.push_back({kind, {}});
    word.back().value += text;
}

} // namespace

void Lexer::blanks_and_comment() {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r'))
        ++at_;
    if (!at_end() && text_[at_] == '#')
        while (!at_end() && text_[at_] != '\n')
            ++at_;
}

void Lexer::skip_line() {
    while (!at_end() && text_[at_] != '\n')
        ++at_;
}

// A backslash in front of a newline joins the lines.
bool Lexer::escape(Word& word) {
    if (++at_ >= text_.size())
        return false;
    if (text_[at_] == '\n')
        ++line_;
    else
        add(word, Part::Kind::quoted, text_.substr(at_, 1));
    ++at_;
    return true;
}

bool Lexer::single_quoted(Word& word) {
    const auto close = text_.find('\'', at_ + 1);
    if (close == std::string_view::npos)
        return false;
    const auto inside = text_.substr(at_ + 1, close - at_ - 1);
    for (const char c : inside)
        line_ += c == '\n' ? 1 : 0;
    add(word, Part::Kind::quoted, inside);
    at_ = close + 1;
    return true;
}

bool Lexer::double_quoted(Word& word) {
    add(word, Part::Kind::quoted, "");
    for (++at_; !at_end();) {
        const char c = text_[at_];
        if (c == '"') {
            ++at_;
            return true;
        }
        if (c == '$') {
            if (!variable(word, Part::Kind::quoted_variable))
                return false;
            continue;
        }
        if (c == '\n')
            ++line_;
        if (c != '\\') {
            add(word, Part::Kind::quoted, text_.substr(at_++, 1));
            continue;
        }
        // Only these lose their backslash.
        const char escaped = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (escaped == '\n')
            ++line_;
        else if (escaped == '$' || escaped == '\\' || escaped == '"')
            add(word, Part::Kind::quoted, text_.substr(at_ + 1, 1));
        else
            add(word, Part::Kind::quoted, text_.substr(at_, 2));
        at_ += 2;
    }
    return false;
}

// $name, ${name}, $1, $@, $*, $#, $?
bool Lexer::variable(Word& word, Part::Kind kind) {
    auto position = at_ + 1;
    const bool braces = position < text_.size() && text_[position] == '{';
    if (braces)
        ++position;
    auto end = position;
    constexpr std::string_view kSpecial = "?#*@";
    if (end < text_.size() && kSpecial.find(text_[end]) != std::string_view::npos)
        ++end;
    else if (end < text_.size() && is_digit(text_[end]))
        while (end < text_.size() && is_digit(text_[end]))
            ++end;
    else if (end < text_.size() && is_name_start(text_[end]))
        while (end < text_.size() && is_name_char(text_[end]))
            ++end;
    if (end == position || (braces && (end >= text_.size() || text_[end] != '}')))
        return false;
    word.push_back({kind, std::string(text_.substr(position, end - position))});
    at_ = end + (braces ? 1 : 0);
    return true;
}

Token Lexer::word() {
    Token token;
    token.kind = Token::Kind::word;
    token.line = line_;
    bool bare = true;
    while (!at_end() && !ends_word(text_[at_])) {
        const char c = text_[at_];
        bool good = true;
        if (c == '\\') {
            bare = false;
            good = escape(token.word);
        } else if (c == '\'') {
            bare = false;
            good = single_quoted(token.word);
        } else if (c == '"') {
            bare = false;
            good = double_quoted(token.word);
        } else if (c == '$' && at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
            bare = false; // a text to be translated: as it is
            ++at_;
            good = double_quoted(token.word);
        } else if (c == '$') {
            bare = false;
            good = variable(token.word, Part::Kind::variable);
        } else if (c == '\r' && (at_ + 1 == text_.size() || text_[at_ + 1] == '\n')) {
            ++at_;
            break;
        } else {
            add(token.word, Part::Kind::plain, text_.substr(at_++, 1));
        }
        if (!good) {
            token.kind = Token::Kind::bad;
            return token;
        }
    }
    if (bare && !token.word.empty())
        token.plain = token.word.front().value;
    return token;
}

Token Lexer::next() {
    for (;;) {
        blanks_and_comment();
        Token token;
        token.line = line_;
        if (at_end())
            return token;
        const char c = text_[at_];
        if (!ends_word(c)) {
            token = word();
            // Nothing but joined lines is no word.
            if (token.kind == Token::Kind::word && token.word.empty())
                continue;
            return token;
        }
        ++at_;
        switch (c) {
        case '\n':
            ++line_;
            token.kind = Token::Kind::newline;
            return token;
        case ';': token.kind = Token::Kind::semicolon; return token;
        case '{': token.kind = Token::Kind::left_brace; return token;
        case '}': token.kind = Token::Kind::right_brace; return token;
        default: token.kind = Token::Kind::bad; return token;
        }
    }
}

} // namespace lifeboat::text::grub
