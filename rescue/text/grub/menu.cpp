// SPDX-License-Identifier: GPL-2.0-or-later
// Menus: which entry is taken when nobody presses a key. Source: GNU GRUB manual, "default",
// "fallback", "timeout", and what GRUB 2.06 does (a value that begins with digits is a number,
// whatever follows).
#include "text/grub/run.hpp"

#include <optional>

namespace lifeboat::text::grub {

namespace {

constexpr std::size_t kMostEntries = 4096;

int digit_of(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

// The number that `text` begins with, 0x and a leading 0 (octal) known; `text` is left behind it.
std::optional<int> leading_number(std::string_view& text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    int base = 10;
    if (text.size() > 1 && text[0] == '0') {
        base = text[1] == 'x' ? 16 : 8;
        if (base == 16)
            text.remove_prefix(2);
    }
    std::optional<int> out;
    while (!text.empty() && digit_of(text.front()) < base) {
        out = out.value_or(0) * base + digit_of(text.front());
        if (*out > 1'000'000)
            return std::nullopt;
        text.remove_prefix(1);
    }
    return out;
}

// Is `name` what `wanted` says up to a single '>' (">>" is a '>' of the name)?
bool is_entry(std::string_view name, std::string_view wanted) {
    while (!wanted.empty()) {
        if (wanted.front() == '>') {
            if (wanted.size() < 2 || wanted[1] != '>')
                return name.empty();
            wanted.remove_prefix(1);
        }
        if (name.empty() || name.front() != wanted.front())
            return false;
        name.remove_prefix(1);
        wanted.remove_prefix(1);
    }
    return name.empty();
}

// What stands behind the first single '>'.
std::string_view behind_submenu(std::string_view wanted) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i] != '>')
            continue;
        if (i + 1 == wanted.size() || wanted[i + 1] != '>')
            return wanted.substr(i + 1);
        ++i;
    }
    return {};
}

std::string doubled(std::string_view id) {
    std::string out;
    for (const char c : id)
        out.append(c == '>' ? 2 : 1, c);
    return out;
}

} // namespace

int Run::entry_number(std::string_view value) const {
    auto rest = value;
    if (const auto number = leading_number(rest))
        return *number;
    const auto& menu = context().menu;
    for (std::size_t i = 0; i < menu.size(); ++i)
        if (is_entry(menu[i].title, value) || is_entry(menu[i].id, value))
            return static_cast<int>(i);
    return -1;
}

// Takes the first number away from the variable `fallback`.
int Run::next_fallback() {
    const auto value = get("fallback");
    std::string_view rest = value;
    const auto number = leading_number(rest);
    while (!rest.empty() && rest.front() == ' ')
        rest.remove_prefix(1);
    if (!number || rest.empty())
        unset("fallback");
    else
        set("fallback", rest, false);
    return number.value_or(-1);
}

bool Run::add_entry(const Arguments& arguments, std::shared_ptr<const Script> block, bool submenu) {
    MenuEntry entry;
    entry.submenu = submenu;
    entry.source = std::move(block);
    entry.restricted = true;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (word == "--unrestricted")
            entry.restricted = false;
        else if (word == "--class" || word == "--users" || word == "--hotkey" || word == "--source")
            ++i;
        else if (word == "--id")
            entry.id = ++i < arguments.size() ? arguments[i] : std::string();
        else if (word.starts_with("--id="))
            entry.id = word.substr(5);
        else if (word != "--" && !(word.starts_with("--") && word.find('=') != std::string::npos))
            entry.arguments.push_back(word);
    }
    if (entry.arguments.empty() || !entry.source)
        return false;
    entry.title = entry.arguments.front();
    if (entry.id.empty())
        entry.id = entry.title;
    if (context().menu.size() >= kMostEntries)
        return cannot_tell("the menu has too many entries");
    context().menu.push_back(std::move(entry));
    return true;
}

void Run::boot() {
    if (loaded_.kind != Ending::Kind::nothing)
        stop(loaded_.ending);
}

void Run::run_entry(const MenuEntry& entry, bool automatic) {
    if (entry.restricted && !get("superusers").empty()) {
        Ending ending;
        ending.kind = Ending::Kind::waits;
        ending.why = "the entry \"" + entry.title + "\" asks for a password";
        return stop(std::move(ending));
    }
    const auto old_chosen = get("chosen");
    const auto old_default = get("default");
    if (entry.submenu) {
        open_context();
        if (automatic)
            set("timeout", "0", false);
    }
    chosen_.push_back(entry.title);
    set("chosen", (old_chosen.empty() ? "" : old_chosen + ">") + doubled(entry.id), true);
    if (const auto inner = behind_submenu(old_default); !inner.empty())
        set("default", inner, false);
    else
        unset("default");
    scopes_.push_back(entry.arguments);
    (void)execute(*entry.source);
    scopes_.pop_back();
    if (flow_ == Flow::return_)
        flow_ = Flow::go_on;
    if (!stopped())
        boot();
    if (!stopped() && entry.submenu)
        show_menu(automatic);
    if (stopped())
        return;
    if (entry.submenu)
        contexts_.pop_back();
    chosen_.pop_back();
    set("chosen", old_chosen, true);
    set("default", old_default, false);
    unset("timeout");
}

void Run::show_menu(bool automatic) {
    if (stopped() || context().menu.empty())
        return;
    if (++depth_ > 60) {
        cannot_tell("menus within menus without an end");
        return;
    }
    const auto& menu = context().menu;
    const auto number = entry_number(get("default"));
    const auto first = number < 0 || static_cast<std::size_t>(number) >= menu.size()
                           ? 0U
                           : static_cast<std::size_t>(number);
    const auto timeout = get("timeout");
    std::string_view rest = timeout;
    const bool waits = !leading_number(rest);
    Ending ending;
    ending.kind = Ending::Kind::waits;
    ending.why = "a menu waits for a key";
    // At a guest's menu without a timeout we tell what the first press of Enter would do.
    if (waits && (context().ours || key_needed_))
        return stop(std::move(ending));
    key_needed_ = key_needed_ || waits;
    const auto entries = menu; // the entry may change the menu
    run_entry(entries[first], !waits);
    while (!stopped() && !waits) {
        const auto other = next_fallback();
        if (other < 0 || static_cast<std::size_t>(other) >= entries.size())
            break;
        run_entry(entries[static_cast<std::size_t>(other)], true);
    }
    --depth_;
    if (stopped() || automatic)
        return;
    ending.why = "the entry \"" + entries[first].title + "\" starts nothing; the menu comes back";
    stop(std::move(ending));
}

} // namespace lifeboat::text::grub
