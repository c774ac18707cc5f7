// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/inittab.hpp"

#include "base/text.hpp"
#include "text/lines.hpp"

#include <algorithm>

namespace lifeboat::text {

namespace {

bool numbered(std::string_view name, std::string_view prefix) {
    return name.size() > prefix.size() && name.substr(0, prefix.size()) == prefix &&
           name.find_first_not_of("0123456789", prefix.size()) == std::string_view::npos;
}

std::string_view without_dev(std::string_view word) {
    constexpr std::string_view kDev = "/dev/";
    return word.substr(0, kDev.size()) == kDev ? word.substr(kDev.size()) : word;
}

bool is_terminal(std::string_view word) {
    return word == "console" || numbered(word, "tty") || numbered(word, "ttyS") ||
           is_xen_terminal(word);
}

// Where in `process` the terminal of a getty stands.
std::optional<Word> terminal_word(std::string_view process) {
    const auto parts = words(process);
    if (parts.empty())
        return std::nullopt;
    const auto program = parts[0].in(process);
    const auto slash = program.rfind('/');
    if (program.substr(slash == std::string_view::npos ? 0 : slash + 1).find("getty") ==
        std::string_view::npos)
        return std::nullopt;
    for (std::size_t i = 1; i < parts.size(); ++i)
        if (is_terminal(without_dev(parts[i].in(process))))
            return parts[i];
    return std::nullopt;
}

std::optional<InittabEntry> parse_entry(const std::string& text, std::size_t index) {
    InittabEntry entry;
    entry.line = index;
    std::string_view rest = text;
    if (!rest.empty() && rest[0] == '#') {
        entry.commented = true;
        rest.remove_prefix(1);
    }
    std::string* const fields[] = {&entry.id, &entry.levels, &entry.action};
    for (auto* field : fields) {
        const auto colon = rest.find(':');
        if (colon == std::string_view::npos)
            return std::nullopt;
        *field = std::string(rest.substr(0, colon));
        rest.remove_prefix(colon + 1);
    }
    // A comment that only happens to have colons is not an entry.
    if (entry.commented && (entry.id.find_first_of(" \t#<") != std::string::npos ||
                            entry.action.find_first_of(" \t") != std::string::npos))
        return std::nullopt;
    entry.process = std::string(rest);
    if (const auto word = terminal_word(rest))
        entry.terminal = std::string(without_dev(word->in(rest)));
    return entry;
}

bool gives_login(const InittabEntry& entry) {
    return !entry.commented && !entry.terminal.empty() &&
           (entry.action == "respawn" || entry.action == "askfirst");
}

std::string entry_text(const InittabEntry& entry) {
    return entry.id + ":" + entry.levels + ":" + entry.action + ":" + entry.process;
}

std::string serial_process(const InittabEntry& old, const SerialLogin& how) {
    auto type = how.terminal_type;
    const auto parts = words(old.process);
    if (!parts.empty() && parts.back().in(old.process).substr(0, 2) == "vt")
        type = std::string(parts.back().in(old.process));
    return how.program + " -L ttyS0 115200 " + type;
}

// A file on its way to a serial login.
class Work {
public:
    Work(std::string_view file, const SerialLogin& how)
        : how_(how), lines_(split_lines(file)), entries_(inittab_entries(file)),
          logins_(inittab_logins(file)) {}

    std::string run() {
        for (auto& entry : entries_)
            if (gives_login(entry) && is_xen_terminal(entry.terminal))
                replace_xen(entry);
        if (!logins_.screen)
            uncomment_screen();
        if (!logins_.serial && !(how_.stock_line && uncomment_serial()))
            add_serial();
        return join_lines(lines_);
    }

private:
    void store(const InittabEntry& entry) { lines_[entry.line].text = entry_text(entry); }

    void replace_xen(InittabEntry& entry) {
        if (entry.id == "1" && !logins_.screen) {
            // The first login was moved from the screen to Xen's console: move it back.
            if (const auto word = terminal_word(entry.process))
                entry.process.replace(word->offset, word->length, "tty1");
            logins_.screen = true;
            store(entry);
        } else if (!logins_.serial) {
            entry.process = serial_process(entry, how_);
            if (how_.busybox)
                entry.id = "ttyS0";
            logins_.serial = true;
            store(entry);
        } else {
            lines_[entry.line].text.insert(0, "#");
        }
    }

    void uncomment_screen() {
        for (auto& entry : entries_) {
            if (!entry.commented || entry.terminal != "tty1" || entry.action != "respawn" ||
                id_in_use(entry.id))
                continue;
            entry.commented = false;
            store(entry);
            logins_.screen = true;
            return;
        }
    }

    bool uncomment_serial() {
        for (auto& entry : entries_) {
            if (!entry.commented || entry.terminal != "ttyS0" || entry.action != "respawn" ||
                id_in_use(entry.id))
                continue;
            entry.commented = false;
            entry.process = serial_process(entry, how_);
            store(entry);
            return true;
        }
        return false;
    }

    void add_serial() {
        InittabEntry entry;
        entry.id = how_.busybox ? "ttyS0" : free_id();
        entry.levels = how_.busybox ? "" : how_.levels;
        entry.action = "respawn";
        entry.process = serial_process(entry, how_);
        std::size_t place = lines_.size();
        for (const auto& other : entries_)
            if (!other.commented && !other.terminal.empty())
                place = other.line + 1;
        insert_line(lines_, place, entry_text(entry));
    }

    [[nodiscard]] bool id_in_use(const std::string& id) const {
        return std::any_of(entries_.begin(), entries_.end(), [&id](const InittabEntry& entry) {
            return !entry.commented && entry.id == id;
        });
    }

    [[nodiscard]] std::string free_id() const {
        for (const auto& id : {how_.id, std::string("S0"), std::string("s0"), std::string("ser")})
            if (!id_in_use(id))
                return id;
        for (int number = 0; number < 100; ++number)
            if (auto id = "k" + std::to_string(number); !id_in_use(id))
                return id;
        return "ttyS"; // a hundred lines "k<n>" are nobody's inittab
    }

    const SerialLogin& how_;
    std::vector<Line> lines_;
    std::vector<InittabEntry> entries_;
    Logins logins_;
};

} // namespace

bool is_xen_terminal(std::string_view terminal) {
    return numbered(terminal, "hvc") || numbered(terminal, "xvc");
}

std::vector<InittabEntry> inittab_entries(std::string_view file) {
    std::vector<InittabEntry> entries;
    const auto lines = split_lines(file);
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (auto entry = parse_entry(lines[i].text, i))
            entries.push_back(std::move(*entry));
    return entries;
}

Logins inittab_logins(std::string_view file) {
    Logins logins;
    for (const auto& entry : inittab_entries(file)) {
        if (!gives_login(entry))
            continue;
        if (is_xen_terminal(entry.terminal))
            logins.xen.push_back(entry.terminal);
        else if (entry.terminal == "ttyS0" || entry.terminal == "console")
            logins.serial = true;
        else if (numbered(entry.terminal, "tty"))
            logins.screen = true;
    }
    return logins;
}

std::string with_serial_login(std::string_view file, const SerialLogin& how) {
    return Work(file, how).run();
}

} // namespace lifeboat::text
