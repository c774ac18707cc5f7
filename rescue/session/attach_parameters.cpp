// SPDX-License-Identifier: GPL-2.0-or-later
// The parameters of the boot stage; the same names as in chainload/stage/parameters.cfg.
#include "base/text.hpp"
#include "session/attach.hpp"

#include <algorithm>
#include <array>

namespace lifeboat::session {
namespace {

constexpr std::array<std::string_view, 11> kParameters = {"mode",    "entry",   "console", "root",
                                                          "timeout", "rewrite", "lock",    "run",
                                                          "save",    "luks",    "line"};
constexpr std::size_t kMaxValue = 200; // an SMBIOS string is short, and so are ours
constexpr std::size_t kMaxLine = 700;  // but for a whole kernel line; with lifeboat.env below 1 KiB

// The values that a parameter may have; empty: any text that passes `plain`.
std::vector<std::string_view> choices(std::string_view name) {
    if (name == "mode")
        return {"boot", "menu", "rescue"};
    if (name == "root")
        return {"auto", "uuid", "partuuid", "keep"};
    if (name == "rewrite" || name == "save" || name == "luks")
        return {"on", "off"};
    if (name == "lock")
        return {"0", "1"};
    if (name == "run")
        return {"layout", "diagnose", "preview", "repair"};
    return {};
}

// Text that survives SMBIOS, GRUB's script and its environment file: no separator, no quote, no
// variable, nothing that is not printable ASCII.
bool plain(std::string_view text, std::size_t longest) {
    return !text.empty() && text.size() <= longest &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return c >= ' ' && c <= '~' &&
                      std::string_view(";\"'\\$`{}#").find(c) == std::string_view::npos;
           });
}

bool digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool console_name(std::string_view text) {
    const auto name = text.substr(0, text.find(','));
    const auto number = name.find_first_of("0123456789");
    return text == "auto" || text == "keep" ||
           ((name.starts_with("tty") || name.starts_with("hvc")) &&
            number != std::string_view::npos && digits(name.substr(number)));
}

bool value_is_known(std::string_view name, std::string_view value) {
    const auto known = choices(name);
    if (!known.empty())
        return std::find(known.begin(), known.end(), value) != known.end();
    if (name == "timeout")
        return value == "-1" || digits(value);
    if (name == "line") // one word is a name; words are a kernel line
        return value == "auto" || value.find('=') != std::string_view::npos;
    return name != "console" || console_name(value);
}

} // namespace

std::span<const std::string_view> boot_parameter_names() { return kParameters; }

Result<BootParameter> boot_parameter(std::string_view text) {
    const auto equals = text.find('=');
    BootParameter parameter{std::string(text.substr(0, equals)), {}};
    if (equals != std::string_view::npos)
        parameter.value = text.substr(equals + 1);
    if (std::find(kParameters.begin(), kParameters.end(), parameter.name) == kParameters.end())
        return fail(
            ErrorKind::usage, std::string(text), "is not a parameter that is known",
            "one of mode, entry, console, root, timeout, rewrite, lock, run, save, luks, line");
    if (!plain(parameter.value, parameter.name == "line" ? kMaxLine : kMaxValue) ||
        !value_is_known(parameter.name, parameter.value))
        return fail(ErrorKind::usage, std::string(text), "is not a value that is understood",
                    "docs/external-bootloader.md lists them");
    return parameter;
}

std::string oem_string(const std::vector<BootParameter>& parameters) {
    std::vector<std::string> pairs;
    for (const auto& parameter : parameters)
        pairs.push_back(parameter.name + "=" + parameter.value);
    return "lifeboat:" + join(pairs, ";");
}

std::string parameter_file(const std::vector<BootParameter>& parameters) {
    std::string out = "# GRUB Environment Block\n";
    for (const auto& parameter : parameters)
        out += parameter.name + "=" + parameter.value + "\n";
    return out;
}

} // namespace lifeboat::session
