// SPDX-License-Identifier: GPL-2.0-or-later
// Every editor of configuration files on the same text.
#include "fuzz/target.hpp"
#include "text/fstab.hpp"
#include "text/grubenv.hpp"
#include "text/inittab.hpp"
#include "text/kernel_args.hpp"
#include "text/lines.hpp"
#include "text/shell_vars.hpp"
#include "text/sites.hpp"
#include "text/upstart.hpp"

#include <filesystem>
#include <fstream>

namespace lifeboat::fuzz {

namespace {

using Sites = std::vector<text::Site> (*)(std::string_view);

void edit(const std::string& file, Sites read) {
    const auto sites = read(file);
    const auto same = text::edit_sites(file, sites, [](text::Arguments&, const text::Site&) {});
    holds(same == file, "an edit that changes nothing changes nothing");
    const auto use = [](text::Arguments& arguments, const text::Site& site) {
        text::use_serial_console(arguments, site.role == text::SiteRole::entry);
    };
    const auto once = text::edit_sites(file, sites, use);
    holds(text::edit_sites(once, read(once), use) == once, "twice is as once");
}

void edit_arguments(std::string_view line) {
    for (const auto quoting : {text::Quoting::plain, text::Quoting::script,
                               text::Quoting::in_double, text::Quoting::in_single})
        for (const bool after_word : {false, true}) {
            text::Arguments arguments(line, quoting, after_word);
            holds(arguments.text() == line, "what is not edited stays");
            for (std::size_t i = 0; i < arguments.size(); ++i)
                static_cast<void>(arguments.value(i));
            static_cast<void>(text::console_state(arguments));
            text::use_serial_console(arguments, true);
            const auto once = arguments.text();
            text::use_serial_console(arguments, true);
            holds(arguments.text() == once, "the console is set once");
        }
}

} // namespace

void run(ByteSpan input) {
    const auto file = to_text(input);
    holds(text::join_lines(text::split_lines(file)) == file, "lines are the text");
    for (const Sites read : {text::grub2_sites, text::grub_legacy_sites, text::bls_sites,
                             text::extlinux_sites, text::cmdline_file_sites})
        edit(file, read);
    edit_arguments(std::string_view(file).substr(0, file.find('\n')));
    for (const auto& entry : text::fstab_entries(file))
        static_cast<void>(text::set_fstab_spec(file, entry.line, "UUID=x"));
    static_cast<void>(text::grubenv_value(file, "kernelopts"));
    if (const auto block = text::set_grubenv_value(file, "kernelopts", "ro console=ttyS0"))
        holds(block->size() == file.size(), "the block keeps its size");
    const auto login = text::with_serial_login(file, {});
    holds(text::with_serial_login(login, {}) == login, "one login is enough");
    for (const auto& one : text::assignments(file))
        holds(one.offset <= file.size() && one.length <= file.size() - one.offset,
              "an assignment lies in its file");
    static_cast<void>(text::append_assignment(file, "GRUB_TERMINAL", "serial console"));
    static_cast<void>(text::upstart_job_for(file, "hvc0", "ttyS0", "/sbin/getty ttyS0"));
    static_cast<void>(text::upstart_is_manual(file));
    static_cast<void>(text::with_securetty(file, "ttyS0"));
    static_cast<void>(text::automagic_value(file, "kopt"));
    static_cast<void>(text::set_automagic_value(file, "kopt", "root=UUID=x ro"));
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> out;
    for (const std::string_view text :
         {"set default=0\nmenuentry 'Linux' --class x {\n\tinsmod ext2\n\tlinux /vmlinuz "
          "root=UUID=1 ro console=hvc0 quiet\n\tinitrd /initrd\n}\nset kernelopts=\"ro a=\\\"b "
          "c\\\"\"\n",
          "default 0\n# kopt=root=/dev/xvda1 ro\n# defoptions=console=hvc0\ntitle Linux\nroot "
          "(hd0,0)\nkernel /vmlinuz root=/dev/xvda1 ro console=xvc0\ninitrd /initrd\n",
          "title x\nlinux /vmlinuz\noptions root=UUID=1 $kernelopts console=hvc0\n",
          "DEFAULT l\nLABEL l\n  KERNEL /vmlinuz\n  APPEND root=/dev/xvda ro console=hvc0\n",
          "GRUB_CMDLINE_LINUX=\"console=hvc0 a='b'\"\nGRUB_TERMINAL=console\nexport A+=b\n",
          "id:2:initdefault:\n1:2345:respawn:/sbin/getty 38400 hvc0\n#T0:23:respawn:/sbin/getty -L "
          "ttyS0 9600 vt100\n",
          "/dev/xvda1 / ext3 defaults 0 1\nUUID=a\\040b /home ext4 noatime 0 2\n",
          "start on stopped rc\nrespawn\npre-start script\n test -e /dev/hvc0\nend script\nexec "
          "/sbin/getty -8 38400 hvc0\n",
          "root=/dev/xvda1 \"a b\" console=hvc0 -- init\\\n"})
        out.push_back(to_bytes(text));
    auto grubenv = std::string("# GRUB Environment Block\nkernelopts=root=x console=hvc0\n");
    grubenv.resize(1024, '#');
    out.push_back(to_bytes(grubenv));
    const auto real = std::filesystem::path(LIFEBOAT_SPECIMENS) / "linux";
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator at(real, error), end; !error && at != end;
         at.increment(error)) {
        if (!at->is_regular_file() || at->file_size() > 32768)
            continue;
        std::ifstream in(at->path(), std::ios::binary);
        out.push_back(to_bytes(std::string(std::istreambuf_iterator<char>(in), {})));
    }
    return out;
}

} // namespace lifeboat::fuzz
