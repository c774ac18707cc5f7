// SPDX-License-Identifier: GPL-2.0-or-later
#include "init/headless.hpp"

#include "init/consoles.hpp"
#include "init/options.hpp"
#include "init/services.hpp"
#include "init/system.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace lifeboat::bootmedia {
namespace {

constexpr auto kOutput = "/run/lifeboat/output";
constexpr auto kUndo = "/run/lifeboat/undo-file";
constexpr int kHostPatienceMs = 10000; // how long a host may leave a full port unread
constexpr int kExitUsage = 2;          // exit codes of the command: docs/json.md
constexpr int kExitInternal = 4;

// Sends `text` to a port that the host may read slowly; false when it stopped reading.
bool send(const std::string& device, std::string_view text) {
    const int descriptor = open(device.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0)
        return false;
    while (!text.empty()) {
        pollfd wait = {descriptor, POLLOUT, 0};
        if (poll(&wait, 1, kHostPatienceMs) == 0)
            break;
        const ssize_t count = write(descriptor, text.data(), text.size());
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            break;
        if (count > 0)
            text.remove_prefix(static_cast<std::size_t>(count));
    }
    // What a virtio port has taken is with the host; a serial line needs its time.
    if (text.empty() && device.find("ttyS") != std::string::npos)
        fsync(descriptor);
    close(descriptor);
    return text.empty();
}

std::string result_device() {
    if (auto port = host_port(kResultPort))
        return *port;
    const auto consoles = serial_consoles();
    return consoles.empty() ? "/dev/console" : consoles.front();
}

void hand_over_undo() {
    const auto undo = read_file(kUndo, 256U << 20);
    if (!undo || undo->empty())
        return;
    const auto port = host_port(kUndoPort);
    if (port && send(*port, *undo))
        say("the undo file went to the host");
    else
        say(std::string("the host has no port named ") + kUndoPort +
            " that takes the undo file; it ends with this machine");
}

} // namespace

void run_without_person(std::string_view verb) {
    const std::string device = result_device();
    const auto known = verb_arguments(verb);
    std::string output;
    int code = kExitUsage;
    if (!known) {
        output = "lifeboat.run knows layout, diagnose, preview and repair\n";
    } else {
        std::vector<std::string> arguments = {"/bin/lifeboat"};
        arguments.insert(arguments.end(), known->arguments.begin(), known->arguments.end());
        const auto disks = guest_disks();
        arguments.insert(arguments.end(), disks.begin(), disks.end());
        if (disks.empty()) {
            output = "no disk was found in this machine\n";
            code = kExitInternal;
        } else {
            code = run_and_wait(arguments, kOutput);
            output = read_file(kOutput, 64U << 20).value_or("");
        }
    }
    if (known && known->writes)
        hand_over_undo();
    if (!output.empty() && output.back() != '\n')
        output += '\n';
    const std::string text = "lifeboat-begin " + std::string(known ? verb : "unknown") + "\n" +
                             output + "lifeboat-exit " + std::to_string(code) + "\n";
    if (!send(device, text))
        say("the result could not be handed over to " + device);
}

} // namespace lifeboat::bootmedia
