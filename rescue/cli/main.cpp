// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/run.hpp"

#include <exception>
#include <unistd.h>

int main(int argc, char** argv) {
    using namespace lifeboat::cli;
    Console console(STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO);
    try {
        catch_signals();
        const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
        return run(arguments, console, std::time(nullptr));
    } catch (const std::exception& error) {
        console.complain({lifeboat::ErrorKind::internal, "", error.what(), "please report this"});
        return 4;
    }
}
