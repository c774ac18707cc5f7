// SPDX-License-Identifier: GPL-2.0-or-later
// Runs GRUB script as GRUB 2.06 does, on a World, up to the moment at which a kernel or another
// loader would be started, or somebody would have to press a key. What it cannot follow becomes a
// doubt, never a guess. Every resource is bounded: scripts come from guests.
#pragma once

#include "text/grub/script.hpp"
#include "text/grub/world.hpp"

#include <functional>
#include <map>
#include <set>

namespace lifeboat::text::grub {

struct Ending {
    enum class Kind {
        nothing,     // the script came to its end
        linux_,      // a Linux kernel is started
        multiboot,   // a hypervisor or another multiboot kernel
        loader,      // another boot loader: a boot sector, an EFI program, Windows' boot manager
        waits,       // a menu, or a password, waits for a person
        leaves,      // power off, restart, firmware
        cannot_tell, // a limit was reached
    };
    Kind kind = Kind::nothing;
    std::string device, path;         // of the kernel or loader
    std::string line;                 // the kernel's command line, BOOT_IMAGE= included
    std::vector<std::string> ramdisk; // "(hd0,msdos1)/boot/initrd.img"
    std::string why;                  // waits, leaves, cannot_tell
};

struct Call { // of a watched function
    std::string name;
    std::vector<std::string> arguments;
};

struct MenuEntry {
    std::string title, id;
    bool submenu = false;
    bool restricted = false; // only for superusers, when there are any
    std::vector<std::string> arguments;
    std::shared_ptr<const Script> source;
};

class Run {
public:
    // Functions whose calls are recorded, among those that the script defines.
    Run(World& world, std::set<std::string, std::less<>> watched);

    // As Debian's signed GRUB runs it: signed.cpp.
    void under_secure_boot() { signed_ = true; }
    void set(std::string_view name, std::string_view value, bool exported);
    [[nodiscard]] std::string get(std::string_view name) const;
    // Runs the file as GRUB runs its first one, menus included.
    [[nodiscard]] Ending start(std::string_view device, std::string_view path);

    [[nodiscard]] const std::vector<Call>& calls() const { return calls_; }
    [[nodiscard]] const std::vector<std::string>& said() const { return said_; }
    [[nodiscard]] const std::vector<std::string>& doubts() const { return doubts_; }
    // Titles of the menu entries that were chosen, outermost first, and whether a menu without a
    // timeout waits before the last of them.
    [[nodiscard]] const std::vector<std::string>& chosen() const { return chosen_; }
    [[nodiscard]] bool key_needed() const { return key_needed_; }
    // The configuration files that were run, in order, without those of the memory disk.
    [[nodiscard]] const std::vector<std::string>& files() const { return files_; }

private:
    friend struct Commands;
    using Arguments = std::vector<std::string>;
    enum class Flow { go_on, break_, continue_, return_, stop };
    struct Variable {
        std::string value;
        bool exported = false;
    };
    struct Context { // `configfile` and submenus open one: variables that are exported go along
        std::map<std::string, Variable, std::less<>> variables;
        std::vector<MenuEntry> menu;
        bool ours = true; // the menu is made by our own script, not by a guest's
    };
    struct Field { // one word, expanded
        std::string text;
        std::set<std::size_t> patterns; // where * and ? are patterns
    };
    struct Location {
        std::string device, path;
    };
    struct Loaded {
        Ending::Kind kind = Ending::Kind::nothing;
        Ending ending;
    };

    // run.cpp
    bool execute(const Script& script); // true: the last command succeeded
    bool execute(const Command& command);
    bool simple(const Command& command);
    bool call(const std::string& name, const Script& body, Arguments arguments);
    bool run_text(std::string_view text, std::string_view name);
    bool run_file(std::string_view name, bool new_context);
    bool loop(const Command& command);
    bool branches(const Command& command);
    void stop(Ending ending);
    bool cannot_tell(std::string why);
    bool doubt(std::string what); // returns false
    [[nodiscard]] bool spent();
    [[nodiscard]] bool stopped() const { return flow_ == Flow::stop; }
    [[nodiscard]] Context& context() { return contexts_.back(); }
    [[nodiscard]] const Context& context() const { return contexts_.back(); }
    void open_context();
    void unset(std::string_view name);
    [[nodiscard]] Location locate(std::string_view name) const;
    [[nodiscard]] std::optional<FileFacts> stat(std::string_view name);
    [[nodiscard]] std::optional<std::string> read(std::string_view name);

    // menu.cpp
    void show_menu(bool automatic);
    void run_entry(const MenuEntry& entry, bool automatic);
    void boot();
    [[nodiscard]] int entry_number(std::string_view value) const;
    [[nodiscard]] int next_fallback();
    bool add_entry(const Arguments& arguments, std::shared_ptr<const Script> block, bool submenu);

    // signed.cpp: the command that GRUB has under this name, or null.
    using Builtin = bool (*)(Run&, Arguments&, const std::shared_ptr<const Script>&);
    [[nodiscard]] Builtin command(std::string_view name) const;

    // expand.cpp
    [[nodiscard]] Arguments expand(const std::vector<Word>& words);
    void expand(const Word& word, std::vector<Field>& fields);
    [[nodiscard]] Arguments values(const std::string& variable, bool in_quotes) const;
    [[nodiscard]] Arguments glob(const Field& field);

    World& world_;
    std::set<std::string, std::less<>> watched_;
    std::map<std::string, std::shared_ptr<const Script>, std::less<>> functions_;
    std::vector<Context> contexts_;
    std::vector<Arguments> scopes_; // positional parameters
    Flow flow_ = Flow::go_on;
    int levels_ = 0; // of break and continue
    bool return_value_ = true;
    Loaded loaded_;
    Ending ending_;
    int depth_ = 0;
    std::size_t steps_ = 0;
    int status_ = 0;
    bool key_needed_ = false;
    bool signed_ = false;
    bool env_gone_ = false; // the module loadenv was taken out
    std::vector<Call> calls_;
    std::vector<std::string> said_, doubts_, chosen_, files_;
};

// POSIX extended regular expressions as GRUB's `regexp` has them. Nothing: no match; an error for
// an expression that is not one, or that would be too costly.
[[nodiscard]] Result<std::optional<std::vector<std::string>>> match(const std::string& expression,
                                                                    const std::string& text);
// `test` and `[`.
[[nodiscard]] Result<bool>
evaluate_test(const std::vector<std::string>& arguments,
              const std::function<std::optional<FileFacts>(std::string_view)>& stat);

} // namespace lifeboat::text::grub
