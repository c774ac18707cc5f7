// SPDX-License-Identifier: GPL-2.0-or-later
#include "gui/arguments.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace lifeboat::gui {

namespace {

std::optional<int> number_of(std::string_view text, int least, int most) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
        return std::nullopt;
    return value;
}

bool parse_size(std::string_view text, Arguments& out) {
    const auto x = text.find('x');
    if (x == std::string_view::npos)
        return false;
    const auto width = number_of(text.substr(0, x), 640, 8192);
    const auto height = number_of(text.substr(x + 1), 480, 8192);
    if (!width || !height)
        return false;
    out.width = *width;
    out.height = *height;
    return true;
}

bool take_value(std::string_view name, std::string_view value, Arguments& out) {
    if (value.empty())
        return false;
    if (name == "--size")
        return parse_size(value, out);
    if (name == "--wait") {
        const auto seconds = number_of(value, 0, 600);
        out.wait_seconds = seconds.value_or(0);
        return seconds.has_value();
    }
    if (name == "--undo-folder")
        out.undo_folder = value;
    else if (name == "--markers")
        out.markers = value;
    else
        out.screenshot = value;
    return true;
}

constexpr std::string_view kWithValue[] = {"--size", "--wait", "--undo-folder", "--markers",
                                           "--screenshot"};

} // namespace

Result<Arguments> parse_arguments(std::span<const std::string_view> words) {
    Arguments out;
    bool only_disks = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto word = words[i];
        if (only_disks || !word.starts_with("-")) {
            out.disks.emplace_back(word);
        } else if (word == "--") {
            only_disks = true;
        } else if (word == "--help" || word == "-h") {
            out.help = true;
        } else if (word == "--high-contrast") {
            out.high_contrast = true;
        } else if (std::find(std::begin(kWithValue), std::end(kWithValue), word) !=
                   std::end(kWithValue)) {
            if (i + 1 == words.size() || !take_value(word, words[i + 1], out))
                return fail(ErrorKind::usage, std::string(word),
                            "it needs a value that makes sense", "see lifeboat-screen --help");
            ++i;
        } else {
            return fail(ErrorKind::usage, std::string(word), "there is no such option",
                        "see lifeboat-screen --help");
        }
    }
    return out;
}

std::string_view help_text() {
    return "lifeboat-screen [OPTIONS] [DISK...]\n"
           "Lifeboat on a graphical console, without X. DISK: block devices or images; without "
           "any,\n"
           "all disks of this machine.\n"
           "\n"
           "  --undo-folder DIR   where undo files go (/run/lifeboat/undo)\n"
           "  --high-contrast     start with the high-contrast colours\n"
           "  --wait SECONDS      how long to wait for a display to appear (5)\n"
           "  --markers FILE      write what happens, line by line, also to FILE\n"
           "  --screenshot FILE   no console: look at the disks, draw the screen to a PPM file, "
           "end\n"
           "  --size WxH          size of the screenshot (1024x768)\n"
           "\n"
           "Exit codes: 0 ended as asked, 2 usage, 3 no display, 4 other trouble.\n";
}

} // namespace lifeboat::gui
