// SPDX-License-Identifier: GPL-2.0-or-later
// The language's own commands, and the table of all.
#include "text/grub/commands.hpp"

#include "text/grub/convert.hpp"

#include <algorithm>
#include <array>

namespace lifeboat::text::grub {

namespace {

constexpr std::size_t kMostSaid = 500;

// "2" of `break 2`; 1 without one.
int count_of(const std::vector<std::string>& arguments) {
    if (arguments.empty() || arguments.front().empty() || arguments.front().size() > 3 ||
        arguments.front().find_first_not_of("0123456789") != std::string::npos)
        return 1;
    return std::stoi(arguments.front());
}

} // namespace

Commands::Function Commands::find(std::string_view name) {
    static const std::map<std::string_view, Function> kTable = {
        {"set", set},
        {"unset", unset},
        {"export", export_},
        {"eval", eval},
        {"setparams", setparams},
        {"shift", shift},
        {"break", break_},
        {"continue", continue_},
        {"return", return_},
        {"source", source},
        {".", source},
        {"configfile", configfile},
        {"legacy_source", legacy_source},
        {"legacy_configfile", legacy_configfile},
        {"syslinux_source", syslinux_source},
        {"syslinux_configfile", syslinux_configfile},
        {"menuentry", menuentry},
        {"submenu", submenu},
        {"echo", echo},
        {"test", test},
        {"[", test},
        {"regexp", regexp},
        {"true", succeed},
        {"false", not_here},
        {"sleep", sleep},
        {"search", search},
        {"search.file", search_file},
        {"search.fs_label", search_label},
        {"search.fs_uuid", search_uuid},
        {"probe", probe},
        {"file", file},
        {"cpuid", cpuid},
        {"smbios", smbios},
        {"read_word", read_word},
        {"_nsmod", load_module},
        {"_oad_env", load_env},
        {"_ave_env", succeed},
        {"cryptomount", unlock},
        {"authenticate", ask},
        {"legacy_check_password", ask},
        {"_inux", linux_},
        {"_inux16", linux_},
        {"_nitrd", ramdisk},
        {"_nitrd16", ramdisk},
        {"multiboot", multiboot},
        {"multiboot2", multiboot},
        {"module", succeed},
        {"module2", succeed},
        {"chainloader", chainloader},
        {"ntldr", ntldr},
        {"boot", boot},
        {"halt", halt},
        {"reboot", reboot},
        {"fwsetup", firmware},
        {"exit", firmware},
        // Without any effect on what is booted.
        {"_erminal_input", succeed},
        {"_erminal_output", succeed},
        {"terminfo", succeed},
        {"serial", succeed},
        {"drivemap", succeed},
        {"rmmod", succeed},
        {"password", succeed},
        {"password_pbkdf2", succeed},
        {"legacy_password", succeed},
        {"cat", succeed},
        {"ls", succeed},
        {"clear", succeed},
        {"cls", succeed},
        {"date", succeed},
        {"help", succeed},
    };
    const auto at = kTable.find(name);
    return at == kTable.end() ? nullptr : at->second;
}

bool Commands::known_absent(std::string_view name) {
    static constexpr std::array<std::string_view, 9> kAbsent = {
        "hwmatch", "keystatus", "loopback",   "net_bootp",  "videoinfo",
        "gfxmode", "keymap",    "nativedisk", "background",
    };
    return std::find(kAbsent.begin(), kAbsent.end(), name) != kAbsent.end();
}

bool Commands::set(Run& run, Arguments& arguments, const Block&) {
    if (arguments.empty())
        return true;
    const auto& text = arguments.front();
    const auto equal = text.find('=');
    if (equal == std::string::npos || equal == 0)
        return false;
    run.set(text.substr(0, equal), std::string_view(text).substr(equal + 1), false);
    return true;
}

bool Commands::unset(Run& run, Arguments& arguments, const Block&) {
    for (const auto& name : arguments)
        run.unset(name);
    return !arguments.empty();
}

bool Commands::export_(Run& run, Arguments& arguments, const Block&) {
    for (const auto& name : arguments)
        run.set(name, run.get(name), true);
    return !arguments.empty();
}

bool Commands::eval(Run& run, Arguments& arguments, const Block&) {
    std::string text;
    for (const auto& word : arguments)
        text += (text.empty() ? "" : " ") + word;
    if (++run.depth_ > 60)
        return run.cannot_tell("eval calls itself too deeply");
    const bool good = run.run_text(text, "eval");
    --run.depth_;
    return good;
}

bool Commands::setparams(Run& run, Arguments& arguments, const Block&) {
    run.scopes_.back() = arguments;
    return true;
}

bool Commands::shift(Run& run, Arguments& arguments, const Block&) {
    auto& scope = run.scopes_.back();
    const auto count = static_cast<std::size_t>(count_of(arguments));
    if (count > scope.size())
        return false;
    scope.erase(scope.begin(), scope.begin() + static_cast<std::ptrdiff_t>(count));
    return true;
}

bool Commands::break_(Run& run, Arguments& arguments, const Block&) {
    run.flow_ = Run::Flow::break_;
    run.levels_ = count_of(arguments);
    return true;
}

bool Commands::continue_(Run& run, Arguments& arguments, const Block&) {
    run.flow_ = Run::Flow::continue_;
    run.levels_ = count_of(arguments);
    return true;
}

bool Commands::return_(Run& run, Arguments& arguments, const Block&) {
    run.flow_ = Run::Flow::return_;
    run.return_value_ = arguments.empty() || arguments.front() == "0";
    return run.return_value_;
}

bool Commands::source(Run& run, Arguments& arguments, const Block&) {
    return arguments.size() == 1 && run.run_file(arguments.front(), false);
}

bool Commands::configfile(Run& run, Arguments& arguments, const Block&) {
    return arguments.size() == 1 && run.run_file(arguments.front(), true);
}

// A menu.lst: what stands before the first title runs at once.
bool Commands::legacy_source(Run& run, Arguments& arguments, const Block&) {
    if (arguments.size() != 1)
        return false;
    const auto text = run.read(arguments.front());
    if (!text)
        return false;
    run.files_.push_back(arguments.front());
    const auto menu = legacy_to_script(*text);
    (void)run.run_text(menu.before, arguments.front());
    for (std::size_t i = 0; i < menu.entries.size() && !run.stopped(); ++i) {
        const auto& entry = menu.entries[i];
        auto source = std::make_shared<Script>();
        Reader reader(entry.source);
        while (auto line = reader.next()) {
            if (!*line)
                continue;
            for (auto& command : (*line)->commands)
                source->commands.push_back(std::move(command));
        }
        Arguments title{entry.title};
        // GRUB gives all but the last to the user "legacy".
        if (i + 1 == menu.entries.size())
            title.emplace_back("--unrestricted");
        run.add_entry(title, source, false);
    }
    return run.run_text(menu.after, arguments.front());
}

bool Commands::legacy_configfile(Run& run, Arguments& arguments, const Block& block) {
    run.open_context();
    run.context().ours = false;
    const bool good = legacy_source(run, arguments, block);
    run.show_menu(false);
    if (!run.stopped())
        run.contexts_.pop_back();
    return good;
}

bool Commands::syslinux_source(Run& run, Arguments& arguments, const Block&) {
    if (arguments.size() != 1)
        return false;
    const auto text = run.read(arguments.front());
    if (!text)
        return false;
    run.files_.push_back(arguments.front());
    const auto& name = arguments.front();
    const auto slash = name.rfind('/');
    return run.run_text(
        syslinux_to_script(*text, slash == std::string::npos ? "" : name.substr(0, slash)), name);
}

bool Commands::syslinux_configfile(Run& run, Arguments& arguments, const Block& block) {
    run.open_context();
    run.context().ours = false;
    const bool good = syslinux_source(run, arguments, block);
    run.show_menu(false);
    if (!run.stopped())
        run.contexts_.pop_back();
    return good;
}

bool Commands::menuentry(Run& run, Arguments& arguments, const Block& block) {
    return run.add_entry(arguments, block, false);
}

bool Commands::submenu(Run& run, Arguments& arguments, const Block& block) {
    return run.add_entry(arguments, block, true);
}

bool Commands::echo(Run& run, Arguments& arguments, const Block&) {
    std::string text;
    for (const auto& word : arguments)
        if (word != "-n" && word != "-e")
            text += (text.empty() ? "" : " ") + word;
    if (run.said_.size() < kMostSaid && !text.empty())
        run.said_.push_back(std::move(text));
    return true;
}

bool Commands::test(Run& run, Arguments& arguments, const Block&) {
    if (!arguments.empty() && arguments.back() == "]")
        arguments.pop_back();
    const auto result =
        evaluate_test(arguments, [&](std::string_view name) { return run.stat(name); });
    return result ? *result : run.doubt(result.error().text());
}

// regexp [--set [NUMBER:]NAME]... [--] EXPRESSION TEXT
bool Commands::regexp(Run& run, Arguments& arguments, const Block&) {
    std::vector<std::string> names;
    Arguments rest;
    bool options = true;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto& word = arguments[i];
        if (options && word == "--")
            options = false;
        else if (options && (word == "--set" || word == "-s") && i + 1 < arguments.size())
            names.push_back(arguments[++i]);
        else if (options && word.starts_with("--set="))
            names.push_back(word.substr(6));
        else if (options && word.size() > 1 && word.front() == '-')
            return false; // GRUB takes it for an option it does not know
        else
            rest.push_back(word);
    }
    if (rest.size() != 2)
        return false;
    const auto found = match(rest[0], rest[1]);
    if (!found)
        return run.cannot_tell(found.error().text());
    if (!*found)
        return false;
    for (const auto& name : names) {
        const auto colon = name.find(':');
        const auto number = colon == std::string::npos ? 1 : count_of({name.substr(0, colon)});
        const auto index = static_cast<std::size_t>(number);
        run.set(colon == std::string::npos ? name : name.substr(colon + 1),
                index < (*found)->size() ? (**found)[index] : std::string(), false);
    }
    return true;
}

bool Commands::succeed(Run&, Arguments&, const Block&) { return true; }
bool Commands::not_here(Run&, Arguments&, const Block&) { return false; }

bool Commands::sleep(Run&, Arguments& arguments, const Block&) {
    return std::any_of(arguments.begin(), arguments.end(), [](const std::string& word) {
        return !word.empty() && word.front() >= '0' && word.front() <= '9';
    });
}

} // namespace lifeboat::text::grub
