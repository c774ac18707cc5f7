// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/kernel_args.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace lifeboat::text;

namespace {

std::string serial(std::string_view text, bool complete = true, Quoting quoting = Quoting::plain,
                   bool after_word = true) {
    Arguments arguments(text, quoting, after_word);
    use_serial_console(arguments, complete);
    return arguments.text();
}

struct Case {
    const char* before;
    const char* after;
};

} // namespace

TEST_CASE("Xen's consoles become the screen and the serial line") {
    const Case cases[] = {
        {" root=/dev/sda1 ro console=hvc0",
         " root=/dev/sda1 ro console=tty0 console=ttyS0,115200n8"},
        {" console=xvc0 ro", " console=tty0 console=ttyS0,115200n8 ro"},
        {" ro console=hvc0,115200n8", " ro console=tty0 console=ttyS0,115200n8"},
        {" console=tty0 console=hvc0", " console=tty0 console=ttyS0,115200n8"},
        {" console=tty1 console=hvc0 x", " console=tty1 console=ttyS0,115200n8 x"},
        {" console=hvc0 console=tty0", " console=ttyS0,115200n8 console=tty0"},
        {" console=ttyS0 console=hvc0 x", " console=ttyS0 x"},
        {" a console=hvc0 b console=xvc0 c", " a b console=tty0 console=ttyS0,115200n8 c"},
        {" ro", " ro console=tty0 console=ttyS0,115200n8"},
        {"", " console=tty0 console=ttyS0,115200n8"},
        {" console=tty0", " console=tty0 console=ttyS0,115200n8"},
        {"\tro  quiet\t", "\tro  quiet console=tty0 console=ttyS0,115200n8\t"},
        {" ro earlyprintk=xen quiet", " ro quiet console=tty0 console=ttyS0,115200n8"},
        {" ro ide0=noprobe ide1=noprobe hda=noprobe console=ttyS0", " ro console=ttyS0"},
        {" earlyprintk=xen,keep console=ttyS0,9600", " console=ttyS0,9600"},
        {" ro -- console=hvc0", " ro console=tty0 console=ttyS0,115200n8 -- console=hvc0"},
        {" -- single", " console=tty0 console=ttyS0,115200n8 -- single"},
    };
    for (const auto& c : cases) {
        INFO(c.before);
        CHECK(serial(c.before) == c.after);
        CHECK(serial(c.after) == c.after);
    }
}

TEST_CASE("a serial console that is there, or a console chosen on purpose, stays as it is") {
    for (const std::string text :
         {" ro console=ttyS0", " console=ttyS0,9600n8 console=tty0", " console=ttyS1,57600",
          " console=null", " console=ttyAMA0", " netconsole=@/,@10.0.0.1/ console=ttyUSB0"})
        CHECK(serial(text) == text);
}

TEST_CASE("words that only look like Xen's consoles are left alone") {
    CHECK(serial(" xconsole=hvc0 consoles=hvc0 console=hvc", false) ==
          " xconsole=hvc0 consoles=hvc0 console=hvc");
    CHECK(serial(" module=\"a console=hvc0 b\" earlyprintk=xenon", false) ==
          " module=\"a console=hvc0 b\" earlyprintk=xenon");
}

TEST_CASE("a part of a command line is repaired but not completed") {
    CHECK(serial(" quiet splash", false) == " quiet splash");
    CHECK(serial(" quiet console=hvc0", false) == " quiet console=tty0 console=ttyS0,115200n8");
}

TEST_CASE("quotes of GRUB scripts and shells are understood") {
    CHECK(serial(" 'console=hvc0' \"dyndbg=file x +p\"", true, Quoting::script) ==
          " console=tty0 console=ttyS0,115200n8 \"dyndbg=file x +p\"");
    CHECK(serial(" a=\\\"x\\ y\\\" ro \\\n   quiet", true, Quoting::script) ==
          " a=\\\"x\\ y\\\" ro \\\n   quiet console=tty0 console=ttyS0,115200n8");
    CHECK(serial("dyndbg=\\\"file a\\\" console=hvc0", true, Quoting::in_double, false) ==
          "dyndbg=\\\"file a\\\" console=tty0 console=ttyS0,115200n8");
    CHECK(serial("", true, Quoting::in_double, false) == "console=tty0 console=ttyS0,115200n8");
}

TEST_CASE("values are read without the quotes of the file format") {
    const Arguments arguments(" \"root=/dev/sda1\" x='a b' root=LABEL=y", Quoting::script, true);
    REQUIRE(arguments.size() == 3);
    CHECK(arguments.value(0) == "root=/dev/sda1");
    CHECK(arguments.value(1) == "x=a b");
    CHECK(arguments.last("root") == "LABEL=y");
    CHECK(arguments.find("root").size() == 2);
    CHECK(!arguments.last("roo"));
}

TEST_CASE("the kernel's console state is told apart") {
    const auto state = [](const char* text) {
        return console_state(Arguments(text, Quoting::plain, true));
    };
    CHECK(state(" console=tty0 console=hvc0").xen_last);
    CHECK(!state(" console=hvc0 console=tty0").xen_last);
    CHECK(state(" console=ttyS1").serial);
    CHECK(!state(" console=ttyS").serial);
    CHECK(state(" console=tty12").screen);
    CHECK(!state(" quiet").any());
    CHECK(state(" hdc=noprobe ide9=noprobe hdcd=noprobe").debris.size() == 2);
}

TEST_CASE("the console is set once, also on the arguments that were just changed") {
    for (const std::string_view line :
         {"ro quiet", "console=hvc0 ro", "ro console=tty0", "-- init"}) {
        Arguments arguments(line, Quoting::plain, false);
        CHECK(use_serial_console(arguments, true));
        const auto once = arguments.text();
        CHECK_FALSE(use_serial_console(arguments, true));
        CHECK(arguments.text() == once);
    }
}
