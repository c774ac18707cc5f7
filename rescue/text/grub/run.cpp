// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/grub/run.hpp"

#include "text/grub/commands.hpp"

#include <algorithm>

namespace lifeboat::text::grub {

namespace {

constexpr std::size_t kMostSteps = 400'000; // a guest with 400 menu entries needs some thousands
constexpr int kDeepest = 60;                // functions, files and menus within each other
constexpr std::size_t kMostRecords = 4096;  // of calls, messages and doubts
constexpr std::size_t kLongestValue = 64U << 10;

template <class T> void record(std::vector<T>& list, T item) {
    if (list.size() < kMostRecords)
        list.push_back(std::move(item));
}

} // namespace

Run::Run(World& world, std::set<std::string, std::less<>> watched)
    : world_(world), watched_(std::move(watched)), contexts_(1), scopes_(1) {}

void Run::set(std::string_view name, std::string_view value, bool exported) {
    if (value.size() > kLongestValue) {
        cannot_tell("the value of " + std::string(name) + " is too long");
        return;
    }
    // GRUB takes the brackets away from the name of a device.
    if (name == "root" && value.size() > 1 && value.front() == '(' && value.back() == ')')
        value = value.substr(1, value.size() - 2);
    auto& variable = context().variables[std::string(name)];
    variable.value = value;
    variable.exported = variable.exported || exported;
}

void Run::unset(std::string_view name) {
    const auto at = context().variables.find(name);
    if (at != context().variables.end())
        context().variables.erase(at);
}

std::string Run::get(std::string_view name) const {
    const auto at = context().variables.find(name);
    return at == context().variables.end() ? std::string() : at->second.value;
}

void Run::open_context() {
    Context next;
    next.ours = context().ours;
    for (const auto& [name, variable] : context().variables)
        if (variable.exported)
            next.variables.emplace(name, variable);
    contexts_.push_back(std::move(next));
}

void Run::stop(Ending ending) {
    if (stopped())
        return;
    ending_ = std::move(ending);
    flow_ = Flow::stop;
}

bool Run::cannot_tell(std::string why) {
    Ending ending;
    ending.kind = Ending::Kind::cannot_tell;
    ending.why = std::move(why);
    stop(std::move(ending));
    return false;
}

bool Run::doubt(std::string what) {
    if (std::find(doubts_.begin(), doubts_.end(), what) == doubts_.end())
        record(doubts_, std::move(what));
    return false;
}

bool Run::spent() {
    if (++steps_ > kMostSteps)
        cannot_tell("the configuration has too many steps");
    return stopped();
}

// "(hd0,1)/path", or a path on $root.
Run::Location Run::locate(std::string_view name) const {
    if (name.empty() || name.front() != '(')
        return {get("root"), std::string(name)};
    const auto close = name.find(')');
    if (close == std::string_view::npos)
        return {};
    return {std::string(name.substr(1, close - 1)), std::string(name.substr(close + 1))};
}

std::optional<FileFacts> Run::stat(std::string_view name) {
    const auto place = locate(name);
    if (place.path.empty() || place.path.front() != '/')
        return std::nullopt;
    return world_.stat(place.device, place.path);
}

std::optional<std::string> Run::read(std::string_view name) {
    const auto place = locate(name);
    if (place.path.empty() || place.path.front() != '/')
        return std::nullopt;
    return world_.read(place.device, place.path);
}

bool Run::execute(const Script& script) {
    bool good = true;
    for (const auto& command : script.commands) {
        if (flow_ != Flow::go_on)
            break;
        good = execute(command);
        status_ = good ? 0 : 1;
    }
    return good;
}

bool Run::execute(const Command& command) {
    if (spent())
        return false;
    switch (command.kind) {
    case Command::Kind::simple: return simple(command);
    case Command::Kind::if_: return branches(command);
    case Command::Kind::for_:
    case Command::Kind::while_:
    case Command::Kind::until: return loop(command);
    case Command::Kind::function: functions_[command.name] = command.block; return true;
    }
    return false;
}

bool Run::branches(const Command& command) {
    for (const auto& branch : command.branches) {
        if (!branch.condition || execute(*branch.condition))
            return flow_ == Flow::go_on ? execute(*branch.body) : false;
        if (flow_ != Flow::go_on)
            return false;
    }
    return true;
}

bool Run::loop(const Command& command) {
    bool good = true;
    // False when the loop is over; a break or continue for an outer loop stays.
    const auto round = [&] {
        good = execute(*command.block);
        if (flow_ != Flow::break_ && flow_ != Flow::continue_)
            return flow_ == Flow::go_on;
        if (--levels_ > 0)
            return false;
        const bool again = flow_ == Flow::continue_;
        flow_ = Flow::go_on;
        return again;
    };
    if (command.kind == Command::Kind::for_) {
        for (const auto& value : expand(command.words)) {
            if (spent())
                return false;
            set(command.name, value, false);
            if (!round())
                break;
        }
        return good;
    }
    const bool until = command.kind == Command::Kind::until;
    while (!spent() && execute(*command.branches.front().condition) != until)
        if (flow_ != Flow::go_on || !round())
            break;
    return good;
}

bool Run::call(const std::string& name, const Script& body, Arguments arguments) {
    if (depth_ >= kDeepest)
        return cannot_tell("functions or files call each other too deeply");
    if (watched_.count(name) != 0)
        record(calls_, Call{name, arguments});
    ++depth_;
    scopes_.push_back(std::move(arguments));
    return_value_ = true;
    bool good = execute(body);
    scopes_.pop_back();
    --depth_;
    if (flow_ == Flow::return_) {
        flow_ = Flow::go_on;
        good = return_value_;
    }
    return good;
}

bool Run::simple(const Command& command) {
    auto words = expand(command.words);
    if (stopped() || words.empty())
        return false;
    bool invert = false;
    if (words.front() == "!" && words.size() > 1) {
        invert = true;
        words.erase(words.begin());
    }
    const auto name = words.front();
    words.erase(words.begin());
    bool good = false;
    // A command first, a function only when no command has the name: docs/external-bootloader.md.
    if (signed_ && name == "rmmod" && !words.empty() && words.front() == "loadenv")
        env_gone_ = true;
    if (const auto builtin = this->command(name)) {
        good = builtin(*this, words, command.block);
    } else if (const auto function = functions_.find(name); function != functions_.end()) {
        const auto body = function->second; // it may be defined anew while it runs
        good = call(name, *body, std::move(words));
    } else if (const auto equal = name.find('='); equal != std::string::npos && equal > 0) {
        set(name.substr(0, equal), std::string_view(name).substr(equal + 1), false);
        good = true;
    } else if (!Commands::known_absent(name)) {
        doubt("the command " + name + " is not known here");
    }
    return invert ? !good && !stopped() : good;
}

bool Run::run_text(std::string_view text, std::string_view name) {
    Reader reader(text);
    bool good = true;
    while (flow_ == Flow::go_on) {
        const auto line = reader.next();
        if (!line)
            break;
        if (*line)
            good = execute(**line);
        else
            good = doubt(std::string(name) + ", " + line->error().where +
                         ": GRUB will complain about this line and go on");
    }
    return good;
}

// `configfile` (a new context, whose menu is then shown) and `source`.
bool Run::run_file(std::string_view name, bool new_context) {
    const auto text = read(name);
    if (!text)
        return false;
    if (depth_ >= kDeepest)
        return cannot_tell("functions or files call each other too deeply");
    ++depth_;
    const auto place = locate(name);
    const auto full = "(" + place.device + ")" + place.path;
    const bool ours = place.device == "memdisk";
    if (!ours)
        record(files_, full);
    if (new_context) {
        open_context();
        context().ours = ours;
    }
    const auto old_file = get("config_file");
    const auto old_directory = get("config_directory");
    set("config_file", full, true);
    set("config_directory", full.substr(0, full.rfind('/')), true);
    bool good = run_text(*text, full);
    if (flow_ == Flow::return_)
        flow_ = Flow::go_on;
    if (!stopped()) {
        set("config_file", old_file, true);
        set("config_directory", old_directory, true);
    }
    if (new_context) {
        show_menu(false);
        if (!stopped())
            contexts_.pop_back();
    }
    --depth_;
    return good;
}

Ending Run::start(std::string_view device, std::string_view path) {
    const auto name = "(" + std::string(device) + ")" + std::string(path);
    if (!run_file(name, false) && !stopped() && !stat(name))
        cannot_tell(name + " is not there");
    show_menu(false);
    return ending_;
}

} // namespace lifeboat::text::grub
