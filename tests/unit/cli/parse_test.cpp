// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/parse.hpp"

#include "base/text.hpp"
#include "cli/completion.hpp"
#include "cli/exit_code.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

using namespace lifeboat;
using namespace lifeboat::cli;

namespace {

Request request_of(const std::vector<std::string>& arguments) {
    const auto parsed = parse(arguments);
    INFO((parsed ? "" : parsed.error().text()));
    REQUIRE(parsed);
    REQUIRE(parsed->request);
    return *parsed->request;
}

Error error_of(const std::vector<std::string>& arguments) {
    const auto parsed = parse(arguments);
    REQUIRE_FALSE(parsed);
    return parsed.error();
}

} // namespace

TEST_CASE("every command of the contract is understood", "[cli]") {
    CHECK(request_of({"layout", "a", "b"}).disks == std::vector<std::string>{"a", "b"});
    CHECK(request_of({"diagnose", "a", "--json"}).json);
    const auto repair = request_of(
        {"repair", "--only", "win.a,linux.b", "disk", "--dry-run", "--undo", "u", "--json"});
    CHECK(repair.command == Command::repair);
    CHECK(repair.disks == std::vector<std::string>{"disk"});
    CHECK(repair.only == std::vector<std::string>{"win.a", "linux.b"});
    CHECK(repair.dry_run);
    CHECK(repair.undo_file == "u");
    const auto undo = request_of({"undo", "file", "disk1", "disk2"});
    CHECK(undo.file == "file");
    CHECK(undo.disks == std::vector<std::string>{"disk1", "disk2"});
    CHECK(request_of({"explain"}).id.empty());
    CHECK(request_of({"explain", "win.x"}).id == "win.x");
    CHECK(request_of({"cat", "d:1:/x"}).target == "d:1:/x");
    CHECK(request_of({"put", "d:1:/x", "from"}).file == "from");
    CHECK(request_of({"rm", "d:1:/x", "--dry-run"}).dry_run);
    CHECK(request_of({"--version"}).command == Command::version);
}

TEST_CASE("registry commands take a disk, a hive, a key and a value", "[cli]") {
    const auto set = request_of(
        {"registry", "set", "d", "SYSTEM", "Select", "Names", "a", "b", "--type", "multi_sz"});
    CHECK(set.command == Command::registry_set);
    CHECK(set.target == "d");
    CHECK(set.hive == "SYSTEM");
    CHECK(set.key == "Select");
    CHECK(set.value == "Names");
    CHECK(set.data == std::vector<std::string>{"a", "b"});
    CHECK(set.type == "multi_sz");
    CHECK_FALSE(request_of({"registry", "delete", "d", "SYSTEM", "Key"}).has_value);
    const auto value = request_of({"registry", "delete", "d", "SYSTEM", "Key", "@"});
    CHECK(value.has_value);
    CHECK(value.value.empty()); // the default value
    CHECK(request_of({"registry", "list", "d", "BCD"}).key.empty());
    const auto get = request_of({"registry", "get", "d", "SYSTEM", "--disk", "e", "K", "V"});
    CHECK(get.disks == std::vector<std::string>{"e"});
    CHECK(get.value == "V");
}

TEST_CASE("a command line that makes no sense is a usage error in one line", "[cli]") {
    const std::vector<std::vector<std::string>> table = {
        {},
        {"frobnicate"},
        {"diagnose"},
        {"diagnose", "a", "--frobnicate"},
        {"repair", "a", "--all", "--only", "x"},
        {"repair", "a", "--undo"},
        {"layout", "a", "--sector-size", "1000"},
        {"registry"},
        {"registry", "set", "d", "SYSTEM"},
        {"completion", "tcsh"},
        {"undo", "only-a-file"},
    };
    for (const auto& arguments : table) {
        INFO(join(arguments, " "));
        const auto error = error_of(arguments);
        CHECK(error.kind == ErrorKind::usage);
        CHECK(error.text().find('\n') == std::string::npos);
    }
}

TEST_CASE("help is text with success, of the program and of each command", "[cli]") {
    const auto all = parse({"--help"});
    REQUIRE(all);
    CHECK_FALSE(all->request);
    CHECK(all->text.find("Exit codes: 0") != std::string::npos);
    for (const auto& command : command_table()) {
        std::vector<std::string> arguments;
        for (const auto word : split(command.name, ' '))
            arguments.emplace_back(word);
        arguments.emplace_back("--help");
        const auto one = parse(arguments);
        INFO(command.name);
        REQUIRE(one);
        CHECK(one->text.find(command.help) != std::string::npos);
    }
}

TEST_CASE("the man page names every command and every option there is", "[cli]") {
    std::ifstream in(std::string(LIFEBOAT_SOURCE_DIR) + "/docs/lifeboat.1");
    std::string page{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    page.erase(std::remove(page.begin(), page.end(), '\\'), page.end()); // "\-" is a hyphen
    REQUIRE_FALSE(page.empty());
    for (const auto& command : command_table()) {
        INFO(command.name);
        CHECK(page.find("lifeboat " + command.name) != std::string::npos);
        for (const auto& option : command.options) {
            INFO(option.names.front());
            CHECK(page.find(option.names.front()) != std::string::npos);
        }
    }
}

TEST_CASE("each completion script knows every command and option", "[cli]") {
    for (const std::string shell : {"bash", "zsh", "fish"}) {
        const auto script = completion_script(shell, command_table(), {"win.some-finding"});
        INFO(shell);
        CHECK(script.find("win.some-finding") != std::string::npos);
        for (const auto& command : command_table()) {
            const auto last = command.name.substr(command.name.find(' ') + 1);
            INFO(command.name);
            CHECK(script.find(last) != std::string::npos);
            for (const auto& option : command.options) {
                if (option.positional)
                    continue;
                const auto name = option.names.front().substr(shell == "fish" ? 2 : 0);
                INFO(name);
                CHECK(script.find(name) != std::string::npos);
            }
        }
    }
}

TEST_CASE("each kind of error has the exit code of the contract", "[cli]") {
    CHECK(exit_code(ErrorKind::usage) == ExitCode::usage);
    CHECK(exit_code(ErrorKind::refused) == ExitCode::refused);
    CHECK(exit_code(ErrorKind::unsupported) == ExitCode::refused);
    CHECK(exit_code(ErrorKind::damaged) == ExitCode::refused);
    CHECK(exit_code(ErrorKind::not_found) == ExitCode::refused);
    CHECK(exit_code(ErrorKind::io) == ExitCode::failed);
    CHECK(exit_code(ErrorKind::cancelled) == ExitCode::failed);
    CHECK(exit_code(ErrorKind::internal) == ExitCode::failed);
}

TEST_CASE("a diagnosis is healthy only when every question was answered", "[cli]") {
    session::Inspection inspection;
    CHECK(exit_code(inspection) == ExitCode::refused); // no guest at all
    inspection.guests.push_back({});
    CHECK(exit_code(inspection) == ExitCode::done);
    inspection.findings.push_back({});
    CHECK(exit_code(inspection) == ExitCode::done);
    inspection.findings.back().outcome = session::Outcome::could_not_look;
    CHECK(exit_code(inspection) == ExitCode::refused);
    inspection.findings.push_back({});
    inspection.findings.back().outcome = session::Outcome::trouble;
    CHECK(exit_code(inspection) == ExitCode::findings);
    inspection.findings.clear();
    inspection.guests.back().verdict = session::Verdict::refused;
    CHECK(exit_code(inspection) == ExitCode::refused);
}
