// SPDX-License-Identifier: GPL-2.0-or-later
// Commands that ask the machine, and those that start something.
#include "text/grub/commands.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lifeboat::text::grub {

namespace {

constexpr std::string_view kEnvironment = "# GRUB Environment Block\n";

std::string without_brackets(std::string_view device) {
    if (device.size() > 1 && device.front() == '(' && device.back() == ')')
        device = device.substr(1, device.size() - 2);
    return std::string(device);
}

// GRUB's "hd0,1" and "hd0,msdos1" are the same partition.
std::string known_device(World& world, std::string_view name) {
    const auto plain = without_brackets(name);
    for (const auto& device : world.devices()) {
        if (device == plain)
            return device;
        const auto comma = plain.find(',');
        if (comma == std::string::npos || device.compare(0, comma + 1, plain, 0, comma + 1) != 0)
            continue;
        const auto number = device.find_first_of("0123456789", comma);
        if (number != std::string::npos && device.substr(number) == plain.substr(comma + 1))
            return device;
    }
    return {};
}

// How GRUB writes words into a kernel's command line.
std::string kernel_word(std::string_view word) {
    std::string out;
    for (const char c : word) {
        if (c == '\\' || c == '\'' || c == '"')
            out += '\\';
        out += c;
    }
    return word.find(' ') == std::string_view::npos ? out : "\"" + out + "\"";
}

} // namespace

bool Commands::find_volume(Run& run, const Arguments& hints, const std::string& variable,
                           const std::function<bool(const std::string& device)>& fits) {
    Arguments order;
    for (const auto& hint : hints)
        if (auto device = known_device(run.world_, hint); !device.empty())
            order.push_back(std::move(device));
    for (auto& device : run.world_.devices())
        order.push_back(std::move(device));
    for (const auto& device : order) {
        if (run.spent())
            return false;
        if (!fits(device))
            continue;
        run.set(variable.empty() ? "root" : variable, device, false);
        return true;
    }
    return false;
}

bool Commands::find_by(Run& run, Probe what, const std::string& value, const Arguments& hints,
                       const std::string& variable) {
    return !value.empty() && find_volume(run, hints, variable, [&](const std::string& device) {
        const auto found = run.world_.probe(device, what);
        return what == Probe::fs_uuid ? iequals(found, value) : found == value;
    });
}

bool Commands::find_file(Run& run, const std::string& path, const Arguments& hints,
                         const std::string& variable) {
    return !path.empty() && path.front() == '/' &&
           find_volume(run, hints, variable, [&](const std::string& device) {
               return run.world_.stat(device, path).has_value();
           });
}

bool Commands::search_file(Run& run, Arguments& arguments, const Block&) {
    if (arguments.empty())
        return false;
    const Arguments hints(arguments.begin() + std::min<std::ptrdiff_t>(2, std::ssize(arguments)),
                          arguments.end());
    return find_file(run, arguments[0], hints, arguments.size() > 1 ? arguments[1] : "");
}

bool Commands::search_label(Run& run, Arguments& arguments, const Block&) {
    if (arguments.empty())
        return false;
    const Arguments hints(arguments.begin() + std::min<std::ptrdiff_t>(2, std::ssize(arguments)),
                          arguments.end());
    return find_by(run, Probe::label, arguments[0], hints,
                   arguments.size() > 1 ? arguments[1] : "");
}

bool Commands::search_uuid(Run& run, Arguments& arguments, const Block&) {
    if (arguments.empty())
        return false;
    const Arguments hints(arguments.begin() + std::min<std::ptrdiff_t>(2, std::ssize(arguments)),
                          arguments.end());
    return find_by(run, Probe::fs_uuid, arguments[0], hints,
                   arguments.size() > 1 ? arguments[1] : "");
}

bool Commands::search(Run& run, Arguments& arguments, const Block&) {
    char what = '\0';
    std::string variable = "root";
    Arguments hints;
    Arguments names;
    for (const auto& word : arguments) {
        if (word == "--file" || word == "-f")
            what = 'f';
        else if (word == "--label" || word == "-l")
            what = 'l';
        else if (word == "--fs-uuid" || word == "-u")
            what = 'u';
        else if (word.starts_with("--set="))
            variable = word.substr(6);
        else if (word.starts_with("--hint=") || word.starts_with("--hint-bios=") ||
                 word.starts_with("--hint-efi=") || word.starts_with("--hint-baremetal="))
            hints.push_back(word.substr(word.find('=') + 1));
        else if (!word.starts_with("-"))
            names.push_back(word);
    }
    if (names.empty())
        return false;
    hints.insert(hints.end(), names.begin() + 1, names.end());
    if (what == 'u')
        return find_by(run, Probe::fs_uuid, names.front(), hints, variable);
    if (what == 'l')
        return find_by(run, Probe::label, names.front(), hints, variable);
    return what == 'f' && find_file(run, names.front(), hints, variable);
}

bool Commands::probe(Run& run, Arguments& arguments, const Block&) {
    std::optional<Probe> what;
    std::string variable;
    std::string device;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto& word = arguments[i];
        if (word == "--fs-uuid" || word == "-u")
            what = Probe::fs_uuid;
        else if (word == "--part-uuid")
            what = Probe::part_uuid;
        else if (word == "--label" || word == "-l")
            what = Probe::label;
        else if (word == "--fs" || word == "-f")
            what = Probe::fs;
        else if (word == "--set" || word == "-s")
            variable = ++i < arguments.size() ? arguments[i] : "";
        else if (word.starts_with("--set="))
            variable = word.substr(6);
        else if (!word.starts_with("-"))
            device = word;
    }
    const auto known = known_device(run.world_, device);
    if (known.empty())
        return false;
    if (!what)
        return run.doubt("probe is asked for something that is not known here");
    const auto value = run.world_.probe(known, *what);
    if (value.empty())
        return false;
    if (!variable.empty())
        run.set(variable, value, false);
    return true;
}

bool Commands::file(Run& run, Arguments& arguments, const Block&) {
    if (arguments.size() != 2)
        return run.doubt("file is used in a way that is not known here");
    const auto place = run.locate(arguments[1]);
    const auto kind = run.world_.kernel(place.device, place.path);
    if (arguments[0] == "--is-x86-linux")
        return kind == KernelKind::linux_;
    if (arguments[0] == "--is-x86_64-xen-domu")
        return kind == KernelKind::xen_x86_64;
    if (arguments[0] == "--is-i386-xen-pae-domu")
        return kind == KernelKind::xen_i386;
    return run.doubt("file " + arguments[0] + " is not known here");
}

// Every machine that is sold has a 64-bit processor.
bool Commands::cpuid(Run&, Arguments&, const Block&) { return true; }

// The structures: 1 the machine, 2 the OEM strings when there are any, then the end of the table.
bool Commands::smbios(Run& run, Arguments& arguments, const Block&) {
    std::string variable;
    std::string index;
    bool text = false;
    for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
        if (arguments[i] == "--set" || arguments[i] == "-v")
            variable = arguments[i + 1];
        else if (arguments[i] == "--match" || arguments[i] == "-m")
            index = arguments[i + 1];
        else if (arguments[i] == "--get-string" || arguments[i] == "-s")
            text = true;
    }
    const auto strings = run.world_.oem_strings();
    if (index == "1")
        run.set(variable, text ? run.world_.manufacturer() : "1", false);
    else if (index == "2" && !strings.empty())
        run.set(variable, text ? strings.back() : "11", false);
    else if (!text)
        run.set(variable, "127", false);
    return true;
}

// The BIOS data area: a serial line is there.
bool Commands::read_word(Run& run, Arguments& arguments, const Block&) {
    if (arguments.size() == 3 && arguments[0] == "-v")
        run.set(arguments[1], "3f8", false);
    return true;
}

bool Commands::load_module(Run& run, Arguments& arguments, const Block&) {
    for (const auto& name : arguments)
        run.world_.load_module(name);
    return true;
}

// load_env [--file FILE] [--skip-sig] [NAMES...]
bool Commands::load_env(Run& run, Arguments& arguments, const Block&) {
    std::string file = run.get("prefix") + "/grubenv";
    std::set<std::string, std::less<>> names;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if ((arguments[i] == "-f" || arguments[i] == "--file") && i + 1 < arguments.size())
            file = arguments[++i];
        else if (arguments[i].starts_with("--file="))
            file = arguments[i].substr(7);
        else if (!arguments[i].starts_with("-"))
            names.insert(arguments[i]);
    }
    const auto content = run.read(file);
    if (!content || !content->starts_with(kEnvironment))
        return false;
    for (std::size_t at = kEnvironment.size(); at < content->size();) {
        std::string line;
        for (; at < content->size() && (*content)[at] != '\n'; ++at) {
            if ((*content)[at] == '\\' && at + 1 < content->size())
                ++at;
            line += (*content)[at];
        }
        ++at;
        const auto equal = line.find('=');
        if (line.starts_with("#") || equal == std::string::npos)
            continue;
        const auto name = line.substr(0, equal);
        if (names.empty() || names.count(name) != 0)
            run.set(name, std::string_view(line).substr(equal + 1), false);
    }
    return true;
}

bool Commands::unlock(Run& run, Arguments&, const Block&) {
    return run.doubt("what lies in encrypted volumes cannot be seen without the passphrase");
}

bool Commands::ask(Run& run, Arguments&, const Block&) {
    Ending ending;
    ending.kind = Ending::Kind::waits;
    ending.why = "a password is asked for";
    run.stop(std::move(ending));
    return false;
}

bool Commands::linux_(Run& run, Arguments& arguments, const Block&) {
    if (arguments.empty() || !run.stat(arguments.front()))
        return false;
    const auto place = run.locate(arguments.front());
    Run::Loaded loaded;
    loaded.kind = loaded.ending.kind = Ending::Kind::linux_;
    loaded.ending.device = place.device;
    loaded.ending.path = place.path;
    loaded.ending.line = "BOOT_IMAGE=" + kernel_word(arguments.front());
    for (std::size_t i = 1; i < arguments.size(); ++i)
        loaded.ending.line += " " + kernel_word(arguments[i]);
    run.loaded_ = std::move(loaded);
    return true;
}

bool Commands::ramdisk(Run& run, Arguments& arguments, const Block&) {
    if (run.loaded_.kind != Ending::Kind::linux_)
        return false;
    for (const auto& name : arguments)
        if (!name.starts_with("newc:") && !run.stat(name))
            return false;
    run.loaded_.ending.ramdisk = arguments;
    return true;
}

bool Commands::multiboot(Run& run, Arguments& arguments, const Block&) {
    if (arguments.empty() || !run.stat(arguments.front()))
        return false;
    const auto place = run.locate(arguments.front());
    run.loaded_ = {};
    run.loaded_.kind = run.loaded_.ending.kind = Ending::Kind::multiboot;
    run.loaded_.ending.device = place.device;
    run.loaded_.ending.path = place.path;
    return true;
}

// A file, or "+1" for the boot sector of a device.
bool Commands::chainloader(Run& run, Arguments& arguments, const Block&) {
    std::string name;
    for (const auto& word : arguments)
        if (!word.starts_with("-"))
            name = word;
    auto place = run.locate(name);
    if (place.path.find('+') != std::string::npos) {
        place.path.clear();
        place.device = known_device(run.world_, place.device);
        if (place.device.empty())
            return false;
    } else if (name.empty() || !run.stat(name)) {
        return false;
    }
    run.loaded_ = {};
    run.loaded_.kind = run.loaded_.ending.kind = Ending::Kind::loader;
    run.loaded_.ending.device = place.device;
    run.loaded_.ending.path = place.path;
    return true;
}

bool Commands::ntldr(Run& run, Arguments& arguments, const Block& block) {
    return chainloader(run, arguments, block);
}

bool Commands::boot(Run& run, Arguments&, const Block&) {
    run.boot();
    return false;
}

bool Commands::leave(Run& run, std::string why) {
    Ending ending;
    ending.kind = Ending::Kind::leaves;
    ending.why = std::move(why);
    run.stop(std::move(ending));
    return false;
}

bool Commands::halt(Run& run, Arguments&, const Block&) {
    return leave(run, "the machine is powered off");
}
bool Commands::reboot(Run& run, Arguments&, const Block&) {
    return leave(run, "the machine restarts");
}
bool Commands::firmware(Run& run, Arguments&, const Block&) {
    return leave(run, "it goes back to the firmware");
}

} // namespace lifeboat::text::grub
