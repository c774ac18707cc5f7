// SPDX-License-Identifier: GPL-2.0-or-later
#include "init/options.hpp"

#include "base/text.hpp"

namespace lifeboat::bootmedia {

Options parse_command_line(std::string_view command_line) {
    Options options;
    for (const char separator : {'\n', '\t'}) {
        // A boot loader may leave other white space than blanks.
        if (command_line.find(separator) != std::string_view::npos) {
            std::string clean(command_line);
            for (char& c : clean)
                c = c == '\n' || c == '\t' ? ' ' : c;
            return parse_command_line(clean);
        }
    }
    constexpr std::string_view kRun = "lifeboat.run=";
    for (const std::string_view word : split_nonempty(command_line, ' ')) {
        if (word == "nomodeset" || word == "lifeboat.safe") {
            options.no_graphics_drivers = true;
        } else if (word == "lifeboat.shell") {
            options.shell = true;
        } else if (word == "lifeboat.text") {
            options.text = true;
        } else if (word.substr(0, kRun.size()) == kRun) {
            options.run = word.substr(kRun.size());
        } else if (word.substr(0, 9) == "lifeboat.") {
            options.unknown.emplace_back(word);
        }
    }
    return options;
}

std::optional<Verb> verb_arguments(std::string_view verb) {
    if (verb == "layout")
        return Verb{{"layout"}, false};
    if (verb == "diagnose")
        return Verb{{"diagnose", "--json"}, false};
    if (verb == "preview")
        return Verb{{"repair", "--all", "--dry-run", "--json"}, false};
    if (verb == "repair")
        return Verb{{"repair", "--all", "--json", "--undo", "/run/lifeboat/undo-file"}, true};
    return std::nullopt;
}

} // namespace lifeboat::bootmedia
