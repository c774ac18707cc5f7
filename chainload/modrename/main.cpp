// SPDX-License-Identifier: GPL-2.0-or-later
// modrename RELEASE PLATFORM IN OUT: copies one file of GRUB with the names of the table freed.
#include "files.hpp"
#include "modrename/rename.hpp"

#include <iostream>

namespace {

using namespace lifeboat;

Result<void> run(const std::string& release, const std::string& platform, const std::string& from,
                 const std::string& to) {
    LIFEBOAT_TRY(const Bytes module, chainload::read_file(from));
    const std::string name = from.substr(from.find_last_of('/') + 1);
    LIFEBOAT_TRY(const auto renames, chainload::renames_for(release, platform, name));
    if (renames.empty())
        return fail(ErrorKind::unsupported, from, "nothing of it is in the table for this GRUB",
                    "look at the module, then extend chainload/modrename/table.cpp");
    const auto renamed = chainload::rename_strings(module, renames);
    if (!renamed)
        return fail(renamed.error().in(from));
    return chainload::write_file(to, *renamed);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::cerr << "usage: modrename RELEASE PLATFORM IN OUT\n";
        return 2;
    }
    const auto done = run(argv[1], argv[2], argv[3], argv[4]);
    if (!done) {
        std::cerr << "modrename: " << done.error().text() << "\n";
        return done.error().kind == ErrorKind::io ? 4 : 3;
    }
    return 0;
}
