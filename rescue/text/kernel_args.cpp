// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/kernel_args.hpp"

#include "base/text.hpp"

#include <utility>

namespace lifeboat::text {

namespace {

bool starts_with(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

// Blanks of the format; a script may also break the line with a backslash.
std::size_t blank_length(std::string_view text, std::size_t at, Quoting quoting) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        return 1;
    if (quoting != Quoting::script && quoting != Quoting::in_double)
        return 0;
    if (starts_with(text.substr(at), "\\\n"))
        return 2;
    return starts_with(text.substr(at), "\\\r\n") ? 3 : 0;
}

struct Walked {
    std::size_t end = 0;  // one past the token
    bool complete = true; // its quotes are closed
};

// Walks one token; `emit` gets every byte that belongs to its value.
template <class Emit>
Walked walk_token(std::string_view text, std::size_t at, Quoting quoting, Emit emit) {
    char open = 0; // the quote we are in
    bool dangling = false;
    while (at < text.size()) {
        if (open == 0 && blank_length(text, at, quoting) != 0)
            break;
        const char c = text[at];
        dangling = c == '\\' && at + 1 == text.size();
        const bool escapes = quoting == Quoting::script || quoting == Quoting::in_double;
        if (escapes && c == '\\' && open != '\'' && at + 1 < text.size()) {
            const char next = text[at + 1];
            // Inside the shell's double quotes an escaped quote is the kernel's own.
            if (quoting == Quoting::in_double && next == '"')
                open = open == 0 ? '"' : '\0';
            emit(next);
            at += 2;
            continue;
        }
        const bool quote = quoting == Quoting::script ? c == '"' || c == '\'' : c == '"';
        if (quote && (open == 0 || open == c)) {
            open = open == 0 ? c : '\0';
            if (quoting != Quoting::script)
                emit(c);
        } else {
            emit(c);
        }
        ++at;
    }
    return {at, open == 0 && !dangling};
}

bool is_device(std::string_view value, std::string_view name) {
    if (!starts_with(value, name) || value.size() == name.size())
        return false;
    const auto digits = value.substr(name.size(), value.find(',') - name.size());
    return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_xen_console(std::string_view device) {
    return is_device(device, "hvc") || is_device(device, "xvc");
}

// Boot options that only make sense, or only do harm, once Xen is gone: facts from the Xen and
// RHEL 5 PV-on-HVM documentation; "noprobe" hides the emulated IDE disk.
bool is_debris(std::string_view token) {
    const auto equals = token.find('=');
    if (equals == std::string_view::npos)
        return false;
    const auto key = token.substr(0, equals);
    const auto value = token.substr(equals + 1);
    if (key == "earlyprintk")
        return value == "xen" || starts_with(value, "xen,");
    if (value != "noprobe")
        return false;
    if (key.size() == 4 && starts_with(key, "ide"))
        return key[3] >= '0' && key[3] <= '9';
    return key.size() == 3 && starts_with(key, "hd") && key[2] >= 'a' && key[2] <= 'z';
}

constexpr std::string_view kConsole = "console";

std::string_view device_of(std::string_view console_token) {
    return console_token.substr(kConsole.size() + 1);
}

} // namespace

Arguments::Arguments(std::string_view text, Quoting quoting, bool after_word)
    : quoting_(quoting), after_word_(after_word) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto start = at;
        for (std::size_t blank = 0;
             at < text.size() && (blank = blank_length(text, at, quoting)) != 0;)
            at += blank;
        const auto blanks = text.substr(start, at - start);
        const auto [end, complete] = walk_token(text, at, quoting, [](char) {});
        well_formed_ = well_formed_ && complete;
        if (end == at) {
            tail_ = std::string(blanks);
            break;
        }
        pieces_.push_back({std::string(blanks), std::string(text.substr(at, end - at))});
        at = end;
    }
}

std::string Arguments::value(std::size_t index) const {
    std::string result;
    walk_token(pieces_[index].token, 0, quoting_, [&result](char c) { result += c; });
    return result;
}

std::size_t Arguments::kernel_end() const {
    for (std::size_t i = 0; i < pieces_.size(); ++i)
        if (pieces_[i].token == "--" || pieces_[i].token == "---")
            return i;
    return pieces_.size();
}

std::vector<std::size_t> Arguments::find(std::string_view key) const {
    std::vector<std::size_t> found;
    const auto end = kernel_end();
    for (std::size_t i = 0; i < end; ++i) {
        const auto token = value(i);
        if (token.size() > key.size() && token[key.size()] == '=' && starts_with(token, key))
            found.push_back(i);
    }
    return found;
}

bool Arguments::contains(std::string_view token) const {
    for (std::size_t i = 0; i < pieces_.size(); ++i)
        if (value(i) == token)
            return true;
    return false;
}

std::optional<std::string> Arguments::last(std::string_view key) const {
    const auto found = find(key);
    if (found.empty())
        return std::nullopt;
    return value(found.back()).substr(key.size() + 1);
}

void Arguments::replace(std::size_t index, std::string_view token) {
    pieces_[index].token = std::string(token);
}

void Arguments::insert(std::size_t index, std::string_view token) {
    Piece piece{std::move(pieces_[index].blanks), std::string(token)};
    pieces_[index].blanks = " ";
    pieces_.insert(pieces_.begin() + static_cast<std::ptrdiff_t>(index), std::move(piece));
}

void Arguments::remove(std::size_t index) {
    const bool first = index == 0;
    const auto blanks = pieces_[index].blanks;
    pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(index));
    // What follows the first token takes its place, without the gap between the two.
    if (first && !pieces_.empty())
        pieces_[0].blanks = blanks;
}

void Arguments::append(std::string_view token) {
    const auto end = kernel_end();
    const bool lead = end > 0 || after_word_;
    if (end == 0 && !pieces_.empty()) {
        // In front of everything: keep the blanks that were there, and part the two tokens.
        pieces_.insert(pieces_.begin(), {pieces_[0].blanks, std::string(token)});
        pieces_[1].blanks = " ";
        return;
    }
    // An empty text between blanks only ("  ") is kept behind the new token.
    pieces_.insert(pieces_.begin() + static_cast<std::ptrdiff_t>(end),
                   {lead ? " " : "", std::string(token)});
}

std::string Arguments::text() const {
    std::string result;
    for (const auto& piece : pieces_)
        result += piece.blanks + piece.token;
    return result + tail_;
}

ConsoleState console_state(const Arguments& arguments) {
    ConsoleState state;
    for (const auto index : arguments.find(kConsole)) {
        const auto token = arguments.value(index);
        const auto device = device_of(token);
        const bool xen = is_xen_console(device);
        state.xen = state.xen || xen;
        state.xen_last = xen;
        if (is_device(device, "ttyS"))
            state.serial = true;
        else if (device == "tty" || is_device(device, "tty"))
            state.screen = true;
        else if (!xen)
            state.other = true;
    }
    const auto end = arguments.kernel_end();
    for (std::size_t i = 0; i < end; ++i)
        if (auto token = arguments.value(i); is_debris(token))
            state.debris.push_back(std::move(token));
    return state;
}

bool use_serial_console(Arguments& arguments, bool complete) {
    if (!arguments.well_formed())
        return false;
    const auto before = arguments.text();
    auto state = console_state(arguments);
    for (std::size_t i = arguments.kernel_end(); i-- > 0;)
        if (is_debris(arguments.value(i)))
            arguments.remove(i);
    // The last of several Xen consoles is /dev/console: that one keeps its place.
    const auto consoles = arguments.find(kConsole);
    for (auto at = consoles.rbegin(); at != consoles.rend(); ++at) {
        const auto token = arguments.value(*at);
        if (!is_xen_console(device_of(token)))
            continue;
        if (state.serial) {
            arguments.remove(*at);
            continue;
        }
        arguments.replace(*at, kSerialConsole);
        if (!state.screen)
            arguments.insert(*at, kScreenConsole);
        state.serial = state.screen = true;
    }
    if (complete && !state.serial && !state.other) {
        if (!state.screen)
            arguments.append(kScreenConsole);
        arguments.append(kSerialConsole);
    }
    return arguments.text() != before;
}

} // namespace lifeboat::text
