// SPDX-License-Identifier: GPL-2.0-or-later
// The commands that our GRUB core has (chainload/modules), with the names that chainload/modrename
// gives them, as far as a prediction needs them.
#pragma once

#include "text/grub/run.hpp"

namespace lifeboat::text::grub {

struct Commands {
    using Arguments = std::vector<std::string>;
    using Block = std::shared_ptr<const Script>;
    using Function = bool (*)(Run& run, Arguments& arguments, const Block& block);

    // Null when GRUB has no such command; a function may have the name then.
    [[nodiscard]] static Function find(std::string_view name);
    // Real commands of GRUB that our core has not: they fail there as well.
    [[nodiscard]] static bool known_absent(std::string_view name);

    // Members, because only they may touch a Run.
    static bool set(Run&, Arguments&, const Block&);
    static bool unset(Run&, Arguments&, const Block&);
    static bool export_(Run&, Arguments&, const Block&);
    static bool eval(Run&, Arguments&, const Block&);
    static bool setparams(Run&, Arguments&, const Block&);
    static bool shift(Run&, Arguments&, const Block&);
    static bool break_(Run&, Arguments&, const Block&);
    static bool continue_(Run&, Arguments&, const Block&);
    static bool return_(Run&, Arguments&, const Block&);
    static bool source(Run&, Arguments&, const Block&);
    static bool configfile(Run&, Arguments&, const Block&);
    static bool legacy_source(Run&, Arguments&, const Block&);
    static bool legacy_configfile(Run&, Arguments&, const Block&);
    static bool syslinux_source(Run&, Arguments&, const Block&);
    static bool syslinux_configfile(Run&, Arguments&, const Block&);
    static bool menuentry(Run&, Arguments&, const Block&);
    static bool submenu(Run&, Arguments&, const Block&);
    static bool echo(Run&, Arguments&, const Block&);
    static bool test(Run&, Arguments&, const Block&);
    static bool regexp(Run&, Arguments&, const Block&);
    static bool succeed(Run&, Arguments&, const Block&);
    static bool not_here(Run&, Arguments&, const Block&); // fails
    static bool sleep(Run&, Arguments&, const Block&);

    static bool search_file(Run&, Arguments&, const Block&);
    static bool search_label(Run&, Arguments&, const Block&);
    static bool search_uuid(Run&, Arguments&, const Block&);
    static bool search(Run&, Arguments&, const Block&);
    static bool probe(Run&, Arguments&, const Block&);
    static bool file(Run&, Arguments&, const Block&);
    static bool cpuid(Run&, Arguments&, const Block&);
    static bool smbios(Run&, Arguments&, const Block&);
    static bool read_word(Run&, Arguments&, const Block&);
    static bool load_module(Run&, Arguments&, const Block&);
    static bool load_env(Run&, Arguments&, const Block&);
    static bool unlock(Run&, Arguments&, const Block&);
    static bool ask(Run&, Arguments&, const Block&);

    static bool linux_(Run&, Arguments&, const Block&);
    static bool ramdisk(Run&, Arguments&, const Block&);
    static bool multiboot(Run&, Arguments&, const Block&);
    static bool chainloader(Run&, Arguments&, const Block&);
    static bool ntldr(Run&, Arguments&, const Block&);
    static bool boot(Run&, Arguments&, const Block&);
    static bool halt(Run&, Arguments&, const Block&);
    static bool reboot(Run&, Arguments&, const Block&);
    static bool firmware(Run&, Arguments&, const Block&);

private:
    static bool leave(Run& run, std::string why);
    static bool find_volume(Run& run, const Arguments& hints, const std::string& variable,
                            const std::function<bool(const std::string& device)>& fits);
    static bool find_by(Run& run, Probe what, const std::string& value, const Arguments& hints,
                        const std::string& variable);
    static bool find_file(Run& run, const std::string& path, const Arguments& hints,
                          const std::string& variable);
};

} // namespace lifeboat::text::grub
