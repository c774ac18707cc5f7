// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/completion.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lifeboat::cli {

namespace {

// What may stand where a positional or the value of an option is wanted.
struct Words {
    bool files = false;
    std::vector<std::string> fixed;
};

Words words_for(std::string_view name, const std::vector<std::string>& findings) {
    if (name == "ID" || name == "--only")
        return {false, findings};
    if (name == "HIVE")
        return {false, {"SYSTEM", "SOFTWARE", "DRIVERS", "BCD", "SAM", "SECURITY", "DEFAULT"}};
    if (name == "SHELL")
        return {false, {"bash", "zsh", "fish"}};
    if (name == "--type")
        return {false, {"sz", "expand_sz", "multi_sz", "dword", "qword", "binary"}};
    if (name == "--sector-size")
        return {false, {"512", "4096"}};
    const bool files = name == "DISK" || name == "FILE" || name == "--undo" || name == "--disk" ||
                       name == "GUEST-FILE";
    return {files, {}};
}

bool is_group(const std::vector<CommandInfo>& commands, const std::string& name) {
    return std::any_of(commands.begin(), commands.end(), [&](const CommandInfo& command) {
        return command.name.starts_with(name + " ");
    });
}

// The names that can follow `prefix` ("" or "registry ").
std::vector<CommandInfo> following(const std::vector<CommandInfo>& commands,
                                   std::string_view prefix) {
    std::vector<CommandInfo> out;
    for (const auto& command : commands) {
        if (!command.name.starts_with(prefix))
            continue;
        auto rest = command.name.substr(prefix.size());
        if (rest.find(' ') == std::string::npos)
            out.push_back({rest, command.help, {}});
    }
    return out;
}

std::string names_of(const std::vector<CommandInfo>& commands) {
    std::vector<std::string> names;
    for (const auto& command : commands)
        names.push_back(command.name);
    return join(names, " ");
}

// In single quotes, for every shell.
std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string bash_words(const Words& words) {
    if (words.files)
        return "COMPREPLY=($(compgen -f -- \"$cur\"))";
    return "COMPREPLY=($(compgen -W '" + join(words.fixed, " ") + "' -- \"$cur\"))";
}

std::string bash_command(const CommandInfo& command, const std::vector<std::string>& findings) {
    std::vector<std::string> options;
    std::string values;
    std::string places;
    std::size_t place = 0;
    for (const auto& option : command.options) {
        if (option.positional) {
            places += "            " + (option.repeats ? "*" : std::to_string(place)) + ") " +
                      bash_words(words_for(option.names.front(), findings)) + " ;;\n";
            ++place;
            continue;
        }
        options.insert(options.end(), option.names.begin(), option.names.end());
        if (option.takes_value)
            values += "            " + option.names.front() + ") " +
                      bash_words(words_for(option.names.front(), findings)) + "; return ;;\n";
    }
    std::string out = "    " + quoted(command.name) + ")\n";
    if (!values.empty())
        out += "        case $prev in\n" + values + "        esac\n";
    out += "        case $cur in\n            -*) COMPREPLY=($(compgen -W '" + join(options, " ") +
           "' -- \"$cur\")); return ;;\n        esac\n";
    if (!places.empty())
        out += "        case $place in\n" + places + "        esac\n";
    return out + "        ;;\n";
}

std::string bash_script(const std::vector<CommandInfo>& commands,
                        const std::vector<std::string>& findings) {
    std::string groups;
    for (const auto& command : commands)
        if (is_group(commands, command.name))
            groups += (groups.empty() ? "" : "|") + command.name;
    std::string out = "# Bash completion for lifeboat, made by: lifeboat completion bash\n"
                      "_lifeboat() {\n"
                      "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                      "    local command= place=0 i word\n"
                      "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                      "        word=${COMP_WORDS[i]}\n"
                      "        case $word in -*) continue ;; esac\n"
                      "        case $command in\n"
                      "            '') command=$word ;;\n"
                      "            " +
                      groups +
                      ") command=\"$command $word\" ;;\n"
                      "            *) ((place++)) ;;\n"
                      "        esac\n"
                      "    done\n"
                      "    COMPREPLY=()\n"
                      "    case $command in\n"
                      "    '') COMPREPLY=($(compgen -W '" +
                      names_of(following(commands, "")) + " --help --version' -- \"$cur\")) ;;\n";
    for (const auto& command : commands) {
        if (is_group(commands, command.name))
            out += "    " + command.name + ") COMPREPLY=($(compgen -W '" +
                   names_of(following(commands, command.name + " ")) + "' -- \"$cur\")) ;;\n";
        else
            out += bash_command(command, findings);
    }
    return out + "    esac\n}\ncomplete -o filenames -F _lifeboat lifeboat\n";
}

std::string zsh_text(std::string_view text) { // what _arguments gives a meaning is escaped
    std::string out;
    for (const char c : text) {
        if (c == ':' || c == '[' || c == ']' || c == '\\')
            out += '\\';
        out += c;
    }
    return out;
}

std::string zsh_action(const Words& words) {
    if (words.files)
        return "_files";
    return words.fixed.empty() ? " " : "(" + join(words.fixed, " ") + ")";
}

std::string zsh_command(const CommandInfo& command, const std::vector<std::string>& findings) {
    std::string out = "        (" + quoted(command.name) + ") _arguments";
    for (const auto& option : command.options) {
        const auto action = zsh_action(words_for(option.names.front(), findings));
        if (option.positional) {
            out += " \\\n            " + quoted((option.repeats ? "*:" : ":") +
                                                zsh_text(option.names.front()) + ":" + action);
            continue;
        }
        for (const auto& name : option.names)
            out += " \\\n            " + quoted(name + "[" + zsh_text(option.help) + "]" +
                                                (option.takes_value ? ":value:" + action : ""));
    }
    return out + " ;;\n";
}

std::string zsh_list(const std::vector<CommandInfo>& commands) {
    std::string out;
    for (const auto& command : commands)
        out += " \\\n            " + quoted(zsh_text(command.name) + ":" + command.help);
    return out;
}

std::string zsh_script(const std::vector<CommandInfo>& commands,
                       const std::vector<std::string>& findings) {
    std::string out = "#compdef lifeboat\n"
                      "# Zsh completion for lifeboat, made by: lifeboat completion zsh\n"
                      "_lifeboat() {\n"
                      "    local command=$words[2]\n"
                      "    local -a names\n"
                      "    if (( CURRENT == 2 )); then\n"
                      "        names=(" +
                      zsh_list(following(commands, "")) +
                      ")\n        _describe command names\n        return\n    fi\n";
    for (const auto& command : commands)
        if (is_group(commands, command.name))
            out += "    if [[ $command == " + command.name +
                   " ]]; then\n        if (( CURRENT == 3 )); then\n            names=(" +
                   zsh_list(following(commands, command.name + " ")) +
                   ")\n            _describe command names\n            return\n        fi\n"
                   "        command=\"$command $words[3]\"\n        shift words\n"
                   "        (( CURRENT-- ))\n    fi\n";
    out += "    shift words\n    (( CURRENT-- ))\n    case $command in\n";
    for (const auto& command : commands)
        if (!is_group(commands, command.name))
            out += zsh_command(command, findings);
    return out + "    esac\n}\n"
                 "if [ \"$funcstack[1]\" = _lifeboat ]; then _lifeboat \"$@\"; "
                 "else compdef _lifeboat lifeboat; fi\n";
}

std::string fish_condition(const std::string& command) {
    std::string out;
    for (const auto word : split(command, ' '))
        out += (out.empty() ? "" : "; and ") + std::string("__fish_seen_subcommand_from ") +
               std::string(word);
    return out;
}

std::string fish_command(const CommandInfo& command, const std::vector<std::string>& findings) {
    const std::string start = "complete -c lifeboat -n " + quoted(fish_condition(command.name));
    std::string out;
    for (const auto& option : command.options) {
        const auto words = words_for(option.names.front(), findings);
        if (option.positional) {
            if (words.files)
                out += start + " -F\n";
            else if (!words.fixed.empty())
                out += start + " -a " + quoted(join(words.fixed, " ")) + "\n";
            continue;
        }
        out += start;
        for (const auto& name : option.names)
            out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        if (option.takes_value)
            out += words.files ? " -r -F" : " -x -a " + quoted(join(words.fixed, " "));
        out += " -d " + quoted(option.help) + "\n";
    }
    return out;
}

std::string fish_script(const std::vector<CommandInfo>& commands,
                        const std::vector<std::string>& findings) {
    std::string out = "# Fish completion for lifeboat, made by: lifeboat completion fish\n"
                      "complete -c lifeboat -f\n";
    for (const auto& command : following(commands, ""))
        out += "complete -c lifeboat -n __fish_use_subcommand -a " + command.name + " -d " +
               quoted(command.help) + "\n";
    for (const auto& command : commands) {
        if (!is_group(commands, command.name)) {
            out += fish_command(command, findings);
            continue;
        }
        const auto inner = following(commands, command.name + " ");
        for (const auto& sub : inner)
            out += "complete -c lifeboat -n " +
                   quoted(fish_condition(command.name) + "; and not __fish_seen_subcommand_from " +
                          names_of(inner)) +
                   " -a " + sub.name + " -d " + quoted(sub.help) + "\n";
    }
    return out;
}

} // namespace

std::string completion_script(std::string_view shell, const std::vector<CommandInfo>& commands,
                              const std::vector<std::string>& findings) {
    if (shell == "zsh")
        return zsh_script(commands, findings);
    return shell == "fish" ? fish_script(commands, findings) : bash_script(commands, findings);
}

} // namespace lifeboat::cli
