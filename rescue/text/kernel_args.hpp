// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel command lines: one editor for all boot-loader files. Every byte that is not part of a
// changed token stays as it is. How Linux splits its command line: Documentation/admin-guide/
// kernel-parameters.rst (blanks outside double quotes; everything after "--" belongs to init).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::text {

// How quotes are written where the command line stands.
enum class Quoting {
    plain,     // menu.lst, BLS, extlinux: a double quote is the kernel's own
    script,    // grub.cfg: '...' and "..." and backslash are GRUB's
    in_double, // inside "..." of a shell or GRUB script: \" is the kernel's quote
    in_single, // inside '...': a double quote is the kernel's own
};

class Arguments {
public:
    // `after_word`: `text` begins right behind a word, as behind the kernel's path.
    Arguments(std::string_view text, Quoting quoting, bool after_word);

    // False when a quote is not closed or a last backslash escapes nothing: whoever reads the line
    // may see it in another way, so nobody should change it.
    [[nodiscard]] bool well_formed() const { return well_formed_; }
    [[nodiscard]] std::size_t size() const { return pieces_.size(); }
    [[nodiscard]] const std::string& raw(std::size_t index) const { return pieces_[index].token; }
    // Without the quotes and backslashes that the file format adds.
    [[nodiscard]] std::string value(std::size_t index) const;
    // Positions of `key=...`, in order. What stands behind "--" is init's and is never returned.
    [[nodiscard]] std::vector<std::size_t> find(std::string_view key) const;
    [[nodiscard]] bool contains(std::string_view token) const;
    // The value of the last `key=`.
    [[nodiscard]] std::optional<std::string> last(std::string_view key) const;
    // One past the last token of the kernel.
    [[nodiscard]] std::size_t kernel_end() const;

    void replace(std::size_t index, std::string_view token);
    void insert(std::size_t index, std::string_view token); // before the token that is there
    void remove(std::size_t index);                         // with the blanks in front of it
    void append(std::string_view token);
    [[nodiscard]] std::string text() const;

private:
    struct Piece {
        std::string blanks; // in front of the token
        std::string token;
    };
    std::vector<Piece> pieces_;
    std::string tail_; // blanks behind the last token
    Quoting quoting_;
    bool after_word_;
    bool well_formed_ = true;
};

inline constexpr std::string_view kSerialConsole = "console=ttyS0,115200n8";
inline constexpr std::string_view kScreenConsole = "console=tty0";

// What a command line says about consoles and about being a guest of Xen.
struct ConsoleState {
    bool xen = false;                // console=hvc0 or xvc0
    bool xen_last = false;           // and it is the last one: /dev/console
    bool serial = false;             // console=ttyS<n>
    bool screen = false;             // console=tty<n>, or console=tty
    bool other = false;              // a console that somebody chose on purpose
    std::vector<std::string> debris; // earlyprintk=xen, ide0=noprobe, ...
    [[nodiscard]] bool any() const { return xen || serial || screen || other; }
};
[[nodiscard]] ConsoleState console_state(const Arguments& arguments);

// hvc0 and xvc0 become the screen and the serial line, Xen's debris goes; with `complete`, a
// command line without any serial console gets one. Nothing is done to a line that is not well
// formed. True when something changed. Doing it twice
// changes nothing the second time.
bool use_serial_console(Arguments& arguments, bool complete);

} // namespace lifeboat::text
