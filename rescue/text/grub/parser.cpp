// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/grub/lexer.hpp"

#include <algorithm>
#include <array>

namespace lifeboat::text::grub {

namespace {

using Kind = Token::Kind;

constexpr int kDeepest = 40; // blocks within blocks; real files have five

constexpr std::array<std::string_view, 15> kReserved = {
    "case", "do", "done", "elif",   "else",  "esac",  "fi",      "for",
    "if",   "in", "then", "select", "until", "while", "function"};

bool reserved(std::string_view word) {
    return std::find(kReserved.begin(), kReserved.end(), word) != kReserved.end();
}

bool is_name(std::string_view word) {
    return !word.empty() && !(word.front() >= '0' && word.front() <= '9') &&
           std::all_of(word.begin(), word.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_';
           });
}

} // namespace

// A reader by recursive descent. `good` falls once and stays; nothing is used after that.
struct Reader::State {
    Lexer lexer;
    Token token;
    bool good = true;
    std::size_t bad_line = 0;
    int depth = 0;

    explicit State(std::string_view text) : lexer(text) { advance(); }

    void advance() { token = lexer.next(); }
    [[nodiscard]] bool is(Kind kind) const { return token.kind == kind; }
    [[nodiscard]] bool is_word(std::string_view word) const {
        return token.kind == Kind::word && token.plain == word;
    }
    void fail_here() {
        if (good)
            bad_line = token.line;
        good = false;
    }
    void expect(bool condition) {
        if (condition)
            advance();
        else
            fail_here();
    }
    void newlines() {
        while (is(Kind::newline))
            advance();
    }
    // One ; or newline, then any newlines.
    void delimiters() {
        expect(is(Kind::semicolon) || is(Kind::newline));
        newlines();
    }

    // Commands up to `ends`; with `optional_end` the last one needs no delimiter behind it.
    template <class End> std::shared_ptr<const Script> commands(End ends, bool optional_end) {
        auto script = std::make_shared<Script>();
        if (++depth > kDeepest)
            fail_here();
        newlines();
        do {
            if (!good)
                break;
            script->commands.push_back(command());
            if (optional_end && ends())
                break;
            delimiters();
        } while (good && !ends());
        --depth;
        return script;
    }

    std::shared_ptr<const Script> block(bool optional_end) {
        expect(is(Kind::left_brace));
        auto script = commands([this] { return is(Kind::right_brace); }, optional_end);
        expect(is(Kind::right_brace));
        return script;
    }

    Command command() {
        Command out;
        out.line = token.line;
        if (!is(Kind::word))
            fail_here();
        else if (token.plain == "if")
            condition(out);
        else if (token.plain == "for")
            for_loop(out);
        else if (token.plain == "while" || token.plain == "until")
            while_loop(out);
        else if (reserved(token.plain))
            fail_here();
        else
            simple(out);
        return out;
    }

    void simple(Command& out) {
        while (good && is(Kind::word)) {
            out.words.push_back(std::move(token.word));
            advance();
        }
        if (is(Kind::left_brace))
            out.block = block(true);
    }

    void condition(Command& out) {
        out.kind = Command::Kind::if_;
        const auto part_ends = [this] {
            return is_word("elif") || is_word("else") || is_word("fi");
        };
        do {
            advance();
            Branch branch;
            branch.condition = commands([this] { return is_word("then"); }, false);
            expect(is_word("then"));
            branch.body = commands(part_ends, false);
            out.branches.push_back(std::move(branch));
        } while (good && is_word("elif"));
        if (is_word("else")) {
            advance();
            out.branches.push_back({nullptr, commands([this] { return is_word("fi"); }, false)});
        }
        expect(is_word("fi"));
    }

    void for_loop(Command& out) {
        out.kind = Command::Kind::for_;
        advance();
        out.name = token.plain;
        expect(is(Kind::word) && is_name(token.plain));
        expect(is_word("in"));
        while (good && is(Kind::word)) {
            out.words.push_back(std::move(token.word));
            advance();
        }
        delimiters();
        loop_body(out);
    }

    void while_loop(Command& out) {
        out.kind = token.plain == "while" ? Command::Kind::while_ : Command::Kind::until;
        advance();
        out.branches.push_back({commands([this] { return is_word("do"); }, false), nullptr});
        loop_body(out);
    }

    void loop_body(Command& out) {
        expect(is_word("do"));
        out.block = commands([this] { return is_word("done"); }, false);
        expect(is_word("done"));
    }

    Command function() {
        Command out;
        out.kind = Command::Kind::function;
        out.line = token.line;
        advance();
        out.name = token.plain;
        expect(is(Kind::word) && is_name(token.plain));
        newlines();
        out.block = block(false);
        return out;
    }
};

Reader::Reader(std::string_view text) : state_(std::make_unique<State>(text)) {}
Reader::~Reader() = default;

std::optional<Result<Script>> Reader::next() {
    auto& state = *state_;
    state.newlines();
    if (state.is(Kind::end))
        return std::nullopt;
    Script script;
    // Several commands on one line are read together.
    while (state.good && !state.is(Kind::newline) && !state.is(Kind::end)) {
        script.commands.push_back(state.is_word("function") ? state.function() : state.command());
        if (!state.is(Kind::semicolon) && !state.is(Kind::newline) && !state.is(Kind::end))
            state.fail_here();
        if (state.is(Kind::semicolon))
            state.advance();
    }
    if (state.good)
        return Result<Script>(std::move(script));
    if (!state.is(Kind::newline))
        state.lexer.skip_line();
    state.advance();
    state.good = true;
    state.depth = 0;
    return Result<Script>(fail(ErrorKind::damaged, "line " + std::to_string(state.bad_line),
                               "it is no valid GRUB script"));
}

std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'')
            out += "'\\''";
        else
            out += c;
    }
    return out + "'";
}

} // namespace lifeboat::text::grub
